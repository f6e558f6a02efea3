//! An identity provider of the tests.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use samael::crypto::{Crypto, CryptoProvider as _};
use tempfile::TempDir;
use url::Url;

use super::super::{Files, Provider};

pub(super) const ENTITY_ID: &str = "http://localhost:8080/saml/metadata";
pub(super) const APP: &str = "http://127.0.0.1:8081/s/over-saml";
pub(super) const MFA: &str = "https://refeds.org/profile/mfa";
pub(super) const SFA: &str = "https://refeds.org/profile/sfa";

/// A key with its certificate.
pub(super) struct Key {
    pub(super) der: Vec<u8>,
    pub(super) certificate: Vec<u8>,
    pub(super) pem: String,
    pub(super) pem_of_certificate: String,
}

impl Key {
    fn draw() -> Self {
        let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        let certificate = CertificateParams::new(vec![]).unwrap().self_signed(&pair).unwrap();
        Self {
            der: pair.serialize_der(),
            certificate: certificate.der().to_vec(),
            pem: pair.serialize_pem(),
            pem_of_certificate: certificate.pem(),
        }
    }

    pub(super) fn openssl(&self) -> openssl::pkey::PKey<openssl::pkey::Private> {
        openssl::pkey::PKey::private_key_from_pem(self.pem.as_bytes()).unwrap()
    }
}

/// The pinned one, somebody else's, and the service provider's own.
pub(super) static IDP: LazyLock<Key> = LazyLock::new(Key::draw);
pub(super) static STRANGER: LazyLock<Key> = LazyLock::new(Key::draw);
static OWN: LazyLock<Key> = LazyLock::new(Key::draw);

pub(super) static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("idp.xml", &metadata(&IDP.certificate));
    write("key.pem", &OWN.pem);
    write("certificate.pem", &OWN.pem_of_certificate);
    folder
});

/// The metadata of an identity provider, with what Keyholder's has in it that a reader could stumble over.
pub(super) fn metadata(certificate: &[u8]) -> String {
    let redirect = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
    let certificate = STANDARD.encode(certificate);
    format!(
        "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" ID=\"_m\" cacheDuration=\"PT6H\" \
         entityID=\"{ENTITY_ID}\" validUntil=\"2100-01-01T00:00:00Z\"><md:IDPSSODescriptor \
         protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><md:KeyDescriptor use=\"signing\">\
         <ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data><ds:X509Certificate>{certificate}\
         </ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>\
         <md:SingleLogoutService Binding=\"{redirect}\" Location=\"http://localhost:8080/saml/slo\"></md:SingleLogoutService>\
         <md:SingleSignOnService Binding=\"{redirect}\" Location=\"http://localhost:8080/saml/sso\"></md:SingleSignOnService>\
         </md:IDPSSODescriptor></md:EntityDescriptor>"
    )
}

pub(super) fn files() -> Files {
    let at = |name: &str| FOLDER.path().join(name);
    Files { idp_metadata: at("idp.xml"), key: at("key.pem"), certificate: at("certificate.pem") }
}

pub(super) fn provider() -> Provider {
    Provider::load(&files(), &Url::parse("http://127.0.0.1:8081/").unwrap()).unwrap()
}

pub(super) fn path_of(name: &str) -> String {
    Path::new(FOLDER.path()).join(name).display().to_string()
}

/// samael reads the clock by itself.
pub(super) fn now() -> i64 {
    crate::unix_now()
}

pub(super) fn instant(at: i64) -> String {
    DateTime::from_timestamp(at, 0).unwrap().to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// What a response says; each part may be something else than it should.
#[derive(Clone)]
pub(super) struct Said {
    pub(super) id: String,
    pub(super) issuer: String,
    pub(super) destination: String,
    pub(super) recipient: String,
    /// In both places where it stands.
    pub(super) in_response_to: Option<String>,
    pub(super) issued: i64,
    pub(super) confirmed_until: i64,
    /// The element.
    pub(super) conditions: String,
    pub(super) name_id: String,
    pub(super) name_id_format: String,
    pub(super) statements: String,
    pub(super) attributes: Vec<(String, String)>,
}

pub(super) fn conditions(from: i64, until: i64, audiences: &[&str]) -> String {
    let mut text = format!("<saml:Conditions NotBefore=\"{}\" NotOnOrAfter=\"{}\">", instant(from), instant(until));
    for audience in audiences {
        let _ = write!(
            text,
            "<saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction>"
        );
    }
    text + "</saml:Conditions>"
}

pub(super) fn statement(class: &str, ends: i64) -> String {
    format!(
        "<saml:AuthnStatement AuthnInstant=\"{}\" SessionIndex=\"index-1\" SessionNotOnOrAfter=\"{}\"><saml:AuthnContext>\
         <saml:AuthnContextClassRef>{class}</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>",
        instant(now() - 120),
        instant(ends)
    )
}

impl Said {
    /// What holds in every respect.
    pub(super) fn to(request_id: &str) -> Self {
        let attribute =
            |name: &str, value: &str| (format!("http://localhost:8080/saml/attributes/{name}"), value.to_owned());
        Self {
            id: "_assertion".to_owned(),
            issuer: ENTITY_ID.to_owned(),
            destination: format!("{APP}/saml/acs"),
            recipient: format!("{APP}/saml/acs"),
            in_response_to: Some(request_id.to_owned()),
            issued: now(),
            confirmed_until: now() + 300,
            conditions: conditions(now() - 60, now() + 300, &[&format!("{APP}/saml/metadata")]),
            name_id: "person-1".to_owned(),
            name_id_format: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent".to_owned(),
            statements: statement(SFA, now() + 3600),
            attributes: vec![
                ("urn:oid:2.16.840.1.113730.3.1.241".to_owned(), "Ann &lt;b&gt; Other".to_owned()),
                attribute("school-urn", "199901"),
                attribute("groups", "staff"),
                attribute("groups", "incidents-read"),
            ],
        }
    }

    pub(super) fn assertion(&self, signature: &str) -> String {
        let answers = self.in_response_to.as_ref().map(|id| format!(" InResponseTo=\"{id}\"")).unwrap_or_default();
        let mut attributes = String::new();
        for (name, value) in &self.attributes {
            let _ = write!(
                attributes,
                "<saml:Attribute Name=\"{name}\"><saml:AttributeValue>{value}</saml:AttributeValue></saml:Attribute>"
            );
        }
        format!(
            "<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"{}\" IssueInstant=\"{}\" Version=\"2.0\">\
             <saml:Issuer>{}</saml:Issuer>{signature}<saml:Subject><saml:NameID Format=\"{}\">{}</saml:NameID>\
             <saml:SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"><saml:SubjectConfirmationData{answers} \
             NotOnOrAfter=\"{}\" Recipient=\"{}\"></saml:SubjectConfirmationData></saml:SubjectConfirmation></saml:Subject>{}{}\
             <saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion>",
            self.id,
            instant(self.issued),
            self.issuer,
            self.name_id_format,
            self.name_id,
            instant(self.confirmed_until),
            self.recipient,
            self.conditions,
            self.statements,
        )
    }

    pub(super) fn response(&self, signature: &str, assertion: &str) -> String {
        let answers = self.in_response_to.as_ref().map(|id| format!(" InResponseTo=\"{id}\"")).unwrap_or_default();
        format!(
            "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" \
             Destination=\"{}\" ID=\"_response\"{answers} IssueInstant=\"{}\" Version=\"2.0\"><saml:Issuer>{}</saml:Issuer>{signature}\
             <samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"></samlp:StatusCode></samlp:Status>\
             {assertion}</samlp:Response>",
            self.destination,
            instant(self.issued),
            self.issuer,
        )
    }

    /// Response and assertion signed, as Keyholder does.
    pub(super) fn signed(&self) -> String {
        self.signed_by(&IDP, "")
    }

    pub(super) fn signed_by(&self, key: &Key, key_info: &str) -> String {
        let assertion = sign(&self.assertion(&template(&self.id, "", key_info)), key);
        sign(&self.response(&template("_response", "", key_info), &assertion), key)
    }
}

/// A signature that waits for its values.
pub(super) fn template(id: &str, transform: &str, key_info: &str) -> String {
    format!(
        "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:SignedInfo><ds:CanonicalizationMethod \
         Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:CanonicalizationMethod><ds:SignatureMethod \
         Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"></ds:SignatureMethod><ds:Reference URI=\"#{id}\">\
         <ds:Transforms><ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></ds:Transform>{transform}\
         <ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></ds:Transform></ds:Transforms><ds:DigestMethod \
         Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod><ds:DigestValue></ds:DigestValue></ds:Reference>\
         </ds:SignedInfo><ds:SignatureValue></ds:SignatureValue>{key_info}</ds:Signature>"
    )
}

/// Fills the first signature in.
pub(super) fn sign(document: &str, key: &Key) -> String {
    let signed = Crypto::sign_xml(document, &key.der).unwrap();
    signed.split_once("?>").map_or(signed.as_str(), |(_, rest)| rest).trim().to_owned()
}

/// As it stands in a form.
pub(super) fn field(document: &str) -> String {
    STANDARD.encode(document)
}
