use super::super::gate::shape;
use super::super::response::{Answer, SignedIn};
use super::super::{Files, Provider, own_metadata};
use super::idp::*;

const REQUEST: &str = "_request";

type Change = Box<dyn FnOnce(&mut Said)>;

/// What becomes of a document that arrives.
fn outcome(document: &str) -> Result<SignedIn, String> {
    let shaped = shape(&field(document)).map_err(str::to_owned)?;
    match provider().check(shaped, REQUEST, now())? {
        Answer::SignedIn(signed_in) => Ok(*signed_in),
        Answer::Refused(code) => Err(code),
    }
}

fn said(change: impl FnOnce(&mut Said)) -> Said {
    let mut said = Said::to(REQUEST);
    change(&mut said);
    said
}

/// All of them are named, so that one does not hide another.
fn assert_none<T: std::fmt::Debug>(found: impl Iterator<Item = T>) {
    let found: Vec<T> = found.collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn only_the_word_for_it_is_every_pupil() {
    let pupils = |values: &[&str]| {
        let name = "http://localhost:8080/saml/attributes/pupil-scopes";
        let released = values.iter().map(|value| (name.to_owned(), (*value).to_owned()));
        let signed_in = outcome(&said(|said| said.attributes.extend(released)).signed()).unwrap();
        let scopes = signed_in.person.pupil_scopes.clone();
        scopes.map(|scopes| scopes.into_iter().map(|scope| (scope.kind, scope.name)).collect::<Vec<_>>())
    };
    let pair = |kind: &str, name: &str| (kind.to_owned(), name.to_owned());
    assert_eq!(pupils(&[]), None, "nobody said");
    assert_eq!(pupils(&["all"]), Some(vec![]));
    let some = pupils(&["year-group:Year 6", "class:6B"]);
    assert_eq!(some, Some(vec![pair("year-group", "Year 6"), pair("class", "6B")]));
    assert_eq!(pupils(&["all", "class:6B"]), Some(vec![pair("", "all"), pair("class", "6B")]));
    assert_eq!(pupils(&["?"]), Some(vec![pair("", "?")]));
}

#[test]
fn a_response_tells_who_signed_in_and_how() {
    let signed_in = outcome(&said(|said| said.statements = statement(MFA, now() + 3600)).signed()).unwrap();
    let person = &signed_in.person;
    assert_eq!((person.subject.as_str(), signed_in.session_index.as_str()), ("person-1", "index-1"));
    assert_eq!(person.name.as_deref(), Some("Ann <b> Other"));
    assert_eq!(person.groups, ["staff", "incidents-read"]);
    assert_eq!(person.school.as_ref().map(|school| school.id.as_str()), Some("199901"));
    assert!(person.assurance(now()).used_key());
    assert!(!outcome(&Said::to(REQUEST).signed()).unwrap().person.assurance(now()).used_key());
    let resistant = said(|said| said.statements = statement(crate::saml::response::PHISHING_RESISTANT.0, now() + 3600));
    assert!(outcome(&resistant.signed()).unwrap().person.assurance(now()).used_key());
}

#[test]
fn the_response_alone_may_be_signed_but_not_the_assertion_alone() {
    let plain = Said::to(REQUEST);
    let whole = sign(&plain.response(&template("_response", "", ""), &plain.assertion("")), &IDP);
    assert!(outcome(&whole).is_ok());
    let part = plain.response("", &sign(&plain.assertion(&template("_assertion", "", "")), &IDP));
    assert_eq!(outcome(&part).unwrap_err(), "the response is not signed");
    assert_eq!(outcome(&plain.response("", &plain.assertion(""))).unwrap_err(), "the response is not signed");
}

#[test]
fn nothing_that_was_altered_is_believed() {
    let signed = Said::to(REQUEST).signed();
    let alterations = [
        (">staff<", ">incidents-confidential<"),
        (SFA, MFA),
        (">person-1<", ">person-2<"),
        ("SessionIndex=\"index-1\"", "SessionIndex=\"index-2\""),
        ("199901", "199902"),
    ];
    assert!(alterations.iter().all(|(from, _)| signed.contains(from)));
    let believed = alterations.into_iter().filter(|(from, to)| outcome(&signed.replace(from, to)).is_ok());
    assert_none(believed.map(|(from, _)| from));
}

#[test]
fn only_the_pinned_key_signs_whatever_key_comes_along() {
    use base64::Engine as _;
    let certificate = base64::engine::general_purpose::STANDARD.encode(&STRANGER.certificate);
    let beside = format!(
        "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
    );
    assert!(outcome(&Said::to(REQUEST).signed_by(&STRANGER, "")).is_err());
    assert!(outcome(&Said::to(REQUEST).signed_by(&STRANGER, &beside)).is_err());
}

/// XML Signature Wrapping: the signed document is there unaltered, and another assertion with it.
#[test]
fn a_response_that_was_wrapped_signs_nobody_in() {
    let genuine = Said::to(REQUEST);
    let whole = genuine.signed();
    let signed_assertion = sign(&genuine.assertion(&template("_assertion", "", "")), &IDP);
    let evil = said(|said| {
        "_evil".clone_into(&mut said.id);
        "person-2".clone_into(&mut said.name_id);
    });
    let forged = evil.assertion("");
    let response =
        |id: &str, inside: &str| evil.response("", inside).replace("ID=\"_response\"", &format!("ID=\"{id}\""));
    let object = |inside: &str| {
        let signature = whole.split_once("<ds:Signature").unwrap().1.split_once("</ds:Signature>").unwrap().0;
        format!("<ds:Signature{signature}<ds:Object>{inside}</ds:Object></ds:Signature>")
    };
    let wrapped = [
        ("a sibling before", whole.replacen("<saml:Assertion ", &format!("{forged}<saml:Assertion "), 1)),
        ("a sibling after", whole.replace("</samlp:Response>", &format!("{forged}</samlp:Response>"))),
        ("signed assertion behind a forged one", response("_r", &format!("{forged}{signed_assertion}"))),
        ("signed assertion before a forged one", response("_r", &format!("{signed_assertion}{forged}"))),
        (
            "signed assertion in a forged one",
            response("_r", &forged.replace("</saml:Assertion>", &format!("{signed_assertion}</saml:Assertion>"))),
        ),
        (
            "the response in extensions",
            response("_r", &format!("<samlp:Extensions>{whole}</samlp:Extensions>{forged}")),
        ),
        ("the response in an object", evil.response(&object(&whole), &forged).replace("_response", "_r")),
        ("the same id twice", evil.response(&object(&whole), &forged)),
        (
            "a forged assertion in the signature",
            whole.replacen("</ds:Signature>", &format!("<ds:Object>{forged}</ds:Object></ds:Signature>"), 1),
        ),
    ];
    assert_none(wrapped.into_iter().filter(|(_, document)| outcome(document).is_ok()).map(|(how, _)| how));
}

#[test]
fn what_a_signature_could_have_libraries_do_never_reaches_them() {
    let plain = Said::to(REQUEST);
    let with = |transform: &str| plain.response(&template("_response", transform, ""), &plain.assertion(""));
    let xslt = "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"></ds:Transform>";
    let xpath = "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"></ds:Transform>";
    let signed = plain.signed();
    let reference = "<ds:Reference URI=\"#_response\"";
    let cases = [
        (with(xslt), "another transformation"),
        (with(xpath), "another transformation"),
        (signed.replacen(reference, "<ds:Reference URI=\"http://localhost:1/\"", 1), "a reference to something else"),
        (signed.replacen(reference, "<ds:Reference URI=\"file:///etc/passwd\"", 1), "a reference to something else"),
        (signed.replacen(reference, "<ds:Reference URI=\"\"", 1), "a reference to something else"),
        (signed.replacen(reference, "<ds:Reference URI=\"#_assertion\"", 1), "a reference to something else"),
        (
            signed.replacen(reference, &format!("<ds:Reference URI=\"#_response\"></ds:Reference>{reference}"), 1),
            "not one reference",
        ),
        (
            signed.replacen("</ds:Signature>", "<ds:Object></ds:Object></ds:Signature>", 1),
            "a signature with more than a signature in it",
        ),
        (
            format!("<!DOCTYPE r [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>{signed}"),
            "not well-formed, or with a document type",
        ),
        (signed.replace(">person-1<", ">person-1<!-- -->.evil<"), "a comment or processing instruction"),
        (signed.replace(">person-1<", "><?x?>person-1<"), "a comment or processing instruction"),
        (signed.replacen("ID=\"_assertion\"", "ID=\"_response\"", 1), "an id twice"),
        (signed.replacen("Version=\"2.0\"", "Version=\"1.1\"", 1), "not a response of SAML 2.0"),
        (plain.assertion(""), "not a response of SAML 2.0"),
    ];
    let passed = cases.into_iter().enumerate().filter(|(_, (document, why))| shape(&field(document)) != Err(*why));
    assert_none(passed.map(|(number, (_, why))| (number, why)));
    assert_eq!(shape("%%%").unwrap_err(), "not base64");
    assert_eq!(shape(&"A".repeat(300_000)).unwrap_err(), "too large");
}

#[test]
fn what_is_for_somebody_else_or_another_time_signs_nobody_in() {
    let us = format!("{APP}/saml/metadata");
    let (past, future) = (now() - 1000, now() + 1000);
    let times = |from: i64, until: i64| conditions(from, until, &[&us]);
    let without = |attribute: &str| {
        let all = times(now() - 60, now() + 300);
        let (before, rest) = all.split_once(&format!("{attribute}=\"")).unwrap();
        format!("{before}{}", rest.split_once('"').unwrap().1)
    };
    let cases: Vec<(&str, Change)> = vec![
        ("issuer", Box::new(|said| "http://localhost:8080/other".clone_into(&mut said.issuer))),
        ("destination", Box::new(|said| "http://127.0.0.1:8081/other".clone_into(&mut said.destination))),
        ("recipient", Box::new(|said| "http://127.0.0.1:8081/other".clone_into(&mut said.recipient))),
        ("another request", Box::new(|said| said.in_response_to = Some("_other".to_owned()))),
        ("no request", Box::new(|said| said.in_response_to = None)),
        ("issued long ago", Box::new(move |said| said.issued = past)),
        ("confirmation over", Box::new(move |said| said.confirmed_until = past)),
        (
            "conditions over",
            Box::new({
                let text = times(past, past + 10);
                move |said| said.conditions = text
            }),
        ),
        (
            "conditions to come",
            Box::new({
                let text = times(future, future + 10);
                move |said| said.conditions = text
            }),
        ),
        ("no conditions", Box::new(|said| said.conditions.clear())),
        (
            "no beginning",
            Box::new({
                let text = without("NotBefore");
                move |said| said.conditions = text
            }),
        ),
        (
            "no end",
            Box::new({
                let text = without("NotOnOrAfter");
                move |said| said.conditions = text
            }),
        ),
        ("no audience", Box::new(|said| said.conditions = conditions(now() - 60, now() + 300, &[]))),
        ("another audience", Box::new(|said| said.conditions = conditions(now() - 60, now() + 300, &["http://other"]))),
        (
            "an audience and another",
            Box::new({
                let us = us.clone();
                move |said| said.conditions = conditions(now() - 60, now() + 300, &[&us, "http://other"])
            }),
        ),
        ("a session that ended", Box::new(move |said| said.statements = statement(SFA, past))),
        ("no statement", Box::new(|said| said.statements.clear())),
        ("two statements", Box::new(|said| said.statements = statement(SFA, now() + 9).repeat(2))),
        ("no index", Box::new(|said| said.statements = said.statements.replace("SessionIndex=\"index-1\"", ""))),
        ("transient", Box::new(|said| said.name_id_format = said.name_id_format.replace("persistent", "transient"))),
    ];
    assert_none(cases.into_iter().filter_map(|(what, change)| outcome(&said(change).signed()).ok().map(|_| what)));
    assert!(outcome(&Said::to(REQUEST).signed()).is_ok());
}

#[test]
fn a_refusal_of_another_request_refuses_nothing() {
    let document = Said::to(REQUEST).response("", "").replace(":Success", ":Responder");
    assert_eq!(outcome(&document).unwrap_err(), "urn:oasis:names:tc:SAML:2.0:status:Responder");
    let other = Said::to("_other").response("", "").replace(":Success", ":Responder");
    assert_eq!(outcome(&other).unwrap_err(), "a refusal of another request");
}

#[test]
fn the_most_particular_status_is_the_one_that_counts() {
    let codes = "Value=\"urn:oasis:names:tc:SAML:2.0:status:Responder\"><samlp:StatusCode \
                 Value=\"urn:oasis:names:tc:SAML:2.0:status:NoAuthnContext\"></samlp:StatusCode>";
    let document = Said::to(REQUEST).response("", "");
    let document = document.replace("Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\">", codes);
    assert_eq!(outcome(&document).unwrap_err(), "urn:oasis:names:tc:SAML:2.0:status:NoAuthnContext");
    // With a success in it, it is none all the same.
    let document = document.replacen("status:Responder", "status:Success", 1);
    assert!(outcome(&document).is_err());
}

#[test]
fn nothing_is_pinned_without_a_certificate() {
    let text = metadata(&IDP.certificate);
    let (before, rest) = text.split_once("<md:KeyDescriptor").unwrap();
    let file = FOLDER.path().join("without.xml");
    std::fs::write(&file, format!("{before}{}", rest.split_once("</md:KeyDescriptor>").unwrap().1)).unwrap();
    let files = Files { idp_metadata: file, ..files() };
    let loaded = Provider::load(&files, &url::Url::parse(APP).unwrap());
    assert!(loaded.unwrap_err().to_string().contains("no signing certificate"));
}

#[test]
fn its_metadata_names_addresses_and_one_key_for_each_use() {
    let text = own_metadata(&files(), &url::Url::parse("http://127.0.0.1:8081/").unwrap()).unwrap();
    let document = roxmltree::Document::parse(&text).unwrap();
    let all = |name: &str, attribute: &str| -> Vec<String> {
        let nodes = document.descendants().filter(|node| node.tag_name().name() == name);
        nodes.filter_map(|node| node.attribute(attribute)).map(str::to_owned).collect()
    };
    assert_eq!(all("EntityDescriptor", "entityID"), [format!("{APP}/saml/metadata")]);
    assert_eq!(all("AssertionConsumerService", "Location"), [format!("{APP}/saml/acs")]);
    assert_eq!(all("SingleLogoutService", "Location"), [format!("{APP}/saml/slo")]);
    assert_eq!(all("KeyDescriptor", "use"), ["signing", "encryption"]);
}
