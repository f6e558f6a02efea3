//! What tests of this crate share: keys of both sides, one service provider, vectors.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU8, Ordering};

use keyholder_core::random::Random;
use keyholder_core::time::Timestamp;

use crate::certificate::Certificate;
use crate::encryption::DecryptionKey;
use crate::external::{Recipient, xmlsec1_encrypts};
use crate::names::{AES128_GCM, RSA_OAEP_MGF1P};
use crate::service_provider::{
    AssertionConsumerService, LogoutBinding, ServiceProvider, SingleLogoutService, SpMetadata,
};
use crate::signer::{NativeSigner, Signer as _};
use crate::templates::Template;

/// 2027-01-15T08:00:00Z: the vectors' present.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
pub(crate) const IDP: &str = "https://id.example/saml/metadata";
pub(crate) const SSO: &str = "https://id.example/saml/sso";
pub(crate) const SLO: &str = "https://id.example/saml/slo";
pub(crate) const SP: &str = "https://sp.example/metadata";
pub(crate) const ACS: &str = "https://sp.example/acs";

/// Randomness that can be foretold, and does not repeat at once.
#[derive(Debug, Default)]
pub(crate) struct Counting(AtomicU8);

impl Random for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Our key, the service provider's, and somebody else's.
pub(crate) static OURS: LazyLock<NativeSigner> = LazyLock::new(generate);
pub(crate) static THEIRS: LazyLock<NativeSigner> = LazyLock::new(generate);
pub(crate) static OTHERS: LazyLock<NativeSigner> = LazyLock::new(generate);

fn generate() -> NativeSigner {
    let key = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
    let certificate = rcgen::CertificateParams::new(vec![]).unwrap().self_signed(&key).unwrap();
    NativeSigner::from_pkcs8(&key.serialize_der(), certificate.der().to_vec()).unwrap()
}

pub(crate) fn certificate_of(signer: &NativeSigner) -> Certificate {
    Certificate::from_der(signer.certificate().to_vec()).unwrap()
}

/// A service provider with two endpoints, and its own key.
pub(crate) fn provider() -> ServiceProvider {
    let acs = |location: &str, index, is_default| AssertionConsumerService {
        location: location.to_owned(),
        index,
        is_default,
    };
    let slo = |binding, location: &str, response_location: Option<&str>| SingleLogoutService {
        binding,
        location: location.to_owned(),
        response_location: response_location.map(str::to_owned),
    };
    let metadata = SpMetadata {
        assertion_consumer_services: vec![acs("https://sp.example/other", 3, None), acs(ACS, 7, Some(true))],
        single_logout_services: vec![
            slo(LogoutBinding::Redirect, "https://sp.example/slo", Some("https://sp.example/slo/done")),
            slo(LogoutBinding::Soap, "https://sp.example/slo/soap", None),
        ],
        signing: vec![certificate_of(&THEIRS)],
        ..SpMetadata::by_hand(SP, ACS)
    };
    ServiceProvider { metadata, settings: Template::Generic.settings() }
}

/// What the name in `logout/good.xml` is.
pub(crate) const GOOD_NAME: &str = r#"<saml:NameID xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">abcdefgh</saml:NameID>"#;

/// The key of `tests/vectors/saml/keys` for which others encrypt to us.
pub(crate) static OPENING: LazyLock<DecryptionKey> = LazyLock::new(|| {
    let key = vector("keys/service-provider.key.der");
    DecryptionKey::from_pkcs8(&key, &vector("keys/service-provider.certificate.der")).unwrap()
});

/// An `EncryptedID` for [`OPENING`], by another implementation.
pub(crate) fn encrypted_id(name: &str) -> String {
    let certificate = &vector("keys/service-provider.certificate.der");
    let recipient = Recipient { certificate, content: AES128_GCM, transport: RSA_OAEP_MGF1P };
    xmlsec1_encrypts(name, &recipient)
}

/// The path of a vector.
pub(crate) fn vector_path(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/saml")).join(name)
}

/// The bytes of a vector.
pub(crate) fn vector(name: &str) -> Vec<u8> {
    std::fs::read(vector_path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The names of the vectors in a folder.
pub(crate) fn vectors(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(vector_path(folder)).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| format!("{folder}/{}", entry.unwrap().file_name().to_str().unwrap())).collect();
    names.sort();
    names
}

/// Asserts that a document is valid against the OASIS schemas. They and xmllint are Debian's `opensaml-schemas` and
/// `libxml2-utils`.
pub(crate) fn assert_valid(document: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (file, schema) = (folder.path().join("document.xml"), folder.path().join("all.xsd"));
    std::fs::write(&file, document).unwrap();
    std::fs::write(&schema, SCHEMAS).unwrap();
    let output = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema"])
        .args([&schema, &file])
        .output()
        .unwrap_or_else(|_| panic!("xmllint is missing: apt-get install libxml2-utils opensaml-schemas"));
    assert!(output.status.success(), "{}\n{document}", String::from_utf8_lossy(&output.stderr));
}

/// All schemas at once, so that none of them looks for another in the network.
const SCHEMAS: &str = r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
<xs:import namespace="http://www.w3.org/XML/1998/namespace" schemaLocation="/usr/share/xml/xmltooling/xml.xsd"/>
<xs:import namespace="http://www.w3.org/2000/09/xmldsig#" schemaLocation="/usr/share/xml/xmltooling/xmldsig-core-schema.xsd"/>
<xs:import namespace="http://www.w3.org/2001/04/xmlenc#" schemaLocation="/usr/share/xml/xmltooling/xenc-schema.xsd"/>
<xs:import namespace="http://schemas.xmlsoap.org/soap/envelope/" schemaLocation="/usr/share/xml/xmltooling/soap-envelope.xsd"/>
<xs:import namespace="urn:oasis:names:tc:SAML:2.0:assertion" schemaLocation="/usr/share/xml/opensaml/saml-schema-assertion-2.0.xsd"/>
<xs:import namespace="urn:oasis:names:tc:SAML:2.0:protocol" schemaLocation="/usr/share/xml/opensaml/saml-schema-protocol-2.0.xsd"/>
<xs:import namespace="urn:oasis:names:tc:SAML:2.0:metadata" schemaLocation="/usr/share/xml/opensaml/saml-schema-metadata-2.0.xsd"/>
<xs:import namespace="urn:oasis:names:tc:SAML:metadata:ui" schemaLocation="/usr/share/xml/opensaml/sstc-saml-metadata-ui-v1.0.xsd"/>
<xs:import namespace="urn:oasis:names:tc:SAML:metadata:algsupport" schemaLocation="/usr/share/xml/opensaml/sstc-saml-metadata-algsupport-v1.0.xsd"/>
</xs:schema>
"#;
