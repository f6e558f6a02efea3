//! Name, errors and samples of each page.

use super::{
    ApplicationLink, ChooseSchool, ConfirmEmail, Consent, EmailConfirmed, EmailError, Field, FirstRun, FirstRunError,
    ForgotPassword, ForgotPasswordSent, FormPost, Information, MyApplications, NewPassword, NewPasswordError, Page,
    PasswordError, PasswordSet, Problem, ProblemKind, SchoolChoice, SignInEmail, SignInPassword, SignOut, SignedOut,
    Topic, Way,
};

type Samples<P> = Vec<(&'static str, P)>;

fn text(text: &str) -> String {
    text.to_owned()
}

const EMAIL: &str = "bethan.pritchard@oakfield.example";
const LONG_EMAIL: &str = "gwenllian.llwyd-hughes.pritchard@ysgolgynraddgymraegydwr.gwynedd.example";

impl Page for SignInEmail {
    const NAME: &'static str = "sign-in-email";

    fn has_error(&self) -> bool {
        self.error.is_some()
    }

    fn samples() -> Samples<Self> {
        let page = |value: &str, error| Self { action: text("/sign-in/ticket/email"), value: text(value), error };
        vec![
            ("first", page("", None)),
            ("with a hint", page(EMAIL, None)),
            ("empty", page("", Some(EmailError::Empty))),
            ("malformed", page("bethan.pritchard", Some(EmailError::Malformed))),
        ]
    }
}

impl Page for SignInPassword {
    const NAME: &'static str = "sign-in-password";

    fn has_error(&self) -> bool {
        self.error.is_some()
    }

    fn samples() -> Samples<Self> {
        let page = |email: &str, error| Self {
            action: text("/sign-in/ticket/password"),
            email: text(email),
            change_href: text("/sign-in/ticket"),
            forgot_href: text("/sign-in/ticket/forgot"),
            error,
        };
        vec![
            ("first", page(EMAIL, None)),
            ("long address", page(LONG_EMAIL, None)),
            ("empty", page(EMAIL, Some(PasswordError::Empty))),
            ("wrong", page(EMAIL, Some(PasswordError::Wrong))),
            ("throttled", page(EMAIL, Some(PasswordError::Throttled { minutes: 1 }))),
            ("throttled for long", page(EMAIL, Some(PasswordError::Throttled { minutes: 12 }))),
        ]
    }
}

impl Page for ForgotPassword {
    const NAME: &'static str = "forgot-password";

    fn has_error(&self) -> bool {
        self.error.is_some()
    }

    fn samples() -> Samples<Self> {
        let page = |email: &str, error| Self {
            action: text("/sign-in/ticket/forgot"),
            email: text(email),
            back_href: text("/sign-in/ticket"),
            error,
        };
        vec![
            ("first", page(EMAIL, None)),
            ("empty", page("", Some(EmailError::Empty))),
            ("malformed", page("bethan", Some(EmailError::Malformed))),
        ]
    }
}

impl Page for ForgotPasswordSent {
    const NAME: &'static str = "forgot-password-sent";

    fn samples() -> Samples<Self> {
        let page = |email: &str, minutes| Self { email: text(email), back_href: text("/sign-in/ticket"), minutes };
        vec![("sent", page(EMAIL, 60)), ("long address", page(LONG_EMAIL, 30))]
    }
}

impl Page for NewPassword {
    const NAME: &'static str = "new-password";

    fn has_error(&self) -> bool {
        self.error.is_some()
    }

    fn samples() -> Samples<Self> {
        let page = |first, error| Self { action: text("/link/token"), email: text(EMAIL), first, minimum: 12, error };
        vec![
            ("first password", page(true, None)),
            ("forgotten", page(false, None)),
            ("empty", page(false, Some(NewPasswordError::Empty))),
            ("different", page(false, Some(NewPasswordError::Different))),
            ("too short", page(false, Some(NewPasswordError::TooShort { minimum: 12 }))),
            ("too long", page(false, Some(NewPasswordError::TooLong { maximum: 256 }))),
            ("unprintable", page(false, Some(NewPasswordError::Unprintable))),
            ("breached", page(true, Some(NewPasswordError::Breached))),
            ("context", page(true, Some(NewPasswordError::Context))),
            ("pattern", page(true, Some(NewPasswordError::Pattern))),
        ]
    }
}

impl Page for PasswordSet {
    const NAME: &'static str = "password-set";

    fn samples() -> Samples<Self> {
        let page = |application| Self { continue_href: text("/"), application };
        vec![("on its own", page(None)), ("for an application", page(Some(text("Safeguarding"))))]
    }
}

impl Page for ConfirmEmail {
    const NAME: &'static str = "confirm-email";

    fn samples() -> Samples<Self> {
        vec![("asked", Self { action: text("/link/token"), email: text(EMAIL) })]
    }
}

impl Page for EmailConfirmed {
    const NAME: &'static str = "email-confirmed";

    fn samples() -> Samples<Self> {
        vec![("done", Self { email: text(EMAIL), continue_href: text("/") })]
    }
}

impl Page for ChooseSchool {
    const NAME: &'static str = "choose-school";

    fn samples() -> Samples<Self> {
        let choice = |slug: &str, name: &str, group: &str, last_used| SchoolChoice {
            slug: text(slug),
            name: text(name),
            group: text(group),
            last_used,
        };
        let page = |choices| Self { action: text("/sign-in/ticket/school"), choices };
        let two = || {
            vec![
                choice("oakfield", "Oakfield Primary School", "Class teachers", true),
                choice("ysgol-y-dwr", "Ysgol Gynradd Gymraeg y Dŵr", "Safeguarding leads", false),
            ]
        };
        let many = (1..=9).map(|number| {
            choice(
                &format!("school-{number}"),
                &format!("St Cuthbert's Church of England School {number}"),
                "Supply for a day",
                false,
            )
        });
        vec![("two", page(two())), ("many", page(two().into_iter().chain(many).collect()))]
    }
}

impl Page for Consent {
    const NAME: &'static str = "consent";

    fn samples() -> Samples<Self> {
        let page = |scopes: &[&str]| Self {
            action: text("/sign-in/ticket/consent"),
            application: text("Homework Diary"),
            host: text("diary.example"),
            school: text("Oakfield Primary School"),
            scopes: scopes.iter().map(|scope| text(scope)).collect(),
            person: text("Bethan Pritchard"),
            email: text(EMAIL),
        };
        vec![
            ("least", page(&["openid"])),
            ("all", page(&["openid", "profile", "email", "school", "groups", "scopes_of_pupils", "offline_access"])),
        ]
    }
}

impl Page for MyApplications {
    const NAME: &'static str = "my-applications";

    fn samples() -> Samples<Self> {
        let page = |names: &[&str]| Self {
            school: text("Oakfield Primary School"),
            applications: names
                .iter()
                .map(|name| match *name {
                    "Homework Diary" => {
                        let provider = Some(text("https://diary.example/metadata"));
                        ApplicationLink { name: text(name), href: None, provider }
                    }
                    _ => ApplicationLink { name: text(name), href: Some(text("http://app.example/")), provider: None },
                })
                .collect(),
            start_action: text("/saml/start"),
            sign_out_everywhere_action: text("/sign-out/everywhere"),
        };
        vec![("some", page(&["Safeguarding", "Homework Diary", "Registers"])), ("none", page(&[]))]
    }
}

impl Page for SignOut {
    const NAME: &'static str = "sign-out";

    fn samples() -> Samples<Self> {
        let page =
            |application, fields| Self { action: text("/sign-out"), application, fields, cancel_href: text("/") };
        let field = Field { name: text("state"), value: text("af0ifjsldkj") };
        vec![("own", page(None, Vec::new())), ("for an application", page(Some(text("Safeguarding")), vec![field]))]
    }
}

impl Page for SignedOut {
    const NAME: &'static str = "signed-out";

    fn samples() -> Samples<Self> {
        let page = |everywhere| Self { sign_in_href: text("/"), everywhere, frames: Vec::new(), continue_href: None };
        let frames = vec![text("https://safeguarding.example/logout?iss=https%3A%2F%2Fid.example&sid=1")];
        let on = Self { continue_href: Some(text("https://safeguarding.example/")), ..page(false) };
        vec![("here", page(false)), ("everywhere", page(true)), ("with applications", Self { frames, ..on })]
    }
}

impl Page for FormPost {
    const NAME: &'static str = "form-post";

    fn samples() -> Samples<Self> {
        let field = |name: &str, value: &str| Field { name: text(name), value: text(value) };
        let fields = vec![field("code", "SplxlOBeZQQYbYS6WxSbIA"), field("state", "\"><script>alert(1)</script>")];
        vec![(
            "answer",
            Self { action: text("https://app.example/callback"), application: text("Safeguarding"), fields },
        )]
    }
}

impl Page for FirstRun {
    const NAME: &'static str = "first-run";

    fn has_error(&self) -> bool {
        self.error.is_some()
    }

    fn samples() -> Samples<Self> {
        let empty = || Self {
            action: text("/link/token"),
            school: String::new(),
            given_name: String::new(),
            family_name: String::new(),
            email: String::new(),
            minimum: 12,
            error: None,
        };
        let wrong = |error| Self {
            school: text("Oakfield Primary School"),
            given_name: text("Joanne"),
            family_name: text("Whitlock"),
            email: text("office@oakfield.example"),
            error: Some(error),
            ..empty()
        };
        vec![
            ("first", empty()),
            ("no school", wrong(FirstRunError::School)),
            ("no name", wrong(FirstRunError::Name)),
            ("no email", Self { email: String::new(), ..wrong(FirstRunError::Email { problem: EmailError::Empty }) }),
            (
                "malformed email",
                Self { email: text("office"), ..wrong(FirstRunError::Email { problem: EmailError::Malformed }) },
            ),
            ("short password", wrong(FirstRunError::Password { problem: NewPasswordError::TooShort { minimum: 12 } })),
            ("different passwords", wrong(FirstRunError::Password { problem: NewPasswordError::Different })),
        ]
    }
}

impl Page for Information {
    const NAME: &'static str = "information";

    fn samples() -> Samples<Self> {
        vec![
            ("help", Self { topic: Topic::Help }),
            ("privacy", Self { topic: Topic::Privacy }),
            ("accessibility", Self { topic: Topic::Accessibility }),
        ]
    }
}

impl Page for Problem {
    const NAME: &'static str = "problem";

    fn samples() -> Samples<Self> {
        let href = || text("/somewhere");
        let page = |kind, ways| Self { kind, reference: text("7k2-94q"), ways };
        let again = || Way::StartAgainAt { application: text("Safeguarding"), href: href() };
        vec![
            ("expired", page(ProblemKind::FlowExpired, vec![again()])),
            ("finished", page(ProblemKind::FlowFinished, vec![again(), Way::Home { href: href() }])),
            ("moved", page(ProblemKind::FlowMoved, vec![again()])),
            ("other browser", page(ProblemKind::OtherBrowser, vec![again()])),
            ("cookies refused", page(ProblemKind::CookiesRefused, vec![Way::TryAgain { href: href() }])),
            (
                "no membership",
                page(
                    ProblemKind::NoMembership,
                    vec![
                        Way::SignInAsAnother { href: href() },
                        Way::ChooseAnotherSchool { href: href() },
                        Way::BackTo { application: text("Safeguarding"), href: href() },
                        Way::AskSchool,
                    ],
                ),
            ),
            (
                "group needs key",
                page(
                    ProblemKind::GroupNeedsKey,
                    vec![Way::AddKey { href: href() }, Way::SignInAsAnother { href: href() }, Way::AskSchool],
                ),
            ),
            ("other person", page(ProblemKind::OtherPerson, vec![Way::SignInAsAnother { href: href() }, again()])),
            ("assurance not reached", page(ProblemKind::AssuranceNotReached, vec![Way::AskSchool, again()])),
            (
                "link dead",
                page(ProblemKind::LinkDead, vec![Way::NewLink { href: href() }, Way::SignIn { href: href() }]),
            ),
            ("link elsewhere", page(ProblemKind::LinkElsewhere, vec![Way::NewLink { href: href() }])),
            ("bad application request", page(ProblemKind::BadApplicationRequest, vec![Way::AskSchool])),
            ("foreign form", page(ProblemKind::ForeignForm, vec![Way::TryAgain { href: href() }])),
            ("bad request", page(ProblemKind::BadRequest, vec![Way::Home { href: href() }])),
            ("too large", page(ProblemKind::TooLarge, vec![Way::Home { href: href() }])),
            ("not found", page(ProblemKind::NotFound, vec![Way::Home { href: href() }])),
            ("busy", page(ProblemKind::Busy, vec![Way::TryAgain { href: href() }])),
            ("denied", page(ProblemKind::SignInDenied, vec![Way::SignIn { href: href() }, Way::AskSchool])),
            ("throttled", page(ProblemKind::Throttled, vec![Way::TryAgain { href: href() }, Way::AskSchool])),
            ("fault", page(ProblemKind::Fault, vec![Way::TryAgain { href: href() }, Way::AskSchool])),
            ("storage full", page(ProblemKind::StorageFull, vec![Way::TryAgain { href: href() }, Way::AskSchool])),
        ]
    }
}
