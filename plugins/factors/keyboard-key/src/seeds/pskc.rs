//! Keys in a Portable Symmetric Key Container (PSKC, RFC 6030).
//!
//! Owns the reading of the container; what is encrypted in it is [`protection`]'s. Accepts HOTP keys (10.1) and, by the vendor's
//! algorithm name, Yubico OTP keys. Does not own time-based keys: those belong to phones. A document type is refused, so there are no
//! entities to expand. A signature on the container is not checked, and the result says so.

mod dates;
mod protection;

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use roxmltree::{Document, Node, ParsingOptions};

use self::protection::Protection;
use super::Seeds;
use crate::stored::{Key, Secret};
use crate::yubico::{from_modhex, to_modhex};

const PSKC: &str = "urn:ietf:params:xml:ns:keyprov:pskc";
const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
const HOTP: [&str; 2] = ["urn:ietf:params:xml:ns:keyprov:pskc:hotp", "http://www.ietf.org/keyprov/pskc#hotp"];
const YUBICO: &str = "http://www.yubico.com/#yubikey-aes";
/// More than any container of [`super::MOST_KEYS`] keys needs.
const MOST_NODES: u32 = 1_000_000;

pub(super) fn read(text: &str, secret: Option<&[u8]>) -> Seeds {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MOST_NODES, ..ParsingOptions::default() };
    let document = match Document::parse_with_options(text, options) {
        Ok(document) => document,
        Err(error) => return Seeds::refused(format!("it is not readable XML: {error}")),
    };
    let root = document.root_element();
    if !root.has_tag_name((PSKC, "KeyContainer")) {
        return Seeds::refused("it is not a PSKC container (RFC 6030)");
    }
    // RFC 6030 4.1: a version with another major number may mean anything.
    if !root.attribute("Version").is_some_and(|version| version.starts_with("1.")) {
        return Seeds::refused("it is of another version of PSKC than 1");
    }
    let protection = match Protection::of(root, secret) {
        Ok(protection) => protection,
        Err(problem) => return Seeds::refused(problem),
    };
    let mut seeds = Seeds::default();
    if child(root, DSIG, "Signature").is_some() {
        seeds.problems.push(("file".to_owned(), "its signature was not checked".to_owned()));
    }
    let mut number = 0;
    for package in children(root, "KeyPackage") {
        for node in children(package, "Key") {
            number += 1;
            let serial = serial(package, node);
            let place =
                serial.as_ref().map_or_else(|| format!("key {number}"), |serial| format!("key {number}, {serial}"));
            seeds.take(place, key(package, node, serial.unwrap_or_default(), &protection));
        }
    }
    if number == 0 {
        return Seeds::refused("it holds no keys");
    }
    seeds
}

fn key(package: Node<'_, '_>, node: Node<'_, '_>, serial: String, protection: &Protection) -> Result<Key, String> {
    let data = element(node, "Data").ok_or("it has no data")?;
    let secret = element(data, "Secret").ok_or("it has no secret")?;
    let policy = Policy::of(node)?;
    let secret = match node.attribute("Algorithm") {
        Some(algorithm) if HOTP.contains(&algorithm) => Secret::Hotp {
            digits: digits(node)?,
            next: counter(data, protection)?,
            secret: value(secret, protection)?,
            prefix: None,
        },
        Some(YUBICO) => {
            let (public_id, private_id) = yubico_ids(node).ok_or("it does not say its public and private id")?;
            Secret::Yubico { public_id, private_id, aes_key: value(secret, protection)?, last: None }
        }
        Some(other) => return Err(format!("its algorithm is {other}; HOTP is what a keyboard key has")),
        None => return Err("it does not say its algorithm".to_owned()),
    };
    let manufacturer =
        element(package, "DeviceInfo").and_then(|device| text(device, "Manufacturer")).map(str::to_owned);
    Ok(Key { secret, serial, manufacturer, valid_from: policy.valid_from, valid_until: policy.valid_until })
}

/// As on the case, else the key's id.
fn serial(package: Node<'_, '_>, key: Node<'_, '_>) -> Option<String> {
    let device = element(package, "DeviceInfo").and_then(|device| text(device, "SerialNo"));
    device.or_else(|| key.attribute("Id")).map(|serial| serial.trim().to_owned()).filter(|serial| !serial.is_empty())
}

/// How many digits its codes have (RFC 6030 4.3.4); six where it does not say.
fn digits(key: Node<'_, '_>) -> Result<u8, String> {
    let Some(parameters) = element(key, "AlgorithmParameters") else { return Ok(6) };
    // HOTP is defined over SHA-1 (RFC 4226 5.2).
    if text(parameters, "Suite").is_some_and(|suite| !suite.to_ascii_uppercase().replace('-', "").contains("SHA1")) {
        return Err("its hash function is not SHA-1".to_owned());
    }
    let Some(format) = element(parameters, "ResponseFormat") else { return Ok(6) };
    if format.attribute("Encoding").is_some_and(|encoding| encoding != "DECIMAL") {
        return Err("its codes are not decimal".to_owned());
    }
    if format.attribute("CheckDigits").is_some_and(|check| ["true", "1"].contains(&check)) {
        return Err("its codes have a check digit".to_owned());
    }
    format.attribute("Length").unwrap_or("6").parse().map_err(|_| "its number of digits is not a number".to_owned())
}

/// The first counter; 0 where it does not say.
fn counter(data: Node<'_, '_>, protection: &Protection) -> Result<u64, String> {
    let Some(counter) = element(data, "Counter") else { return Ok(0) };
    if let Some(plain) = text(counter, "PlainValue") {
        return plain.parse().map_err(|_| "its counter is not a number".to_owned());
    }
    // RFC 6030 4.2: numbers are encrypted as octets in network order.
    let bytes = value(counter, protection)?;
    let mut wide = [0; 8];
    let (_, low) =
        wide.split_at_mut_checked(8_usize.saturating_sub(bytes.len())).ok_or("its counter cannot be read")?;
    if low.len() != bytes.len() {
        return Err("its counter is too long".to_owned());
    }
    low.copy_from_slice(&bytes);
    Ok(u64::from_be_bytes(wide))
}

/// What an element of `Data` holds, plain or encrypted (RFC 6030 4.2).
fn value(node: Node<'_, '_>, protection: &Protection) -> Result<Vec<u8>, String> {
    if let Some(plain) = text(node, "PlainValue") {
        return base64(plain).ok_or_else(|| "its secret is not base64".to_owned());
    }
    let encrypted = element(node, "EncryptedValue").ok_or("its secret is missing")?;
    protection.open(encrypted, text(node, "ValueMAC"))
}

/// `CN=<public id in modhex>, UID=<private id in hexadecimal>` (the vendor's profile).
fn yubico_ids(key: Node<'_, '_>) -> Option<(String, Vec<u8>)> {
    let user = text(key, "UserId")?;
    let part = |name: &str| {
        let parts = user.split(',').filter_map(|part| part.trim().split_once('='));
        parts.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    let public_id = to_modhex(&from_modhex(part("CN")?)?);
    Some((public_id, HEXLOWER_PERMISSIVE.decode(part("UID")?.as_bytes()).ok()?))
}

/// What its supplier demands (RFC 6030 5). A key whose policy is not understood must not be used.
struct Policy {
    valid_from: Option<u64>,
    valid_until: Option<u64>,
}

impl Policy {
    fn of(key: Node<'_, '_>) -> Result<Self, String> {
        let mut policy = Self { valid_from: None, valid_until: None };
        let Some(node) = element(key, "Policy") else { return Ok(policy) };
        let mut uses = Vec::new();
        for rule in node.children().filter(Node::is_element) {
            let value = rule.text().unwrap_or_default().trim();
            let date = || dates::parse(value).ok_or("its period of validity cannot be read");
            match rule.tag_name().name() {
                _ if rule.tag_name().namespace() != Some(PSKC) => {
                    return Err("its policy holds an unknown rule".to_owned());
                }
                "StartDate" => policy.valid_from = Some(date()?),
                "ExpiryDate" => policy.valid_until = Some(date()?),
                "KeyUsage" => uses.push(value),
                // A PIN that the key itself asks for is no business of ours.
                "PINPolicy" if rule.attribute("PINUsageMode") == Some("Local") => {}
                other => return Err(format!("its policy demands {other}, which is not kept here")),
            }
        }
        if !uses.is_empty() && !uses.contains(&"OTP") {
            return Err("its policy does not allow one-time codes".to_owned());
        }
        Ok(policy)
    }
}

fn child<'a, 'input>(node: Node<'a, 'input>, namespace: &str, name: &str) -> Option<Node<'a, 'input>> {
    node.children().find(|child| child.has_tag_name((namespace, name)))
}

fn element<'a, 'input>(node: Node<'a, 'input>, name: &str) -> Option<Node<'a, 'input>> {
    child(node, PSKC, name)
}

fn children<'a, 'input>(node: Node<'a, 'input>, name: &str) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(move |child| child.has_tag_name((PSKC, name)))
}

fn text<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    element(node, name).and_then(|node| node.text()).map(str::trim).filter(|text| !text.is_empty())
}

/// Base64 with white space in it, as XML has it.
fn base64(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.split_ascii_whitespace().collect::<String>().as_bytes()).ok()
}
