//! Account Settings: the tabs **Account** and **Security log**, and a page for each thing that can be changed.

use keyholder_core::locale::Language;
use serde::Serialize;

use super::{EmailError, NewPasswordError};

/// The tab **Account**.
#[derive(Debug, Clone, Serialize)]
pub struct Account {
    /// What was done just now, said once.
    pub done: Option<Done>,
    pub name: String,
    pub email: String,
    /// Whether the address answered a mail.
    pub email_verified: bool,
    /// The new address that has not been confirmed yet.
    pub waiting: Option<WaitingEmail>,
    /// `None`: whatever the browser asks for.
    pub language: Option<Language>,
    pub sign_ins: Vec<SignInPlace>,
    pub browsers: Vec<KnownBrowser>,
    /// Where a sign-in is ended. Field: `sign_in`.
    pub end_action: String,
    /// Where **Sign out everywhere** is posted.
    pub everywhere_action: String,
    /// Where a browser is forgotten. Field: `browser`.
    pub forget_action: String,
}

/// What was done just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Done {
    Name,
    Password,
    Language,
    /// A link to confirm a new address is on its way.
    EmailAsked,
    EmailWithdrawn,
    SignInEnded,
    BrowserForgotten,
}

impl Done {
    /// Every value.
    pub const ALL: [Self; 7] = [
        Self::Name,
        Self::Password,
        Self::Language,
        Self::EmailAsked,
        Self::EmailWithdrawn,
        Self::SignInEnded,
        Self::BrowserForgotten,
    ];

    /// The word that stands for it in texts and cookies.
    pub fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Password => "password",
            Self::Language => "language",
            Self::EmailAsked => "email-asked",
            Self::EmailWithdrawn => "email-withdrawn",
            Self::SignInEnded => "sign-in-ended",
            Self::BrowserForgotten => "browser-forgotten",
        }
    }
}

/// A new address that waits for its confirmation.
#[derive(Debug, Clone, Serialize)]
pub struct WaitingEmail {
    pub email: String,
    /// When the link dies, in milliseconds since the epoch.
    pub until: i64,
    /// Where the change is withdrawn.
    pub withdraw_action: String,
}

/// What a browser calls itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Browser {
    /// Such as `Edge`.
    pub name: String,
    /// Such as `windows`; each known one has a text.
    pub system: Option<&'static str>,
}

/// A browser in which the person is signed in.
#[derive(Debug, Clone, Serialize)]
pub struct SignInPlace {
    pub id: String,
    /// `None`: not a browser that we know.
    pub browser: Option<Browser>,
    pub address: String,
    pub started_at: i64,
    pub last_seen_at: i64,
    /// The browser in which the page is read.
    pub here: bool,
}

/// A browser in which the person signed in before.
#[derive(Debug, Clone, Serialize)]
pub struct KnownBrowser {
    pub id: String,
    pub browser: Option<Browser>,
    pub first_seen_at: i64,
    pub last_seen_at: i64,
    pub here: bool,
}

/// Changes the name.
#[derive(Debug, Clone, Serialize)]
pub struct AccountName {
    /// Where the form is posted. Fields: `given_name`, `family_name`.
    pub action: String,
    pub given_name: String,
    pub family_name: String,
    pub error: Option<NameError>,
    pub back_href: String,
}

/// What is wrong with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NameError {
    Empty,
    TooLong,
    Unprintable,
}

/// Asks for a new e-mail address.
#[derive(Debug, Clone, Serialize)]
pub struct AccountEmail {
    /// Where the form is posted. Fields: `email`, and `current` where `asks_password`.
    pub action: String,
    pub present: String,
    pub value: String,
    /// Whether the password was last proved too long ago.
    pub asks_password: bool,
    pub error: Option<ChangeEmailError>,
    pub back_href: String,
}

/// Why no link was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "field", content = "problem")]
pub enum ChangeEmailError {
    Email(EmailError),
    /// It is the address that the person has.
    Same,
    /// Too many links lately.
    TooMany,
    Current(CurrentPasswordError),
}

/// Why the present password was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum CurrentPasswordError {
    Empty,
    Wrong,
    /// Too many tries: again in so many minutes (1 or more).
    Throttled {
        minutes: u32,
    },
}

/// Changes the password.
#[derive(Debug, Clone, Serialize)]
pub struct AccountPassword {
    /// Where the form is posted. Fields: `current`, `password`, `again`.
    pub action: String,
    pub email: String,
    pub minimum: usize,
    pub error: Option<ChangePasswordError>,
    pub forgot_href: String,
    pub back_href: String,
}

/// Why the password was not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "field", content = "problem")]
pub enum ChangePasswordError {
    Current(CurrentPasswordError),
    New(NewPasswordError),
}

/// Chooses the language of pages and mails.
#[derive(Debug, Clone, Serialize)]
pub struct AccountLanguage {
    /// Where the form is posted. One submit button a language. Field: `language`.
    pub action: String,
    pub chosen: Option<Language>,
    pub back_href: String,
}

/// The tab **Security log**: a page of the person's own events, the newest first.
#[derive(Debug, Clone, Serialize)]
pub struct SecurityLog {
    pub events: Vec<LogEvent>,
    /// Whether these are the newest.
    pub newest: bool,
    pub newest_href: String,
    /// Where older ones are.
    pub older_href: Option<String>,
}

/// Something that happened.
#[derive(Debug, Clone, Serialize)]
pub struct LogEvent {
    pub at: i64,
    pub kind: EventKind,
    /// Who did it.
    pub by: By,
    pub browser: Option<Browser>,
    /// Whether anything is known of the browser at all.
    pub from_browser: bool,
    pub address: Option<String>,
    /// The application that it was for.
    pub application: Option<String>,
    /// The name of the key that it was about; of a key that got another name, both.
    pub key: Option<String>,
    /// By what right a key was added, or a first key permitted.
    pub right: Option<KeyRight>,
}

/// By what right somebody adds a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyRight {
    /// A key or a recovery code was used in that sign-in.
    Elevated,
    /// A first key, by the mailed link.
    Link,
    /// A first key, by an access pass.
    Pass,
    /// A first key, and the person's groups ask for nothing more.
    Open,
}

impl KeyRight {
    /// Every right.
    pub const ALL: [Self; 4] = [Self::Elevated, Self::Link, Self::Pass, Self::Open];

    /// The word that stands for it in texts and in the audit log.
    pub fn word(self) -> &'static str {
        match self {
            Self::Elevated => "elevated",
            Self::Link => "link",
            Self::Pass => "pass",
            Self::Open => "open",
        }
    }
}

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// The person, or whoever signed in or tried to as them.
    Person,
    /// Somebody who looks after people.
    Administrator,
    /// Whoever runs the service, or the service itself.
    Service,
}

/// What happened, as the log tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    SignedIn,
    SignedInNewBrowser,
    SignInFailed,
    SignInThrottled,
    PasswordRefused,
    SignedOut,
    SignedOutEverywhere,
    SignInEnded,
    BrowserForgotten,
    PasswordLinkAsked,
    PasswordLinkNotSent,
    PasswordChanged,
    EmailLinkAsked,
    EmailLinkWithdrawn,
    EmailChanged,
    EmailConfirmed,
    AccountCreated,
    AccountChanged,
    AccountDisabled,
    SchoolAdded,
    SchoolChanged,
    ApplicationOpened,
    ApplicationEnded,
    ConsentGiven,
    ConsentRefused,
    FactorAccepted,
    FactorRefused,
    FactorDeclined,
    FactorLocked,
    FactorFault,
    RecoveryCodeUsed,
    Elevated,
    SteppedDown,
    KeyAdded,
    KeyRenamed,
    KeyRemoved,
    FirstKeyLinkAsked,
    FirstKeyPermitted,
    AccessPassMade,
    AccessPassRefused,
    ManagedKeyIssued,
    ManagedKeyReturned,
    ManagedKeyRetired,
}

impl EventKind {
    /// Every kind, for the samples.
    pub const ALL: [Self; 43] = [
        Self::SignedIn,
        Self::SignedInNewBrowser,
        Self::SignInFailed,
        Self::SignInThrottled,
        Self::PasswordRefused,
        Self::SignedOut,
        Self::SignedOutEverywhere,
        Self::SignInEnded,
        Self::BrowserForgotten,
        Self::PasswordLinkAsked,
        Self::PasswordLinkNotSent,
        Self::PasswordChanged,
        Self::EmailLinkAsked,
        Self::EmailLinkWithdrawn,
        Self::EmailChanged,
        Self::EmailConfirmed,
        Self::AccountCreated,
        Self::AccountChanged,
        Self::AccountDisabled,
        Self::SchoolAdded,
        Self::SchoolChanged,
        Self::ApplicationOpened,
        Self::ApplicationEnded,
        Self::ConsentGiven,
        Self::ConsentRefused,
        Self::FactorAccepted,
        Self::FactorRefused,
        Self::FactorDeclined,
        Self::FactorLocked,
        Self::FactorFault,
        Self::RecoveryCodeUsed,
        Self::Elevated,
        Self::SteppedDown,
        Self::KeyAdded,
        Self::KeyRenamed,
        Self::KeyRemoved,
        Self::FirstKeyLinkAsked,
        Self::FirstKeyPermitted,
        Self::AccessPassMade,
        Self::AccessPassRefused,
        Self::ManagedKeyIssued,
        Self::ManagedKeyReturned,
        Self::ManagedKeyRetired,
    ];
}
