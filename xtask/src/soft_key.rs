//! Soft keys as people add them: sign in, ask for the link, open it, add the key with a code.
//!
//! Owns the pages that lead to a key and the codes that it shows. Does not own who has one.

use std::path::Path;
use std::time::{Duration, SystemTime};

use totp_rs::{Builder, Secret};

use crate::run::Failure;
use crate::visitor::{Page, Visitor, path_of};

const TAB: &str = "/account/security-keys";
/// How often a folder is looked into for a mail, and how many times at most.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(50);
const MOST_LOOKS: usize = 600;
/// Seconds for which a code is shown.
const STEP: u64 = 30;

/// What a person does, page by page, in a fresh browser. Gives back the secret that the page showed, in base32.
pub(crate) fn add(visitor: &mut Visitor, email: &str, password: &str, mails: &Path) -> Result<String, Failure> {
    let page = visitor.open(TAB)?;
    let page = visitor.submit(&page, "/email", &[("email", email)])?;
    visitor.submit(&page, "/password", &[("password", password)])?;
    let page = visitor.open(TAB)?;
    if page.codes.is_empty() && !page.is_at(TAB) {
        return Err(page.without("the tab Security keys"));
    }
    visitor.submit(&page, &format!("{TAB}/first"), &[])?;
    let link = mailed_link(email, mails)?;
    let page = visitor.open(path_of(&link))?;
    let page = visitor.submit(&page, path_of(&link), &[])?;
    let mut page = visitor.submit(&page, &format!("{TAB}/add/soft-key"), &[])?;
    let secret = secret_of(&page)?;
    // The code of a moment ago: that of now still signs in. A second time, where that one just ended.
    for back in [1, 0] {
        let code = code(&secret, step_of_now().saturating_sub(back))?;
        let next = visitor.submit(&page, "", &[("name", "Phone"), ("f-code", &code)])?;
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

/// The number of the step for which codes are shown now.
#[allow(clippy::disallowed_methods, reason = "a developer's command: codes are those of now")]
pub(crate) fn step_of_now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs() / STEP
}

/// The code that is shown in a step.
pub(crate) fn code(secret: &str, step: u64) -> Result<String, Failure> {
    let failed = |what: &str| Failure::Told(format!("a code cannot be computed: {what}"));
    let secret = Secret::try_from_base32(secret).map_err(|error| failed(&format!("{error:?}")))?;
    let totp = Builder::new().with_secret(secret).build().map_err(|error| failed(&error.to_string()))?;
    Ok(totp.generate(step.saturating_mul(STEP)).to_string())
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
