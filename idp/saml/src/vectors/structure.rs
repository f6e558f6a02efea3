//! Documents that are refused whoever signed them.
#![allow(clippy::format_collect, reason = "tests")]

use super::Vector;
use crate::gate::GateError;

const NAMESPACES: &str =
    r#"xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion""#;

fn request(inside: &str) -> String {
    format!(r#"<p:AuthnRequest {NAMESPACES} ID="_1" Version="2.0">{inside}</p:AuthnRequest>"#)
}

fn logout(inside: &str) -> String {
    format!(
        r#"<p:LogoutRequest {NAMESPACES} ID="_1" Version="2.0"><a:Issuer>https://sp.example</a:Issuer>{inside}</p:LogoutRequest>"#
    )
}

const ISSUER: &str = "<a:Issuer>https://sp.example</a:Issuer>";

pub(super) fn vectors() -> Vec<Vector> {
    use GateError as E;
    let usual = request(ISSUER);
    let with = |more: &str| request(&format!("{ISSUER}{more}"));
    let attributes = (0..50).map(|number| format!(r#" a{number}="""#)).collect::<String>();
    let namespaces =
        (0..4).map(|level| (0..20).map(|n| format!(r#" xmlns:n{level}-{n}="urn:{n}""#)).collect::<String>());
    let nested = namespaces.map(|declared| format!("<x{declared}>")).collect::<String>() + &"</x>".repeat(4);
    let utf_16: Vec<u8> = usual.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let list: Vec<(&str, Vec<u8>, GateError)> = vec![
        ("size-flood", with(&format!("<x>{}</x>", "a".repeat(66_000))).into(), E::TooLong),
        ("event-flood", with(&"<x/>".repeat(2_100)).into(), E::TooManyEvents),
        ("reference-flood", with(&format!("<x>{}</x>", "&amp;".repeat(2_100))).into(), E::TooManyEvents),
        ("depth-flood", with(&("<x>".repeat(20) + &"</x>".repeat(20))).into(), E::TooDeep),
        ("attribute-flood", with(&format!("<x{attributes}/>")).into(), E::TooManyAttributes),
        ("namespace-flood", with(&nested).into(), E::TooManyNamespaces),
        ("namespace-amplification", with(&format!(r#"<n:x xmlns:n="urn:{}"/>"#, "n".repeat(300))).into(), E::LongNamespace),
        ("utf-16", [&[0xFF, 0xFE], utf_16.as_slice()].concat(), E::Encoding),
        ("utf-16-declared", format!(r#"<?xml version="1.0" encoding="UTF-16"?>{usual}"#).into(), E::Encoding),
        ("utf-7", format!(r#"<?xml version="1.0" encoding="UTF-7"?>{usual}"#).into(), E::Encoding),
        ("latin-1", usual.replace("sp.example", "sp\u{1}.example").into_bytes().iter().map(|b| if *b == 1 { 0xE9 } else { *b }).collect(), E::Encoding),
        ("xml-1-1", format!(r#"<?xml version="1.1"?>{usual}"#).into(), E::Malformed),
        ("xxe", format!(r#"<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>{}"#, request("<a:Issuer>&e;</a:Issuer>")).into(), E::DocumentType),
        ("external-subset", format!(r#"<!DOCTYPE x SYSTEM "http://attacker.example/x.dtd">{usual}"#).into(), E::DocumentType),
        ("parameter-entity", format!(r#"<!DOCTYPE x [<!ENTITY % p SYSTEM "http://attacker.example/"> %p;]>{usual}"#).into(), E::DocumentType),
        ("billion-laughs", format!(r#"<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>{}"#, request("<a:Issuer>&c;</a:Issuer>")).into(), E::DocumentType),
        ("doctype-behind-root", format!("{usual}<!DOCTYPE x>").into(), E::DocumentType),
        ("foreign-entity", request("<a:Issuer>&e;</a:Issuer>").into(), E::Entity),
        ("foreign-entity-in-attribute", with(r#"<x y="&e;"/>"#).into(), E::Entity),
        ("comment-in-issuer", request("<a:Issuer>https://sp.example<!-- -->.attacker.example</a:Issuer>").into(), E::Comment),
        ("comment-before-root", format!("<!-- -->{usual}").into(), E::Comment),
        ("cdata-in-issuer", request("<a:Issuer><![CDATA[https://sp.example]]></a:Issuer>").into(), E::CData),
        ("pi-in-issuer", request("<a:Issuer>https://sp.example<?x?>.attacker.example</a:Issuer>").into(), E::ProcessingInstruction),
        ("stylesheet", format!(r#"<?xml-stylesheet href="http://attacker.example/x.xsl"?>{usual}"#).into(), E::ProcessingInstruction),
        ("two-roots", format!("{usual}{usual}").into(), E::Malformed),
        ("text-behind-root", format!("{usual}x").into(), E::Malformed),
        ("no-root", Vec::new(), E::Malformed),
        ("unclosed", usual.replace("</p:AuthnRequest>", "").into(), E::Malformed),
        ("crossed", with("<x><y></x></y>").into(), E::Malformed),
        ("undeclared-prefix", with("<q:x/>").into(), E::Malformed),
        ("prefix-taken-back", with(r#"<x xmlns:p=""/>"#).into(), E::Malformed),
        ("prefix-xml-moved", with(r#"<x xmlns:xml="urn:x"/>"#).into(), E::Malformed),
        ("attribute-twice", with(r#"<x y="1" y="2"/>"#).into(), E::Malformed),
        ("attribute-twice-by-namespace", with(r#"<x xmlns:m="urn:n" xmlns:n="urn:n" m:y="1" n:y="2"/>"#).into(), E::Malformed),
        ("attributes-without-space", with(r#"<x y="1"z="2"/>"#).into(), E::Malformed),
        ("less-than-in-attribute", with(r#"<x y="<"/>"#).into(), E::Malformed),
        ("end-of-cdata-in-text", with("<x>]]></x>").into(), E::Malformed),
        ("nul", request("<a:Issuer>https://sp.example\0</a:Issuer>").into(), E::Malformed),
        ("nul-reference", request("<a:Issuer>https://sp.example&#0;</a:Issuer>").into(), E::Malformed),
        ("surrogate-reference", request("<a:Issuer>https://sp.example&#xD800;</a:Issuer>").into(), E::Malformed),
        ("another-root", usual.replace("AuthnRequest", "AttributeQuery").into(), E::Root),
        ("another-namespace", usual.replace("SAML:2.0:protocol", "SAML:1.0:protocol").into(), E::Root),
        ("missing-id", usual.replace(r#" ID="_1""#, "").into(), E::MissingId),
        ("bad-id", usual.replace("_1", "1 bad").into(), E::BadId),
        ("empty-id", usual.replace("_1", "").into(), E::BadId),
        ("long-id", usual.replace("_1", &"a".repeat(257)).into(), E::BadId),
        ("duplicate-id", with(r#"<p:Extensions><x ID="_1"/></p:Extensions>"#).into(), E::DuplicateId),
        ("duplicate-id-other-case", with(r#"<p:Extensions><x Id="_1"/></p:Extensions>"#).into(), E::DuplicateId),
        ("duplicate-id-xml", with(r#"<p:Extensions><x xml:id="_1"/></p:Extensions>"#).into(), E::DuplicateId),
        ("no-issuer", request("").into(), E::MissingIssuer),
        ("issuer-of-saml-1", request(ISSUER).replace("SAML:2.0:assertion", "SAML:1.0:assertion").into(), E::MissingIssuer),
        ("two-issuers", with(ISSUER).into(), E::RepeatedIssuer),
        ("issuer-not-first", request(&format!("<p:NameIDPolicy/>{ISSUER}")).into(), E::IssuerNotFirst),
        ("issuer-inside-extensions", request(&format!("<p:Extensions>{ISSUER}</p:Extensions>")).into(), E::IssuerNotFirst),
    ];
    let name_id = [
        ("comment-in-name-id", "<a:NameID>admin@school.example<!-- -->.attacker.example</a:NameID>", E::Comment),
        ("cdata-in-name-id", "<a:NameID><![CDATA[admin@school.example]]></a:NameID>", E::CData),
        ("pi-in-name-id", "<a:NameID>admin@school.example<?x?>.attacker.example</a:NameID>", E::ProcessingInstruction),
    ];
    let requests = list.into_iter().map(|(name, bytes, why)| Vector::new(format!("gate/{name}.xml"), bytes, why));
    let logouts = name_id.into_iter().map(|(name, inside, why)| Vector {
        root: "LogoutRequest",
        ..Vector::new(format!("gate/{name}.xml"), logout(inside), why)
    });
    requests.chain(logouts).collect()
}
