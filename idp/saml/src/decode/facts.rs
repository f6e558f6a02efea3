//! What a message says, label by label.

use keyholder_core::time::Timestamp;

use crate::encryption::{DecryptionKey, decrypt_name_id};
use crate::messages::{AuthnRequest, Contents, LogoutRequest, LogoutResponse};
use crate::messages::{Principal, Response, Status, TopStatus, time};
use crate::names::{ASSERTION, DSIG, METADATA, PROTOCOL, SOAP};
use crate::xml::Element;

type Facts = Vec<(&'static str, String)>;

/// Longest value that is shown, in characters.
const LONGEST: usize = 300;

/// A value of somebody else's: on one line, with nothing that a terminal would obey.
pub(super) fn shown(text: &str) -> String {
    let cut: String = text.chars().take(LONGEST).collect();
    let mut escaped = String::with_capacity(cut.len());
    for character in cut.chars() {
        // Marks that reorder what is shown (Unicode UAX 9) are as dangerous as escapes.
        let reorders = matches!(character, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
        if character.is_control() || reorders {
            escaped.extend(character.escape_unicode());
        } else {
            escaped.push(character);
        }
    }
    if text.chars().nth(LONGEST).is_some() {
        escaped.push('…');
    }
    escaped
}

/// The message in a SOAP envelope, or what is none.
pub(super) fn inside_envelope(root: &Element) -> &Element {
    if !root.is(SOAP, "Envelope") {
        return root;
    }
    root.find(SOAP, "Body").and_then(|body| body.elements().next()).unwrap_or(root)
}

/// Whom it says it is from.
pub(super) fn sender(root: &Element) -> Option<String> {
    match root.find(ASSERTION, "Issuer") {
        Some(issuer) => Some(issuer.own_text().trim().to_owned()),
        None => root.attribute("entityID").map(str::to_owned),
    }
}

/// The facts of any message. `decryption`: our keys, where they are at hand.
pub(super) fn of(root: &Element, decryption: Option<&[DecryptionKey]>, now: Timestamp) -> Facts {
    let mut facts = vec![("Kind", kind(root))];
    let mut say = |label, value: Option<String>| facts.extend(value.map(|value| (label, shown(&value))));
    say("From", sender(root));
    for name in ["ID", "Version", "Destination", "InResponseTo", "validUntil"] {
        say(name, root.attribute(name).map(str::to_owned));
    }
    say("Issued", root.attribute("IssueInstant").map(|text| age(text, now)));
    say("Signature", Some(signature(root)));
    let details = match root.name().local() {
        "AuthnRequest" => AuthnRequest::read(root).map(|request| of_authn_request(&request, decryption)),
        "LogoutRequest" => LogoutRequest::read(root).map(|request| of_logout_request(&request, decryption)),
        "LogoutResponse" => LogoutResponse::read(root).map(|response| vec![("Status", status(&response.status))]),
        "Response" => Response::read(root).map(|(response, contents)| of_response(&response, &contents)),
        _ => Ok(Vec::new()),
    };
    match details {
        Ok(details) => facts.extend(details.into_iter().map(|(label, value)| (label, shown(&value)))),
        Err(error) => facts.push(("Cannot be read", error.to_string())),
    }
    facts
}

fn kind(root: &Element) -> String {
    let words = match (root.name().namespace(), root.name().local()) {
        (PROTOCOL, "AuthnRequest") => "a request for a sign-in (AuthnRequest)",
        (PROTOCOL, "LogoutRequest") => "a request to end a session (LogoutRequest)",
        (PROTOCOL, "LogoutResponse") => "the answer to a request to end a session (LogoutResponse)",
        (PROTOCOL, "Response") => "the answer to a request for a sign-in (Response)",
        (ASSERTION, "Assertion") => "a statement about a person (Assertion)",
        (METADATA, "EntityDescriptor") => "metadata of one entity (EntityDescriptor)",
        (METADATA, "EntitiesDescriptor") => "metadata of a federation (EntitiesDescriptor)",
        (_, local) => return format!("another document ({})", shown(local)),
    };
    words.to_owned()
}

fn age(text: &str, now: Timestamp) -> String {
    let Some(instant) = time::read(text) else { return format!("{text} (not an instant)") };
    let (past, future) = (now.since(instant).as_secs(), instant.since(now).as_secs());
    match (past, future) {
        (_, 1..) => format!("{text} ({} in the future)", span(future)),
        _ => format!("{text} ({} ago)", span(past)),
    }
}

fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} seconds"),
        120..7_200 => format!("{} minutes", seconds / 60),
        7_200..172_800 => format!("{} hours", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// Of the XML; that of a query is said by the verdict.
fn signature(root: &Element) -> String {
    let Some(signature) = root.find(DSIG, "Signature") else { return "none in the XML".to_owned() };
    let info = signature.find(DSIG, "SignedInfo");
    let algorithm =
        info.and_then(|info| info.find(DSIG, "SignatureMethod")).and_then(|method| method.attribute("Algorithm"));
    format!("in the XML, {}", algorithm.unwrap_or("without an algorithm"))
}

/// Whom an element names that is no `NameID`. The operator who asks holds the key: nothing is told that they could not read anyway.
fn opaque(element: &Element, decryption: Option<&[DecryptionKey]>) -> String {
    if !element.is(ASSERTION, "EncryptedID") {
        return format!("a {}", element.name().local());
    }
    match decryption.map(|keys| decrypt_name_id(element, keys)) {
        Some(Ok(name)) => format!("{} (it was encrypted for us)", name.value),
        Some(Err(error)) => format!("an EncryptedID that cannot be read: {error}"),
        None => "an EncryptedID; our keys are not looked for while its sender is not registered".to_owned(),
    }
}

fn of_authn_request(request: &AuthnRequest, decryption: Option<&[DecryptionKey]>) -> Facts {
    let mut facts = Facts::new();
    let answer = match (&request.assertion_consumer_service_url, request.assertion_consumer_service_index) {
        (Some(url), None) => url.clone(),
        (None, Some(index)) => format!("the registered address number {index}"),
        (Some(url), Some(index)) => format!("{url}, and the registered address number {index} as well"),
        (None, None) => "the registered default".to_owned(),
    };
    facts.push(("Answer wanted at", answer));
    facts.extend(request.protocol_binding.clone().map(|binding| ("Answer wanted by", binding)));
    if request.force_authn {
        facts.push(("ForceAuthn", "the person shall prove again who they are".to_owned()));
    }
    if request.is_passive {
        facts.push(("IsPassive", "no page may be shown".to_owned()));
    }
    let format = request.name_id_policy.as_ref().and_then(|policy| policy.format.clone());
    facts.extend(format.map(|format| ("Identifier wanted", format)));
    if let Some(context) = &request.requested_authn_context {
        facts.push(("Strength wanted", format!("{} {}", context.comparison.name(), context.classes.join(", "))));
    }
    facts.extend(request.subject.clone().map(|subject| ("Person wanted", subject.value)));
    facts.extend(request.opaque_subject.as_ref().map(|element| ("Person wanted", opaque(element, decryption))));
    facts
}

fn of_logout_request(request: &LogoutRequest, decryption: Option<&[DecryptionKey]>) -> Facts {
    let person = match &request.principal {
        Principal::NameId(name) => name.value.clone(),
        Principal::Opaque(element) => opaque(element, decryption),
    };
    let sessions = if request.session_indexes.is_empty() {
        "all of this person at this service provider".to_owned()
    } else {
        request.session_indexes.join(", ")
    };
    vec![("Person", person), ("Sessions", sessions)]
}

fn of_response(response: &Response, contents: &Contents) -> Facts {
    let mut facts = vec![("Status", status(&response.status))];
    if contents.encrypted > 0 {
        facts.push(("Encrypted assertions", contents.encrypted.to_string()));
    }
    for assertion in &contents.assertions {
        facts.push(("Person", assertion.subject.value.clone()));
        facts.extend(assertion.subject.format.clone().map(|format| ("Identifier", format)));
        facts.push(("For", assertion.conditions.audience.clone()));
        facts.push(("To be brought to", assertion.bearer.recipient.clone()));
        facts.push(("Strength", assertion.authn.class.clone()));
        facts.push(("Session", assertion.authn.session_index.clone()));
        for attribute in &assertion.attributes {
            let name = attribute.friendly_name.as_ref().unwrap_or(&attribute.name);
            facts.push(("Attribute", format!("{name} = {}", attribute.values.join(" | "))));
        }
    }
    facts
}

fn status(status: &Status) -> String {
    let top = match status.top {
        TopStatus::Success => "success",
        TopStatus::Requester => "refused, for a fault of the one who asked",
        TopStatus::Responder => "refused, by the one who was asked",
        TopStatus::VersionMismatch => "refused, for the version",
    };
    match &status.nested {
        Some(nested) => {
            let uri = nested.uri();
            format!("{top} ({})", uri.rsplit(':').next().unwrap_or_default())
        }
        None => top.to_owned(),
    }
}
