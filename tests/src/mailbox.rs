//! The folder in which Keyholder leaves its mails.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use mail_parser::MessageParser;

/// How often the folder is looked at, and how many times at most: a condition is waited for, no time is measured.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(50);
const MOST_LOOKS: usize = 600;

/// Everybody's mails.
#[derive(Debug)]
pub struct Mailbox {
    folder: PathBuf,
    read: Mutex<BTreeSet<PathBuf>>,
}

/// One mail.
#[derive(Debug, Clone)]
pub struct Letter {
    pub to: String,
    pub subject: String,
    /// The part in plain text.
    pub text: String,
}

impl Mailbox {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, read: Mutex::default() }
    }

    /// The next mail to an address that nobody has read yet; waits for it.
    pub async fn next(&self, to: &str) -> Letter {
        for _ in 0..MOST_LOOKS {
            if let Some(letter) = self.unread(to).into_iter().next() {
                self.read.lock().unwrap().insert(letter.0);
                return letter.1;
            }
            tokio::time::sleep(LOOK_AGAIN_AFTER).await;
        }
        panic!("no mail came to {to}");
    }

    /// Every mail to an address, in the order of their file names.
    pub fn all(&self, to: &str) -> Vec<Letter> {
        files(&self.folder).iter().filter_map(|path| parse(path)).filter(|letter| letter.to == to).collect()
    }

    fn unread(&self, to: &str) -> Vec<(PathBuf, Letter)> {
        let read = self.read.lock().unwrap();
        let fresh = files(&self.folder).into_iter().filter(|path| !read.contains(path));
        fresh
            .filter_map(|path| parse(&path).map(|letter| (path, letter)))
            .filter(|(_, letter)| letter.to == to)
            .collect()
    }
}

impl Letter {
    /// The first address in the mail that leads to a link of ours.
    pub fn link(&self) -> String {
        let start = self.text.find("/link/").and_then(|at| self.text[..at].rfind("http")).expect("a link in the mail");
        self.text[start..].split_whitespace().next().unwrap().to_owned()
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|end| end == "eml")).collect();
    files.sort();
    files
}

fn parse(path: &Path) -> Option<Letter> {
    let bytes = std::fs::read(path).ok()?;
    let message = MessageParser::default().parse(&bytes)?;
    Some(Letter {
        to: message.to()?.first()?.address()?.to_owned(),
        subject: message.subject()?.to_owned(),
        text: message.body_text(0)?.into_owned(),
    })
}
