//! Programs of others that tests ask: `xmlsec1` and `xmllint`. `cargo xtask test` installs them.
#![allow(clippy::unwrap_used, clippy::panic, clippy::format_collect, reason = "tests")]

use std::path::Path;
use std::process::{Command, Output};

use crate::names::{ASSERTION, METADATA, PROTOCOL};

/// What may carry a signature, so that `xmlsec1` knows which attributes are IDs: there is no document type to say so.
const SIGNED: [(&str, &str); 7] = [
    (PROTOCOL, "AuthnRequest"),
    (PROTOCOL, "Response"),
    (PROTOCOL, "LogoutRequest"),
    (PROTOCOL, "LogoutResponse"),
    (ASSERTION, "Assertion"),
    (METADATA, "EntityDescriptor"),
    (METADATA, "EntitiesDescriptor"),
];

fn run(command: &mut Command) -> Output {
    let program = command.get_program().to_owned();
    command.output().unwrap_or_else(|_| panic!("{program:?} is missing: cargo xtask test installs it"))
}

fn files(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn xmlsec1(mode: &str, folder: &Path) -> Command {
    let mut command = Command::new("xmlsec1");
    command.current_dir(folder).arg(mode);
    for (namespace, local) in SIGNED {
        command.args(["--id-attr:ID", &format!("{namespace}:{local}")]);
    }
    command
}

/// Asserts that the first signature of a document verifies with the certificate, by another implementation.
pub(crate) fn assert_xmlsec1_verifies(document: &str, certificate: &[u8]) {
    let folder = files(&[("document.xml", document.as_bytes()), ("certificate.der", certificate)]);
    let output = run(xmlsec1("--verify", folder.path()).args(["--pubkey-cert-der", "certificate.der", "document.xml"]));
    assert!(output.status.success(), "{}\n{document}", String::from_utf8_lossy(&output.stderr));
}

/// Asserts the same of the signature that is a child of the element at this path of local names.
pub(crate) fn assert_xmlsec1_verifies_at(document: &str, path: &[&str], certificate: &[u8]) {
    let folder = files(&[("document.xml", document.as_bytes()), ("certificate.der", certificate)]);
    let steps: String = path.iter().map(|local| format!("/*[local-name()='{local}']")).collect();
    let xpath = format!("{steps}/*[local-name()='Signature']");
    let output = run(xmlsec1("--verify", folder.path()).args([
        "--node-xpath",
        &xpath,
        "--pubkey-cert-der",
        "certificate.der",
        "document.xml",
    ]));
    assert!(output.status.success(), "{}\n{document}", String::from_utf8_lossy(&output.stderr));
}

/// A private key in PKCS #8, as the program wants it.
fn pem(key: &[u8]) -> String {
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", crate::base64::encode(key))
}

/// Has a template with an empty signature signed.
pub(crate) fn xmlsec1_signs(template: &str, key: &[u8]) -> String {
    let folder = files(&[("template.xml", template.as_bytes()), ("key.pem", pem(key).as_bytes())]);
    let output = run(xmlsec1("--sign", folder.path()).args(["--privkey-pem", "key.pem", "template.xml"]));
    assert!(output.status.success(), "{}\n{template}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Has the first `EncryptedData` of a document decrypted.
pub(crate) fn xmlsec1_decrypts(document: &str, key: &[u8]) -> String {
    let folder = files(&[("document.xml", document.as_bytes()), ("key.pem", pem(key).as_bytes())]);
    let output = run(Command::new("xmlsec1").current_dir(folder.path()).args([
        "--decrypt",
        "--privkey-pem",
        "key.pem",
        "document.xml",
    ]));
    assert!(output.status.success(), "{}\n{document}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// For whom and by what something is encrypted.
pub(crate) struct Recipient<'a> {
    pub(crate) certificate: &'a [u8],
    pub(crate) content: &'a str,
    pub(crate) transport: &'a str,
}

/// Has an identifier encrypted: the `EncryptedID`.
pub(crate) fn xmlsec1_encrypts(name: &str, recipient: &Recipient<'_>) -> String {
    let Recipient { certificate, content, transport } = recipient;
    let template = format!(
        r#"<xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" Type="http://www.w3.org/2001/04/xmlenc#Element">
<xenc:EncryptionMethod Algorithm="{content}"/>
<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><xenc:EncryptedKey>
<xenc:EncryptionMethod Algorithm="{transport}"/>
<xenc:CipherData><xenc:CipherValue/></xenc:CipherData>
</xenc:EncryptedKey></ds:KeyInfo>
<xenc:CipherData><xenc:CipherValue/></xenc:CipherData>
</xenc:EncryptedData>"#
    );
    let document = format!(r#"<saml:EncryptedID xmlns:saml="{ASSERTION}">{name}</saml:EncryptedID>"#);
    let parts = [("template.xml", template.as_bytes()), ("name.xml", document.as_bytes()), ("key.der", *certificate)];
    let folder = files(&parts);
    let session = if content.contains("128") {
        "aes-128"
    } else if content.contains("tripledes") {
        "des-192"
    } else {
        "aes-256"
    };
    let output = run(Command::new("xmlsec1").current_dir(folder.path()).args([
        "--encrypt",
        "--pubkey-cert-der",
        "key.der",
        "--session-key",
        session,
        "--xml-data",
        "name.xml",
        "--node-xpath",
        "/*/*",
        "template.xml",
    ]));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let document = String::from_utf8(output.stdout).unwrap();
    document.split_once("?>").map_or(document.clone(), |(_, rest)| rest.trim().to_owned())
}

/// Exclusive C14N of a whole document, by libxml2.
pub(crate) fn xmllint_canonical(document: &str) -> String {
    let folder = files(&[("document.xml", document.as_bytes())]);
    let output =
        run(Command::new("xmllint").current_dir(folder.path()).args(["--nonet", "--exc-c14n", "document.xml"]));
    assert!(output.status.success(), "{}\n{document}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Every schema, from the packages `opensaml-schemas` and `xmltooling-schemas`, so that none looks for another in the network.
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

/// Asserts that the schemas of OASIS validate a document.
pub(crate) fn assert_valid(document: &str) {
    let folder = files(&[("all.xsd", SCHEMAS.as_bytes()), ("document.xml", document.as_bytes())]);
    let output = run(Command::new("xmllint").current_dir(folder.path()).args([
        "--nonet",
        "--noout",
        "--schema",
        "all.xsd",
        "document.xml",
    ]));
    assert!(output.status.success(), "{}\n{document}", String::from_utf8_lossy(&output.stderr));
}
