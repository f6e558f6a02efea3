//! The demo's keys: soft keys that people added themselves, and keyboard keys that a school hands out.
//!
//! Soft keys are added once, when a data directory is new, through the pages that everybody uses: sign in, ask for the link, open it,
//! add the key with a code. Their secrets stand in `soft-keys.json` afterwards, so that a later start knows them.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, SystemTime};

use totp_rs::{Builder, Secret};

use super::accounts::{ACCOUNTS, Account};
use super::directory::Directory;
use super::keyholder::Keyholder;
use super::servers::{Running, Stop};
use super::visitor::{Page, Visitor, path_of};
use crate::run::{Failure, write};

/// The school whose keys stand in `config/demo/managed-keys.xml`.
pub(super) const SCHOOL: &str = "oakfield-primary";
const TAB: &str = "/account/security-keys";
/// How often a folder is looked into for a mail, and how many times at most.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(50);
const MOST_LOOKS: usize = 600;
/// Seconds for which a code is shown.
const STEP: u64 = 30;

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
        let secret = add_soft_key(account, port, &directory.mails())?;
        keys.insert(account.email.to_owned(), secret);
        // One by one: a key that was added and whose secret nobody knows locks its account.
        write(&kept, &format!("{:#}\n", serde_json::json!(keys)))?;
    }
    Ok(keys)
}

/// What a person does, page by page. Gives back the secret that the page showed.
fn add_soft_key(account: &Account, port: u16, mails: &Path) -> Result<String, Failure> {
    let mut visitor = Visitor::new(port);
    let page = visitor.open(TAB)?;
    let page = visitor.submit(&page, "/email", &[("email", account.email)])?;
    visitor.submit(&page, "/password", &[("password", account.password.unwrap_or_default())])?;
    let page = visitor.open(TAB)?;
    if page.codes.is_empty() && !page.is_at(TAB) {
        return Err(page.without("the tab Security keys"));
    }
    visitor.submit(&page, &format!("{TAB}/first"), &[])?;
    let link = mailed_link(account.email, mails)?;
    let page = visitor.open(path_of(&link))?;
    let page = visitor.submit(&page, path_of(&link), &[])?;
    let mut page = visitor.submit(&page, &format!("{TAB}/add/soft-key"), &[])?;
    let secret = secret_of(&page)?;
    // The code of a moment ago: that of now still signs in. A second time, where that one just ended.
    for ago in [STEP, 0] {
        let code = code(&secret, ago)?;
        let next = visitor.submit(&page, "", &[("name", "Demo phone"), ("f-code", &code)])?;
        if next.is_at(TAB) {
            return Ok(secret);
        }
        page = next;
    }
    Err(page.without("taken the code"))
}

/// The secret stands on the page in groups of four, once for each way of taking it over.
fn secret_of(page: &Page) -> Result<String, Failure> {
    let groups: String = page.codes.concat();
    let half = groups.get(..groups.len() / 2).filter(|half| groups.ends_with(half));
    let secret = half.unwrap_or(&groups).to_owned();
    Secret::try_from_base32(&secret).map(|_| secret).map_err(|_| page.without("a secret in base32"))
}

#[allow(clippy::disallowed_methods, reason = "a developer's command: codes are those of now")]
fn code(secret: &str, ago: u64) -> Result<String, Failure> {
    let failed = |what: &str| Failure::Told(format!("a code cannot be computed: {what}"));
    let secret = Secret::try_from_base32(secret).map_err(|error| failed(&format!("{error:?}")))?;
    let totp = Builder::new().with_secret(secret).build().map_err(|error| failed(&error.to_string()))?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    Ok(totp.generate(now.saturating_sub(ago)).to_string())
}

/// The link in the mail that was just asked for.
fn mailed_link(email: &str, mails: &Path) -> Result<String, Failure> {
    for _ in 0..MOST_LOOKS {
        if let Some(link) = newest_link(email, mails) {
            return Ok(link);
        }
        std::thread::sleep(LOOK_AGAIN_AFTER);
    }
    Err(Failure::Told(format!("no mail with a link came to {email}")))
}

fn newest_link(email: &str, mails: &Path) -> Option<String> {
    let mut files: Vec<_> = mails.read_dir().ok()?.filter_map(Result::ok).map(|entry| entry.path()).collect();
    files.sort();
    files.iter().rev().filter(|file| file.extension().is_some_and(|end| end == "eml")).find_map(|file| {
        // Quoted-printable (RFC 2045 6.7), as far as addresses need it.
        let mail = std::fs::read_to_string(file).ok()?.replace("=\r\n", "").replace("=3D", "=");
        let start = mail.contains(email).then(|| mail.find("/link/"))??;
        let link = mail.get(start..)?.split(|letter: char| letter.is_whitespace() || "\"<".contains(letter)).next()?;
        Some(link.to_owned())
    })
}
