//! Every page and mail in every state, as contexts: drawn by the tests, by the check of an operator's theme, and by the example
//! `draw`. The people and schools are those of the demo.

use keyholder_core::locale::Language;
use serde_json::Value;

use crate::frame::{Elevation, Frame, Help, Person, School};
use crate::mail::{Circumstances, Mail};
use crate::page::{
    Account, AccountEmail, AccountLanguage, AccountName, AccountPassword, AddKey, ChooseSchool, ConfirmEmail, Consent,
    EmailConfirmed, FirstKeyLink, FirstRun, ForgotPassword, ForgotPasswordSent, FormPost, Information, MyApplications,
    NewPassword, Page, PasswordSet, Problem, RemoveKey, RenameKey, SecurityKeys, SecurityLog, SignInEmail,
    SignInPassword, SignOut, SignedOut, StopKey, TwoFactor,
};

/// One state of one page.
#[derive(Debug, Clone)]
pub struct Sample {
    /// [`Page::NAME`].
    pub page: &'static str,
    pub state: &'static str,
    /// [`Page::WIDE`].
    pub wide: bool,
    pub has_error: bool,
    /// [`Page::refresh_seconds`].
    pub refresh: Option<u32>,
    pub context: Value,
}

/// Every state of every page.
pub fn pages() -> Vec<Sample> {
    let mut samples = Vec::new();
    add::<SignInEmail>(&mut samples);
    add::<SignInPassword>(&mut samples);
    add::<ForgotPassword>(&mut samples);
    add::<ForgotPasswordSent>(&mut samples);
    add::<NewPassword>(&mut samples);
    add::<PasswordSet>(&mut samples);
    add::<ConfirmEmail>(&mut samples);
    add::<EmailConfirmed>(&mut samples);
    add::<ChooseSchool>(&mut samples);
    add::<Consent>(&mut samples);
    add::<TwoFactor>(&mut samples);
    add::<AddKey>(&mut samples);
    add::<MyApplications>(&mut samples);
    add::<Account>(&mut samples);
    add::<AccountName>(&mut samples);
    add::<AccountEmail>(&mut samples);
    add::<AccountPassword>(&mut samples);
    add::<AccountLanguage>(&mut samples);
    add::<SecurityKeys>(&mut samples);
    add::<RenameKey>(&mut samples);
    add::<RemoveKey>(&mut samples);
    add::<FirstKeyLink>(&mut samples);
    add::<StopKey>(&mut samples);
    add::<SecurityLog>(&mut samples);
    add::<SignOut>(&mut samples);
    add::<SignedOut>(&mut samples);
    add::<FormPost>(&mut samples);
    add::<FirstRun>(&mut samples);
    add::<Information>(&mut samples);
    add::<Problem>(&mut samples);
    samples
}

fn add<P: Page>(samples: &mut Vec<Sample>) {
    for (state, page) in P::samples() {
        let context = serde_json::to_value(&page).unwrap_or_default();
        let (has_error, refresh) = (page.has_error(), page.refresh_seconds());
        samples.push(Sample { page: P::NAME, state, wide: P::WIDE, has_error, refresh, context });
    }
}

/// A frame that suits the page: what is usually known there.
pub fn frame(language: Language, sample: &Sample) -> Frame {
    let of_account = sample.page.starts_with("account")
        || matches!(
            sample.page,
            "security-log" | "security-keys" | "rename-key" | "remove-key" | "add-key" | "first-key-link"
        );
    let signed_in = of_account
        || matches!(sample.page, "my-applications" | "sign-out" | "choose-school" | "consent" | "two-factor");
    let knows_school = signed_in && sample.page != "choose-school"
        || matches!(sample.page, "problem" | "form-post" | "sign-in-password");
    let for_keyholder = of_account
        || matches!(
            sample.page,
            "my-applications"
                | "sign-out"
                | "signed-out"
                | "new-password"
                | "password-set"
                | "confirm-email"
                | "email-confirmed"
                | "first-run"
                | "information"
                | "stop-key"
        );
    Frame {
        language,
        other_language_href: "?language".to_owned(),
        application: (!for_keyholder).then(|| {
            let asked = sample.context.get("application").and_then(Value::as_str);
            asked.unwrap_or("Safeguarding").to_owned()
        }),
        school: knows_school.then(school),
        person: signed_in.then(|| Person {
            name: "Bethan Pritchard".to_owned(),
            change_school_href: Some("/change-school".to_owned()),
        }),
        elevation: match sample.page {
            "my-applications" => Some(Elevation::Offered { href: "/elevate?to=%2F".to_owned() }),
            "account" => Some(Elevation::Raised {
                minutes: 27,
                action: "/step-down".to_owned(),
                return_to: "/account".to_owned(),
            }),
            _ => None,
        },
        form_token: "c2FtcGxl".to_owned(),
        nonce: "bm9uY2U".to_owned(),
    }
}

fn school() -> School {
    School {
        name: "Oakfield Primary School".to_owned(),
        slug: "oakfield".to_owned(),
        colour: None,
        logo: None,
        help: Help {
            name: Some("Joanne Whitlock, school office".to_owned()),
            email: Some("office@oakfield.example".to_owned()),
            phone: Some("01632 960142".to_owned()),
        },
    }
}

/// Every mail.
pub fn mails() -> Vec<(&'static str, Mail)> {
    let name = || "Bethan Pritchard".to_owned();
    let link = || "https://id.example/link/kX3vN0yq2B7sQm5uWc8RtA".to_owned();
    let at_a_desk = || Circumstances {
        at: 1_709_973_240_000,
        browser: Some("Edge on Windows".to_owned()),
        address: Some("192.0.2.71".to_owned()),
        sign_in_href: "https://id.example/".to_owned(),
    };
    let unknown = || Circumstances { browser: None, address: None, ..at_a_desk() };
    vec![
        ("first password", Mail::PasswordLink { name: name(), link: link(), minutes: 60, first: true }),
        ("first key", Mail::FirstKey { name: name(), link: link(), minutes: 60 }),
        (
            "key added",
            Mail::KeyAdded {
                name: name(),
                key: "Bethan's iPhone".to_owned(),
                link: link(),
                circumstances: at_a_desk(),
            },
        ),
        (
            "key replaced",
            Mail::KeyReplaced {
                name: name(),
                key: "Recovery codes".to_owned(),
                link: link(),
                circumstances: at_a_desk(),
            },
        ),
        (
            "key renamed",
            Mail::KeyRenamed {
                name: name(),
                former: "Bethan's iPhone".to_owned(),
                key: "Old phone".to_owned(),
                circumstances: at_a_desk(),
            },
        ),
        ("key removed", Mail::KeyRemoved { name: name(), key: "Bethan's iPhone".to_owned(), circumstances: unknown() }),
        ("recovery code", Mail::RecoveryCodeUsed { name: name(), left: 1, circumstances: at_a_desk() }),
        ("last recovery code", Mail::RecoveryCodeUsed { name: name(), left: 0, circumstances: at_a_desk() }),
        ("forgotten", Mail::PasswordLink { name: name(), link: link(), minutes: 1, first: false }),
        ("changed", Mail::PasswordChanged { name: name(), circumstances: at_a_desk() }),
        ("changed by command", Mail::PasswordChanged { name: name(), circumstances: unknown() }),
        ("confirm", Mail::ConfirmEmail { name: name(), link: link(), minutes: 45 }),
        (
            "changed",
            Mail::EmailChanged {
                name: name(),
                new_address: "b.pritchard@oakfield.example".to_owned(),
                circumstances: at_a_desk(),
            },
        ),
        (
            "at an application",
            Mail::NewBrowser { name: name(), application: Some("Safeguarding".to_owned()), circumstances: at_a_desk() },
        ),
        ("at Keyholder", Mail::NewBrowser { name: name(), application: None, circumstances: unknown() }),
    ]
}
