//! SAML: sign-ons with a live session, by what is signed and encrypted, and a signed request that is posted.
//!
//! Owns its service providers, which are metadata and nothing else: nobody is there, the load generator reads the page that would post.
//! `openssl` makes their keys and signs the request.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::http::{Connection, Result, encode, post};
use super::load::{Client, MOST_REQUESTS};
use super::rows::{Report, Row, goals};
use super::seed::Application;
use super::sign_in::Browser;
use super::{Bench, CONNECTIONS};
use crate::run::{Failure, run, write};

const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";

/// Each service provider: its name, what its registration says, and what is in its row's name.
const PROVIDERS: [(&str, &str, &str); 3] = [
    ("saml-response", "sign = \"response\", encrypt = \"never\"", "response signed"),
    ("saml-both", "sign = \"both\", encrypt = \"never\"", "response and assertion signed"),
    ("saml-encrypted", "sign = \"both\", encrypt = \"always\"", "both signed, assertion encrypted"),
];

/// Files of the service providers, which share a key.
#[derive(Debug)]
pub(super) struct Providers {
    folder: PathBuf,
}

impl Providers {
    /// Makes the key and the metadata.
    pub(super) fn make(folder: &Path) -> std::result::Result<Self, Failure> {
        let made = Self { folder: folder.join("saml") };
        write(&made.folder.join(".made"), "")?;
        let (key, pem) = (made.key(), made.folder.join("certificate.pem"));
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=bench", "-keyout"]);
        run(openssl.arg(key).arg("-out").arg(&pem).stderr(Stdio::null()))?;
        let text = std::fs::read_to_string(&pem).map_err(|source| Failure::File { path: pem, source })?;
        let certificate: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
        for (id, ..) in PROVIDERS {
            write(&made.folder.join(format!("{id}.xml")), &metadata(id, &certificate))?;
        }
        Ok(made)
    }

    fn key(&self) -> PathBuf {
        self.folder.join("key.pem")
    }
}

/// What is applied. Metadata lies beside the file, in `saml`.
pub(super) fn describe() -> String {
    PROVIDERS.iter().fold(String::new(), |mut text, (id, settings, _)| {
        let _ = write!(
            text,
            "\n[[application]]\nclient_id = \"{id}\"\nname = \"{id}\"\nschools = [\"bench\"]\nconsent = \"first-party\"\n\
             saml = {{ metadata_file = \"saml/{id}.xml\", template = \"safeguarding\", {settings} }}\n"
        );
        text
    })
}

fn entity_id(id: &str) -> String {
    format!("http://127.0.0.1:9/{id}")
}

fn metadata(id: &str, certificate: &str) -> String {
    let key = |usage: &str| {
        format!(
            "<KeyDescriptor use=\"{usage}\"><KeyInfo xmlns=\"{DSIG}\"><X509Data><X509Certificate>{certificate}</X509Certificate>\
             </X509Data></KeyInfo></KeyDescriptor>"
        )
    };
    format!(
        "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{0}\"><SPSSODescriptor \
         protocolSupportEnumeration=\"{PROTOCOL}\">{1}{2}<AssertionConsumerService \
         Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"{0}/acs\" index=\"0\"/></SPSSODescriptor>\
         </EntityDescriptor>",
        entity_id(id),
        key("signing"),
        key("encryption")
    )
}

/// A request in canonical form, so that it can be signed as it stands.
fn authn_request(port: u16, id: &str, number: &str) -> String {
    format!(
        "<samlp:AuthnRequest xmlns:samlp=\"{PROTOCOL}\" Destination=\"http://localhost:{port}/saml/sso\" ID=\"_{number}\" \
         IssueInstant=\"{}\" Version=\"2.0\"><saml:Issuer xmlns:saml=\"{ASSERTION}\">{}</saml:Issuer></samlp:AuthnRequest>",
        jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        entity_id(id)
    )
}

/// By Redirect: in one stored block (RFC 1951 3.2.4), which the server unpacks as any other.
fn address(port: u16, id: &str, number: &str) -> String {
    let text = authn_request(port, id, number);
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    let head = [&[1][..], &length.to_le_bytes(), &(!length).to_le_bytes()].concat();
    let packed = STANDARD.encode([head.as_slice(), text.as_bytes()].concat());
    format!("/saml/sso?SAMLRequest={}", encode(&packed))
}

/// Signs on again and again.
struct SignOn {
    browser: Browser,
    port: u16,
    provider: &'static str,
    client: usize,
    count: usize,
}

impl Client for SignOn {
    fn once(&mut self, connection: &mut Connection) -> Result<()> {
        self.count += 1;
        let number = format!("bench-{}-{}-{}", self.provider, self.client, self.count);
        self.browser.sign_on_saml(connection, &address(self.port, self.provider, &number))
    }
}

/// All rows.
pub(super) fn sign_ons(
    report: &mut Report,
    bench: &Bench<'_>,
    application: &Application,
    providers: &Providers,
) -> Result<()> {
    println!("SAML");
    let port = bench.server.port;
    let people = bench.sign_in_people(application)?;
    for (provider, _, what) in PROVIDERS {
        let clients = people.iter().cycle().take(CONNECTIONS).enumerate();
        let clients =
            clients.map(|(client, (browser, _))| SignOn { browser: browser.clone(), port, provider, client, count: 0 });
        let (_, clients) = bench.load(bench.extent.warm_up, MOST_REQUESTS, clients.collect())?;
        let (measured, _) = bench.load(bench.extent.time, MOST_REQUESTS, clients)?;
        let name = format!("SAML sign-on with a live session (RSA-2048), {what}");
        report.rows.push(Row::new(&name, &measured, Some(goals::SAML_SIGN_ON)));
    }
    let request = posted(port, providers).map_err(|failure| failure.to_string())?;
    let clients =
        || (0..CONNECTIONS).map(|_| |connection: &mut Connection| go_on(connection, &request)).collect::<Vec<_>>();
    bench.load(bench.extent.warm_up, MOST_REQUESTS, clients())?;
    let (measured, _) = bench.load(bench.extent.time, MOST_REQUESTS, clients())?;
    report.rows.push(Row::new("SAML request, signed and posted: gate, verify, check", &measured, None));
    Ok(())
}

fn go_on(connection: &mut Connection, request: &[u8]) -> Result<()> {
    let answer = connection.send(request)?;
    let on = answer.header("location").is_some_and(|to| to.contains("/saml/sso/continue?"));
    if on { Ok(()) } else { Err(answer.complaint(request)) }
}

/// A form with a signed request. It counts for five minutes, and any number of times until a response is made for it.
fn posted(port: u16, providers: &Providers) -> std::result::Result<Vec<u8>, Failure> {
    let [(provider, ..), ..] = PROVIDERS;
    let unsigned = authn_request(port, provider, "bench-posted");
    let digest = STANDARD.encode(openssl(&["dgst", "-sha256", "-binary"], None, unsigned.as_bytes())?);
    let info = format!(
        "<ds:SignedInfo xmlns:ds=\"{DSIG}\"><ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">\
         </ds:CanonicalizationMethod><ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\">\
         </ds:SignatureMethod><ds:Reference URI=\"#_bench-posted\"><ds:Transforms><ds:Transform \
         Algorithm=\"{DSIG}enveloped-signature\"></ds:Transform><ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\">\
         </ds:Transform></ds:Transforms><ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod>\
         <ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
    );
    let value =
        STANDARD.encode(openssl(&["dgst", "-sha256", "-binary", "-sign"], Some(&providers.key()), info.as_bytes())?);
    let signature = format!(
        "<ds:Signature xmlns:ds=\"{DSIG}\">{info}<ds:SignatureValue>{value}</ds:SignatureValue></ds:Signature>"
    );
    // The instant is that of the digest.
    let signed = unsigned.replace("</saml:Issuer>", &format!("</saml:Issuer>{signature}"));
    Ok(post("/saml/sso", &[], &[("SAMLRequest", &STANDARD.encode(signed))]))
}

/// Runs `openssl`, giving it something to read.
fn openssl(arguments: &[&str], key: Option<&Path>, input: &[u8]) -> std::result::Result<Vec<u8>, Failure> {
    let failed = |source| Failure::Start { program: "openssl".into(), source };
    let mut command = Command::new("openssl");
    command.args(arguments).args(key).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input).map_err(failed)?;
    }
    let output = child.wait_with_output().map_err(failed)?;
    let status = output.status;
    if status.success() { Ok(output.stdout) } else { Err(Failure::Status { program: "openssl".into(), status }) }
}
