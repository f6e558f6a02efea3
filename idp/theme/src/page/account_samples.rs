//! Name, errors and samples of the pages of Account Settings.

use keyholder_core::locale::Language;

use super::account::By;
use super::{
    Account, AccountEmail, AccountLanguage, AccountName, AccountPassword, Browser, ChangeEmailError,
    ChangePasswordError, CurrentPasswordError, Done, EmailError, EventKind, KeyRight, KnownBrowser, LogEvent,
    NameError, NewPasswordError, Page, SecurityLog, SignInPlace, WaitingEmail,
};

type Samples<P> = Vec<(&'static str, P)>;

fn text(text: &str) -> String {
    text.to_owned()
}

const EMAIL: &str = "bethan.pritchard@oakfield.example";
const LONG_EMAIL: &str = "gwenllian.llwyd-hughes.pritchard@ysgolgynraddgymraegydwr.gwynedd.example";
/// 09 March, 2024 08:34.
const MORNING: i64 = 1_709_973_240_000;
const HOUR: i64 = 3_600_000;

fn browser(name: &str, system: &'static str) -> Browser {
    Browser { name: text(name), system: Some(system) }
}

fn browsers() -> [Option<Browser>; 9] {
    [
        Some(browser("Edge", "windows")),
        Some(browser("Safari", "iphone")),
        Some(browser("Safari", "ipad")),
        Some(browser("Chrome", "android")),
        Some(browser("Chrome", "chromebook")),
        Some(browser("Safari", "mac")),
        Some(browser("Firefox", "linux")),
        Some(Browser { name: text("Firefox"), system: None }),
        None,
    ]
}

impl Page for Account {
    const NAME: &'static str = "account";
    const WIDE: bool = true;

    fn samples() -> Samples<Self> {
        let sign_in = |browser, started_at, here| SignInPlace {
            id: format!("{started_at}"),
            browser,
            address: text("192.0.2.71"),
            started_at,
            last_seen_at: started_at + HOUR,
            here,
        };
        let known = |browser, first_seen_at, here| KnownBrowser {
            id: format!("{first_seen_at}"),
            browser,
            first_seen_at,
            last_seen_at: first_seen_at + HOUR,
            here,
        };
        let page = || Self {
            done: None,
            name: text("Bethan Pritchard"),
            email: text(EMAIL),
            email_verified: true,
            waiting: None,
            language: None,
            sign_ins: vec![
                sign_in(Some(browser("Edge", "windows")), MORNING, true),
                sign_in(Some(browser("Safari", "iphone")), MORNING - 5 * HOUR, false),
            ],
            browsers: vec![
                known(Some(browser("Edge", "windows")), MORNING - 900 * HOUR, true),
                known(Some(browser("Safari", "iphone")), MORNING - 400 * HOUR, false),
            ],
            end_action: text("/account/sign-ins/end"),
            everywhere_action: text("/sign-out/everywhere"),
            forget_action: text("/account/browsers/forget"),
        };
        let mut samples: Samples<Self> = vec![
            ("usual", page()),
            (
                "only here",
                Self {
                    email_verified: false,
                    language: Some(Language::En),
                    sign_ins: vec![sign_in(None, MORNING, true)],
                    browsers: vec![known(None, MORNING, true)],
                    ..page()
                },
            ),
            (
                "many",
                Self {
                    email: text(LONG_EMAIL),
                    language: Some(Language::Cy),
                    sign_ins: browsers()
                        .into_iter()
                        .zip(0..)
                        .map(|(browser, day)| SignInPlace {
                            address: text("2001:db8:85a3::8a2e:370:7334"),
                            ..sign_in(browser, MORNING - 24 * HOUR * day, day == 0)
                        })
                        .collect(),
                    browsers: browsers()
                        .into_iter()
                        .zip(0..)
                        .map(|(browser, day)| known(browser, MORNING - 24 * HOUR * day, day == 0))
                        .collect(),
                    ..page()
                },
            ),
        ];
        let waiting = || WaitingEmail {
            email: text("b.pritchard@oakfield.example"),
            until: MORNING + HOUR,
            withdraw_action: text("/account/email/withdraw"),
        };
        samples.push(("waiting for an address", Self { waiting: Some(waiting()), ..page() }));
        samples.extend(Done::ALL.map(|done| {
            let waiting = (done == Done::EmailAsked).then(waiting);
            (done.word(), Self { done: Some(done), waiting, ..page() })
        }));
        samples
    }
}

impl Page for AccountName {
    const NAME: &'static str = "account-name";

    fn has_error(&self) -> bool {
        self.error.is_some()
    }

    fn samples() -> Samples<Self> {
        let page = |given: &str, family: &str, error| Self {
            action: text("/account/name"),
            given_name: text(given),
            family_name: text(family),
            error,
            back_href: text("/account"),
        };
        vec![
            ("first", page("Bethan", "Pritchard", None)),
            ("empty", page("", "", Some(NameError::Empty))),
            ("too long", page(&"Llwyd-".repeat(30), "Hughes", Some(NameError::TooLong))),
            ("unprintable", page("Bethan", "Pritchard", Some(NameError::Unprintable))),
        ]
    }
}

impl Page for AccountEmail {
    const NAME: &'static str = "account-email";

    fn has_error(&self) -> bool {
        self.error.is_some()
    }

    fn samples() -> Samples<Self> {
        let page = |value: &str, asks_password, error| Self {
            action: text("/account/email"),
            present: text(EMAIL),
            value: text(value),
            asks_password,
            error,
            back_href: text("/account"),
        };
        let current = |error| page("b@oakfield.example", true, Some(ChangeEmailError::Current(error)));
        vec![
            ("lately proved", page("", false, None)),
            ("first", page("", true, None)),
            ("empty", page("", false, Some(ChangeEmailError::Email(EmailError::Empty)))),
            ("malformed", page("bethan", true, Some(ChangeEmailError::Email(EmailError::Malformed)))),
            ("same", page(EMAIL, false, Some(ChangeEmailError::Same))),
            ("too many", page(LONG_EMAIL, false, Some(ChangeEmailError::TooMany))),
            ("no password", current(CurrentPasswordError::Empty)),
            ("wrong password", current(CurrentPasswordError::Wrong)),
            ("throttled", current(CurrentPasswordError::Throttled { minutes: 3 })),
        ]
    }
}

impl Page for AccountPassword {
    const NAME: &'static str = "account-password";

    fn has_error(&self) -> bool {
        self.error.is_some()
    }

    fn samples() -> Samples<Self> {
        let page = |error| Self {
            action: text("/account/password"),
            email: text(EMAIL),
            minimum: 15,
            error,
            forgot_href: text("/forgot-password"),
            back_href: text("/account"),
        };
        let current = |error| page(Some(ChangePasswordError::Current(error)));
        let new = |error| page(Some(ChangePasswordError::New(error)));
        vec![
            ("first", page(None)),
            ("no password", current(CurrentPasswordError::Empty)),
            ("wrong password", current(CurrentPasswordError::Wrong)),
            ("throttled", current(CurrentPasswordError::Throttled { minutes: 1 })),
            ("empty", new(NewPasswordError::Empty)),
            ("different", new(NewPasswordError::Different)),
            ("too short", new(NewPasswordError::TooShort { minimum: 15 })),
            ("breached", new(NewPasswordError::Breached)),
        ]
    }
}

impl Page for AccountLanguage {
    const NAME: &'static str = "account-language";

    fn samples() -> Samples<Self> {
        let page = |chosen| Self { action: text("/account/language"), chosen, back_href: text("/account") };
        vec![("none", page(None)), ("english", page(Some(Language::En))), ("welsh", page(Some(Language::Cy)))]
    }
}

impl Page for SecurityLog {
    const NAME: &'static str = "security-log";
    const WIDE: bool = true;

    fn samples() -> Samples<Self> {
        let event = |kind, hours: i64, browser: Option<Browser>| LogEvent {
            at: MORNING - hours * HOUR,
            kind,
            by: By::Person,
            from_browser: true,
            browser,
            address: Some(text("192.0.2.71")),
            application: None,
            key: None,
            right: None,
        };
        let page = |events, newest, older: bool| Self {
            events,
            newest,
            newest_href: text("/account/security-log"),
            older_href: older.then(|| text("/account/security-log?before=1")),
        };
        let some = || {
            vec![
                event(EventKind::SignedIn, 0, Some(browser("Edge", "windows"))),
                LogEvent {
                    application: Some(text("Safeguarding")),
                    ..event(EventKind::ApplicationOpened, 1, Some(browser("Edge", "windows")))
                },
                LogEvent {
                    key: Some(text("My phone")),
                    ..event(EventKind::KeyRemoved, 2, Some(browser("Edge", "windows")))
                },
                event(EventKind::SignInFailed, 20, None),
                event(EventKind::SignedInNewBrowser, 30, Some(browser("Safari", "iphone"))),
            ]
        };
        let kinds = EventKind::ALL
            .into_iter()
            .zip(0..)
            .map(|(kind, hours)| event(kind, hours, Some(browser("Edge", "windows"))));
        let of_others =
            |by| LogEvent { by, from_browser: false, address: None, ..event(EventKind::PasswordChanged, 3, None) };
        let browsers = browsers().into_iter().map(|browser| LogEvent {
            application: Some(text("Homework Diary")),
            ..event(EventKind::SignedIn, 1, browser)
        });
        let rights = KeyRight::ALL.map(|right| LogEvent {
            key: Some(text("My phone")),
            right: Some(right),
            ..event(EventKind::KeyAdded, 2, Some(browser("Edge", "windows")))
        });
        let mut all: Vec<LogEvent> = kinds.chain(browsers).chain(rights).collect();
        all.extend([of_others(By::Administrator), of_others(By::Service)]);
        vec![
            ("some", page(some(), true, false)),
            ("everything", page(all, true, true)),
            ("older", page(some(), false, true)),
            ("the end", page(Vec::new(), false, false)),
            ("nothing", page(Vec::new(), true, false)),
        ]
    }
}
