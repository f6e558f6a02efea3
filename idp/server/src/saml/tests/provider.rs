//! A service provider: it asks, and it reads what comes back.

use std::process::Command as Program;
use std::sync::LazyLock;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyholder_core::application::{ConsentRule, OfferedTo, OidcClient, RelyingApplication};
use keyholder_core::id::{ApplicationId, SchoolId};
use keyholder_core::ports::{Command, StoreError, Transaction};
use keyholder_core::saml::ServiceProvider as Stored;
use keyholder_saml::certificate::Certificate;
use keyholder_saml::gate::{Limits, parse_document};
use keyholder_saml::messages::{Assertion, AuthnRequest, Contents, Header, Response};
use keyholder_saml::names::{METADATA, PROTOCOL};
use keyholder_saml::redirect::{self, Parameter};
use keyholder_saml::service_provider::{EncryptionKey, ServiceProvider, Settings, SpMetadata};
use keyholder_saml::signer::{NativeSigner, Signer, sign_enveloped};
use keyholder_saml::templates::Template;
use keyholder_saml::verify::verify_enveloped;
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use uuid::Uuid;

use crate::applications::REVISION;
use crate::config::Config;
use crate::saml::path;
use crate::web::testing::{House, ISSUER, Page};

pub(crate) const SP: &str = "https://sp.example/metadata";
pub(crate) const ACS: &str = "https://sp.example/acs";

/// The service provider's key, and its PKCS#8.
static KEY: LazyLock<(NativeSigner, String)> = LazyLock::new(|| {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let certificate = CertificateParams::new(vec![]).unwrap().self_signed(&key).unwrap();
    (NativeSigner::from_pkcs8(&key.serialize_der(), certificate.der().to_vec()).unwrap(), key.serialize_pem())
});

/// How it is registered, and what it asks.
pub(crate) struct Provider {
    pub(crate) registered: ServiceProvider,
    pub(crate) signs: bool,
    /// The number of the school that it serves.
    pub(crate) school: u128,
    asked: std::cell::Cell<u32>,
}

struct Register(RelyingApplication);

#[async_trait]
impl Command for Register {
    type Output = ();
    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        transaction.put_application(&self.0).await?;
        transaction.raise_revision(REVISION).await
    }
}

/// A house with this provider in it.
pub(crate) async fn house(provider: &Provider) -> House {
    house_with(provider, |_| {}).await
}

/// With a changed configuration.
pub(crate) async fn house_with(provider: &Provider, change: impl FnOnce(&mut Config)) -> House {
    let house = House::with(change).await;
    provider.register(&house).await;
    house
}

impl Provider {
    pub(crate) fn new(change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Template::Safeguarding.settings();
        change(&mut settings);
        let metadata = SpMetadata::by_hand(SP, ACS);
        let registered = ServiceProvider { metadata, settings };
        Self { registered, signs: false, school: 1, asked: std::cell::Cell::new(0) }
    }

    /// With its key for signatures and encryption in its metadata.
    pub(crate) fn with_key(mut self) -> Self {
        let certificate = Certificate::from_der(KEY.0.certificate().to_vec()).unwrap();
        self.registered.metadata.signing = vec![certificate.clone()];
        self.registered.metadata.encryption = vec![EncryptionKey { certificate, methods: Vec::new() }];
        self.signs = true;
        self
    }

    pub(crate) async fn register(&self, house: &House) {
        self.register_as(house, 9).await;
    }

    pub(crate) async fn register_as(&self, house: &House, number: u128) {
        let now = house.app().now();
        let application = RelyingApplication {
            id: ApplicationId::from_uuid(Uuid::from_u128(number)),
            name: "Timetables".into(),
            offered_to: OfferedTo::Schools(vec![SchoolId::from_uuid(Uuid::from_u128(self.school))]),
            consent: ConsentRule::FirstParty,
            launch_url: None,
            client: OidcClient::silent(format!("timetables-{number}")),
            saml: Some(Stored {
                entity_id: self.registered.metadata.entity_id.clone(),
                registration: serde_json::to_value(&self.registered).unwrap(),
            }),
            created_at: now,
            updated_at: now,
        };
        house.run(Register(application)).await;
        house.app().applications.refresh(&house.app().store).await.unwrap();
    }

    pub(crate) fn request(&self, house: &House) -> AuthnRequest {
        self.asked.set(self.asked.get() + 1);
        AuthnRequest {
            header: Header {
                id: format!("_request-{}", self.asked.get()),
                version: "2.0".into(),
                issue_instant: house.app().now(),
                destination: Some(format!("{ISSUER}{}", path::SSO)),
                issuer: SP.into(),
            },
            subject: None,
            opaque_subject: None,
            name_id_policy: None,
            requested_authn_context: None,
            force_authn: false,
            is_passive: false,
            assertion_consumer_service_url: Some(ACS.into()),
            assertion_consumer_service_index: None,
            protocol_binding: None,
            attribute_consuming_service_index: None,
        }
    }

    /// The address of ours to which it sends a browser.
    pub(crate) fn by_redirect(&self, request: &AuthnRequest) -> String {
        let signer = self.signs.then_some(&KEY.0 as &dyn Signer);
        let message = request.write().unwrap().canonical();
        let query = redirect::query(Parameter::Request, &message, Some("a&b=\"<c>"), signer).unwrap();
        format!("{}?{query}", path::SSO)
    }

    /// The field that it has a browser post.
    pub(crate) fn by_post(&self, request: &AuthnRequest) -> String {
        let root = request.write().unwrap();
        let root = if self.signs { sign_enveloped(root, &KEY.0).unwrap() } else { root };
        STANDARD.encode(root.canonical())
    }

    /// The response on a page, as its own code reads it: what is signed is verified with the key of our metadata.
    pub(crate) async fn receive(&self, house: &House, page: &Page) -> (Response, Vec<Assertion>) {
        let document = posted(page);
        let certificate = certificate_of(house).await;
        let mut document = document;
        if document.contains("EncryptedAssertion") {
            document = decrypt(&document);
        }
        // Our own reader, meant for requests, takes one signature: the assertion's is for xmlsec1 alone.
        let plain = without_inner_signature(&document);
        let response = parse_document(plain.as_bytes(), PROTOCOL, "Response", &Limits::METADATA).unwrap();
        let (response, contents): (Response, Contents) = Response::read(response.unverified()).unwrap();
        assert_eq!(response.header.destination.as_deref(), Some(ACS));
        assert_eq!(response.header.issuer, format!("{ISSUER}{}", path::METADATA));
        if !contents.assertions.is_empty() {
            let signed = posted(page);
            let whole = !signed.contains("EncryptedAssertion");
            if self.registered.signs_response() {
                xmlsec1_verifies(&signed, &["Response"], &certificate);
            }
            if self.registered.signs_assertion() && whole {
                xmlsec1_verifies(&signed, &["Response", "Assertion"], &certificate);
            }
            if self.registered.signs_assertion() && !whole {
                xmlsec1_verifies(&document, &["Response", "EncryptedAssertion", "Assertion"], &certificate);
            }
        }
        let mut assertions = contents.assertions;
        if assertions.is_empty()
            && let Some(inside) = plain.split("<saml:EncryptedAssertion").nth(1)
        {
            let from = inside.find("<saml:Assertion").unwrap();
            let to = inside.find("</saml:Assertion>").unwrap() + "</saml:Assertion>".len();
            let assertion = &inside[from..to];
            let root =
                parse_document(assertion.as_bytes(), keyholder_saml::names::ASSERTION, "Assertion", &Limits::METADATA)
                    .unwrap();
            assertions.push(Assertion::read(root.unverified()).unwrap());
        }
        for assertion in &assertions {
            assert_eq!(assertion.conditions.audience, SP);
            assert_eq!(assertion.bearer.recipient, ACS);
            assert_eq!(assertion.bearer.in_response_to, response.in_response_to);
        }
        (response, assertions)
    }
}

/// A response whose assertion has no signature any more.
fn without_inner_signature(document: &str) -> String {
    let inside = document.find("<saml:Assertion").unwrap_or(document.len());
    let (before, assertion) = document.split_at(inside);
    let Some((start, rest)) = assertion.split_once("<ds:Signature ") else { return document.to_owned() };
    let (_, end) = rest.split_once("</ds:Signature>").unwrap();
    format!("{before}{start}{end}")
}

/// The document that a page posts.
pub(crate) fn posted(page: &Page) -> String {
    let (action, fields) = page.form("sp.example");
    assert_eq!(action, ACS);
    let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    String::from_utf8(STANDARD.decode(field("SAMLResponse").unwrap()).unwrap()).unwrap()
}

/// The first certificate that our metadata lists.
pub(crate) async fn certificate_of(house: &House) -> Vec<u8> {
    let page = house.browser().get(path::METADATA).await;
    certificate_from(&page.text).remove(0)
}

/// The certificates of the keys that sign messages, by our metadata.
pub(crate) fn certificate_from(metadata: &str) -> Vec<Vec<u8>> {
    certificates_for(metadata, "signing")
}

/// Those of the keys for one use, in their order.
pub(crate) fn certificates_for(metadata: &str, used_for: &str) -> Vec<Vec<u8>> {
    let document = parse_document(metadata.as_bytes(), METADATA, "EntityDescriptor", &Limits::METADATA).unwrap();
    let role = document.unverified().find(METADATA, "IDPSSODescriptor").unwrap();
    let dsig = keyholder_saml::names::DSIG;
    let certificate = |descriptor: &keyholder_saml::xml::Element| {
        let data = descriptor.find(dsig, "KeyInfo").unwrap().find(dsig, "X509Data").unwrap();
        STANDARD.decode(data.find(dsig, "X509Certificate").unwrap().own_text()).unwrap()
    };
    let signs = |descriptor: &&keyholder_saml::xml::Element| descriptor.attribute("use") == Some(used_for);
    role.all(METADATA, "KeyDescriptor").filter(signs).map(certificate).collect()
}

pub(crate) fn xmlsec1(mode: &str, files: &[(&str, &[u8])], arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let output = Program::new("xmlsec1").current_dir(folder.path()).arg(mode).args(arguments).output();
    let output = output.unwrap_or_else(|_| panic!("xmlsec1 is missing: cargo xtask test installs it"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Asserts that the signature below the element at this path verifies.
pub(crate) fn xmlsec1_verifies(document: &str, path: &[&str], certificate: &[u8]) {
    let steps: String = path.iter().fold(String::new(), |steps, local| format!("{steps}/*[local-name()='{local}']"));
    let xpath = format!("{steps}/*[local-name()='Signature']");
    let files = [("document.xml", document.as_bytes()), ("certificate.der", certificate)];
    xmlsec1(
        "--verify",
        &files,
        &[
            "--id-attr:ID",
            "urn:oasis:names:tc:SAML:2.0:protocol:Response",
            "--id-attr:ID",
            "urn:oasis:names:tc:SAML:2.0:assertion:Assertion",
            "--id-attr:ID",
            "urn:oasis:names:tc:SAML:2.0:metadata:EntityDescriptor",
            "--node-xpath",
            &xpath,
            "--pubkey-cert-der",
            "certificate.der",
            "document.xml",
        ],
    );
}

fn decrypt(document: &str) -> String {
    let files = [("document.xml", document.as_bytes()), ("key.pem", KEY.1.as_bytes())];
    xmlsec1("--decrypt", &files, &["--privkey-pem", "key.pem", "document.xml"])
}

/// Whether a document verifies as a whole with one of these certificates, by our own reader.
pub(crate) fn verifies(document: &str, certificates: &[Vec<u8>]) -> bool {
    let keys: Vec<_> = certificates
        .iter()
        .map(|certificate| Certificate::from_der(certificate.clone()).unwrap().public_key().unwrap())
        .collect();
    let gated = parse_document(document.as_bytes(), PROTOCOL, "Response", &Limits::METADATA).unwrap();
    verify_enveloped(&gated, &keys).is_ok()
}

/// The service provider's key.
pub(crate) fn signer() -> &'static NativeSigner {
    &KEY.0
}

/// The address to which a message sends a browser.
pub(crate) fn outgoing(message: keyholder_saml::logout::Outgoing) -> String {
    match message {
        keyholder_saml::logout::Outgoing::Redirect { url } => url,
        other => panic!("{other:?}"),
    }
}
