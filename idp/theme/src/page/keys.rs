//! Account Settings: the tab **Security keys**, and what its forms lead to.

use serde::Serialize;

/// The tab **Security keys**.
#[derive(Debug, Clone, Serialize)]
pub struct SecurityKeys {
    /// What was done just now, said once.
    pub done: Option<KeyDone>,
    pub standing: KeyStanding,
    pub sections: Vec<KeySection>,
    /// Keys of kinds that are not installed: they open nothing for now.
    pub unusable: Vec<KeyRow>,
}

/// What was done just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyDone {
    Added,
    Renamed,
    Removed,
    /// A link to add a first key is on its way.
    LinkSent,
    /// The link or pass was right: a first key may be added.
    Permitted,
}

impl KeyDone {
    /// Every value.
    pub const ALL: [Self; 5] = [Self::Added, Self::Renamed, Self::Removed, Self::LinkSent, Self::Permitted];

    /// The word that stands for it in texts and cookies.
    pub fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Renamed => "renamed",
            Self::Removed => "removed",
            Self::LinkSent => "link-sent",
            Self::Permitted => "permitted",
        }
    }
}

/// Whether this session may change keys.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case", tag = "standing")]
pub enum KeyStanding {
    /// It used one, or a first key is permitted.
    MayChange,
    /// It did not use the key that the person has.
    Locked {
        /// The key last used, and when (milliseconds since the epoch; `None`: never).
        key: String,
        last_used_at: Option<i64>,
        /// Every way to use one; the last used first.
        ways: Vec<KeyWay>,
        /// Names of the school's Admin Key Holders.
        admins: Vec<String>,
    },
    /// There is none yet, and more than the password is needed.
    FirstKey {
        /// The address to which the link goes.
        email: String,
        /// How they may get there.
        by: FirstKeyBy,
        /// Where an access pass is entered. Field: `pass`.
        pass_action: String,
        /// What is wrong with the typed pass.
        pass_error: Option<PassError>,
        /// Too many links or passes: again in so many minutes (1 or more).
        wait_minutes: Option<u32>,
        admins: Vec<String>,
    },
}

/// What permits a first key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "by")]
pub enum FirstKeyBy {
    /// A mailed link, or a pass.
    Link {
        /// Where the link is asked for.
        action: String,
    },
    /// A pass alone.
    Pass { why: PassOnly },
}

/// Why no mailed link is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PassOnly {
    /// The group takes passes only.
    Group,
    /// The address is another one since less than a week.
    AddressChanged,
    /// A key was taken back by the link of a mail within a week.
    KeyStopped,
    /// There is a key, of a kind that is not installed.
    KeyUnusable,
}

impl PassOnly {
    /// Every reason.
    pub const ALL: [Self; 4] = [Self::Group, Self::AddressChanged, Self::KeyStopped, Self::KeyUnusable];
}

/// What is wrong with the typed pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PassError {
    Empty,
    /// Unknown, used, or too old.
    Wrong,
}

/// A key that would open the page.
#[derive(Debug, Clone, Serialize)]
pub struct KeyWay {
    pub kind: KeyKind,
    pub name: String,
    pub href: String,
    /// Of recovery codes: how many are left.
    pub left: Option<u32>,
}

/// Which kind of key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyKind {
    SoftKey,
    SecurityKey,
    ManagedKey,
    RecoveryCode,
    Other,
}

impl KeyKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::SoftKey, Self::SecurityKey, Self::ManagedKey, Self::RecoveryCode, Self::Other];
}

/// The keys of one kind.
#[derive(Debug, Clone, Serialize)]
pub struct KeySection {
    pub kind: KeyKind,
    /// Unique on the page.
    pub id: String,
    /// The plugin's own name for it, where the kind is [`KeyKind::Other`].
    pub name: Option<String>,
    pub keys: Vec<KeyRow>,
    /// Where **Add new device** is posted; `None` where none may be added, or not now.
    pub add_action: Option<String>,
    /// Of recovery codes: how many are left.
    pub left: Option<u32>,
    /// Of managed keys: the school that issued them.
    pub school: Option<String>,
}

/// One key.
#[derive(Debug, Clone, Serialize)]
pub struct KeyRow {
    pub name: String,
    /// Milliseconds since the epoch.
    pub registered_at: i64,
    /// `None`: never used to sign in, hence **Unverified**.
    pub last_used_at: Option<i64>,
    pub managed: bool,
    /// `None` where it may not be changed here, or not now.
    pub rename_href: Option<String>,
    pub remove_href: Option<String>,
}

/// Gives a key another name.
#[derive(Debug, Clone, Serialize)]
pub struct RenameKey {
    /// Where the form is posted. Field: `name`.
    pub action: String,
    pub value: String,
    pub error: Option<KeyNameError>,
    pub back_href: String,
}

/// What is wrong with the name of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyNameError {
    Empty,
    /// Longer than 60 characters.
    TooLong,
    Unprintable,
    /// Another key of theirs has it.
    Taken,
}

/// Asks whether a key is to be removed.
#[derive(Debug, Clone, Serialize)]
pub struct RemoveKey {
    pub action: String,
    pub name: String,
    /// It is the last one that signs in.
    pub last: bool,
    pub back_href: String,
}

/// The page of the mailed link that permits a first key.
#[derive(Debug, Clone, Serialize)]
pub struct FirstKeyLink {
    pub action: String,
}

/// The page of the mailed link that takes back a key that somebody else added.
#[derive(Debug, Clone, Serialize)]
pub struct StopKey {
    pub action: String,
    pub name: String,
}
