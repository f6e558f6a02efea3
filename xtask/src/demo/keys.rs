//! The demo's keys: soft keys that people added themselves, and keyboard keys that a school hands out.
//!
//! Soft keys are added once, when a data directory is new, through the pages that everybody uses. Their secrets stand in `soft-keys.json` afterwards, so that a later start knows them.

use std::collections::BTreeMap;

use super::accounts::{ACCOUNTS, Account};
use super::directory::Directory;
use super::keyholder::Keyholder;
use super::servers::{Running, Stop};
use crate::run::{Failure, write};
use crate::soft_key;
use crate::visitor::Visitor;

/// The school whose keys stand in `config/demo/managed-keys.xml`.
pub(super) const SCHOOL: &str = "oakfield-primary";

/// A keyboard key of the demo.
#[derive(Debug)]
pub(super) struct ManagedKey {
    pub(super) serial: &'static str,
    /// As in the file; HOTP, six digits, the counter begins with 0.
    pub(super) secret: &'static str,
    /// Who has it; `None`: it is in stock.
    pub(super) holder: Option<&'static str>,
}

/// What `config/demo/managed-keys.xml` holds.
pub(super) const MANAGED_KEYS: [ManagedKey; 3] = [
    ManagedKey {
        serial: "90210001",
        secret: "4b6579686f6c6465722d64656d6f2d2d2d2d2d31",
        holder: Some("amira.hussain@oakfield.example"),
    },
    ManagedKey { serial: "90210002", secret: "4b6579686f6c6465722d64656d6f2d2d2d2d2d32", holder: None },
    ManagedKey { serial: "90210003", secret: "4b6579686f6c6465722d64656d6f2d2d2d2d2d33", holder: None },
];

/// Secrets in base32, by e-mail address.
pub(super) type SoftKeys = BTreeMap<String, String>;

/// Adds the soft keys that are not there yet, and says them all.
pub(super) fn soft_keys(
    keyholder: &Keyholder,
    directory: &Directory,
    port: u16,
    stop: &Stop,
) -> Result<SoftKeys, Failure> {
    let kept = directory.join("soft-keys.json");
    let mut keys: SoftKeys =
        std::fs::read(&kept).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
    let wanting = ACCOUNTS.iter().filter(|account| account.has_soft_key && !keys.contains_key(account.email));
    let wanting: Vec<&Account> = wanting.collect();
    if wanting.is_empty() {
        return Ok(keys);
    }
    println!("adding soft keys for {} accounts", wanting.len());
    let mut running = Running::start(vec![("keyholder", keyholder.serve_quietly(directory)?)])?;
    running.wait_until_they_answer(&[port], false, stop)?;
    for account in wanting {
        let password = account.password.unwrap_or_default();
        let secret = soft_key::add(&mut Visitor::new(port), account.email, password, &directory.mails())?;
        keys.insert(account.email.to_owned(), secret);
        // One by one: a key that was added and whose secret nobody knows locks its account.
        write(&kept, &format!("{:#}\n", serde_json::json!(keys)))?;
    }
    Ok(keys)
}
