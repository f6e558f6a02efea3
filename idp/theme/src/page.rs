//! The pages: one context type each, with samples from which a test draws every page in every language.

mod account;
mod account_samples;
mod keys;
mod keys_samples;
mod prompt;
mod samples;
mod two_factor;
mod two_factor_samples;

use serde::Serialize;

pub use account::{
    Account, AccountEmail, AccountLanguage, AccountName, AccountPassword, Browser, By, ChangeEmailError,
    ChangePasswordError, CurrentPasswordError, Done, EventKind, KeyRight, KnownBrowser, LogEvent, NameError,
    SecurityLog, SignInPlace, WaitingEmail,
};
pub use keys::{
    FirstKeyBy, FirstKeyLink, KeyDone, KeyKind, KeyNameError, KeyRow, KeySection, KeyStanding, KeyWay, PassError,
    PassOnly, RemoveKey, RenameKey, SecurityKeys, StopKey,
};
pub use prompt::{
    ClockOff, ClockUnit, ClockWay, ExhibitView, FieldKindView, FieldView, KeyNameField, PromptKind, PromptProblem,
    PromptReason, PromptView, WebauthnDoes,
};
pub use two_factor::{AddKey, FactorName, FactorTrouble, OtherFactor, TwoFactor};

/// A page that the theme can draw.
pub trait Page: Serialize {
    /// Name of the template and prefix of its texts, such as `sign-in-email`.
    const NAME: &'static str;

    /// Every state that the page can be in, each with a name.
    fn samples() -> Vec<(&'static str, Self)>
    where
        Self: Sized;

    /// Whether it holds tables: it then takes the whole width, and help stands below it.
    const WIDE: bool = false;

    /// After how many seconds the browser reads the page again by itself, where it waits for something.
    fn refresh_seconds(&self) -> Option<u32> {
        None
    }

    /// Whether something is wrong: the title then begins with "Error:".
    fn has_error(&self) -> bool {
        false
    }
}

/// Asks for the e-mail address.
#[derive(Debug, Clone, Serialize)]
pub struct SignInEmail {
    /// Where the form is posted. Field: `email`.
    pub action: String,
    /// What was typed, or the application's hint.
    pub value: String,
    pub error: Option<EmailError>,
}

/// What is wrong with the typed address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EmailError {
    Empty,
    Malformed,
}

/// Asks for the password.
#[derive(Debug, Clone, Serialize)]
pub struct SignInPassword {
    /// Where the form is posted. Field: `password` (and a hidden `email` for password managers).
    pub action: String,
    pub email: String,
    /// **Change**: back to the e-mail page.
    pub change_href: String,
    /// **Forgot Password**.
    pub forgot_href: String,
    pub error: Option<PasswordError>,
}

/// Why the password did not let anybody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum PasswordError {
    Empty,
    /// Address and password do not belong together; said alike for unknown addresses.
    Wrong,
    /// Too many attempts for this address or from this network: again in so many minutes (1 or more).
    Throttled {
        minutes: u32,
    },
}

/// Offers to mail a link: **Forgot Password**. Nothing is sent before the form is.
#[derive(Debug, Clone, Serialize)]
pub struct ForgotPassword {
    /// Where the form is posted. Field: `email`.
    pub action: String,
    pub email: String,
    pub back_href: String,
    pub error: Option<EmailError>,
}

/// "If that address has an account, a link is on its way."
#[derive(Debug, Clone, Serialize)]
pub struct ForgotPasswordSent {
    pub email: String,
    pub back_href: String,
    /// How long the link lives, in minutes.
    pub minutes: u32,
}

/// Asks for a new password, twice.
#[derive(Debug, Clone, Serialize)]
pub struct NewPassword {
    /// Where the form is posted. Fields: `password`, `again`.
    pub action: String,
    pub email: String,
    /// Whether there was none before.
    pub first: bool,
    /// The shortest password allowed, in characters.
    pub minimum: usize,
    pub error: Option<NewPasswordError>,
}

/// Why the new password was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum NewPasswordError {
    Empty,
    Different,
    TooShort { minimum: usize },
    TooLong { maximum: usize },
    Unprintable,
    Breached,
    Context,
    Pattern,
}

/// The new password is set; all other sign-ins have ended. Says what to do next.
#[derive(Debug, Clone, Serialize)]
pub struct PasswordSet {
    /// Where to go on signing in.
    pub continue_href: String,
    /// The application to which the sign-in goes on, where there is one.
    pub application: Option<String>,
}

/// Asks to confirm that a new e-mail address is read by the person.
#[derive(Debug, Clone, Serialize)]
pub struct ConfirmEmail {
    pub action: String,
    pub email: String,
}

/// The address is confirmed.
#[derive(Debug, Clone, Serialize)]
pub struct EmailConfirmed {
    pub email: String,
    pub continue_href: String,
}

/// "Which school today?"
#[derive(Debug, Clone, Serialize)]
pub struct ChooseSchool {
    /// Where the form is posted. One submit button a school. Field: `school`, a slug.
    pub action: String,
    pub choices: Vec<SchoolChoice>,
}

/// One school to choose.
#[derive(Debug, Clone, Serialize)]
pub struct SchoolChoice {
    pub slug: String,
    pub name: String,
    /// What the person is there, such as `Class teachers`.
    pub group: String,
    /// Whether it was the last one used in this browser.
    pub last_used: bool,
}

/// Asks whether an application that is not the school's own may learn this.
#[derive(Debug, Clone, Serialize)]
pub struct Consent {
    /// Where the form is posted. Field: `answer`, `allow` or `deny`; both buttons have one size.
    pub action: String,
    pub application: String,
    /// Host of the address to which the answer goes.
    pub host: String,
    pub school: String,
    /// Scopes asked for, among the known ones; each has a text.
    pub scopes: Vec<String>,
    pub person: String,
    pub email: String,
}

/// `/`: the applications of the active school.
#[derive(Debug, Clone, Serialize)]
pub struct MyApplications {
    pub school: String,
    pub applications: Vec<ApplicationLink>,
    /// Where `provider` of an application is posted, with `form_token`.
    pub start_action: String,
    /// Where **Sign out everywhere** is posted, with `form_token`.
    pub sign_out_everywhere_action: String,
}

/// One application: it has a page of its own, or its sign-ins begin here.
#[derive(Debug, Clone, Serialize)]
pub struct ApplicationLink {
    pub name: String,
    pub href: Option<String>,
    /// Its SAML entity id, where a sign-in begins with a form.
    pub provider: Option<String>,
}

/// Asks whether to sign out (RP-Initiated Logout 1.0, 2).
#[derive(Debug, Clone, Serialize)]
pub struct SignOut {
    /// Where the form is posted, with `form_token` and the `fields`.
    pub action: String,
    /// The application that asked, where one did.
    pub application: Option<String>,
    /// Hidden fields that go back with the form.
    pub fields: Vec<Field>,
    pub cancel_href: String,
}

/// Signed out.
#[derive(Debug, Clone, Serialize)]
pub struct SignedOut {
    pub sign_in_href: String,
    /// Whether all browsers were signed out.
    pub everywhere: bool,
    /// Addresses that sign this browser out of applications, to be loaded unseen (`OpenID` Connect Front-Channel Logout 1.0, 2).
    /// The content security policy of the page has to allow them (`frame-src`).
    pub frames: Vec<String>,
    /// Where the browser goes on, once they are loaded.
    pub continue_href: Option<String>,
}

/// Posts an answer to an application (OAuth 2.0 Form Post Response Mode 1.0), with a button for browsers without scripts.
#[derive(Debug, Clone, Serialize)]
pub struct FormPost {
    pub action: String,
    pub application: String,
    pub fields: Vec<Field>,
}

/// A hidden field.
#[derive(Debug, Clone, Serialize)]
pub struct Field {
    pub name: String,
    pub value: String,
}

/// Makes the first school and its Admin Key Holder.
#[derive(Debug, Clone, Serialize)]
pub struct FirstRun {
    /// Where the form is posted. Fields: `school`, `given_name`, `family_name`, `email`, `password`, `again`.
    pub action: String,
    pub school: String,
    pub given_name: String,
    pub family_name: String,
    pub email: String,
    pub minimum: usize,
    pub error: Option<FirstRunError>,
}

/// What is wrong with the first form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "field")]
pub enum FirstRunError {
    School,
    Name,
    Email { problem: EmailError },
    Password { problem: NewPasswordError },
}

/// Help, privacy, accessibility: texts behind the links of the footer.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Information {
    pub topic: Topic,
}

/// Which text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Topic {
    Help,
    Privacy,
    Accessibility,
}

/// Something went wrong or ended: what, whether anything was lost, and the ways forward, the likeliest first.
#[derive(Debug, Clone, Serialize)]
pub struct Problem {
    pub kind: ProblemKind,
    /// Reference of the request, for whoever helps.
    pub reference: String,
    pub ways: Vec<Way>,
}

/// What went wrong, in the person's world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// The sign-in took too long.
    FlowExpired,
    /// The sign-in was finished already: back button, second tab.
    FlowFinished,
    /// It went on in another tab meanwhile: look at that one, or start again.
    FlowMoved,
    /// It was begun in another browser, or the browser keeps no cookies.
    OtherBrowser,
    /// The browser refuses cookies.
    CookiesRefused,
    /// The person belongs to no school that this application serves.
    NoMembership,
    /// The group gets nothing without a key.
    GroupNeedsKey,
    /// The application asked for somebody else than who signed in.
    OtherPerson,
    /// The application insists on a key, which this sign-in had not.
    AssuranceNotReached,
    /// A mailed link was used, replaced, or is too old.
    LinkDead,
    /// A mailed link that counts in the sign-in that asked for it was opened elsewhere.
    LinkElsewhere,
    /// The application's request cannot be trusted, so that nothing is sent back to it.
    BadApplicationRequest,
    /// A form without its token, or from another site.
    ForeignForm,
    /// What the browser sent cannot be read.
    BadRequest,
    TooLarge,
    NotFound,
    /// Too many at once: again in a few seconds.
    Busy,
    /// Too many attempts.
    Throttled,
    /// The person said, at a device, that it was not they.
    SignInDenied,
    /// Ours to blame.
    Fault,
    /// The storage is full: nothing was changed.
    StorageFull,
}

/// A way forward.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Way {
    /// Back to where the sign-in was asked for.
    StartAgainAt {
        application: String,
        href: String,
    },
    /// Back to the application, which learns that nobody was let in.
    BackTo {
        application: String,
        href: String,
    },
    SignIn {
        href: String,
    },
    /// Sign in as somebody else.
    SignInAsAnother {
        href: String,
    },
    /// Add a first key.
    AddKey {
        href: String,
    },
    ChooseAnotherSchool {
        href: String,
    },
    NewLink {
        href: String,
    },
    TryAgain {
        href: String,
    },
    Home {
        href: String,
    },
    /// Ask the school: the help contact of the frame.
    AskSchool,
}
