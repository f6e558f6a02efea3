//! Somebody with a key from their school, which types HOTP codes (RFC 4226): as many sign-ins as a test wants, whatever the time.

use std::fmt::Write as _;

use aws_lc_rs::hmac;

use crate::{Browser, Form, Keyholder, PASSWORD, Page, RelyingApplication, SignedIn};

/// The form's field of the plugin `keyboard-key`.
const FIELD: &str = "f-token";

/// A member of staff of Oakfield with such a key.
#[derive(Debug)]
pub struct Holder {
    pub email: String,
    secret: [u8; 20],
    counter: u64,
}

/// Adds so many members of staff, each with a password and a key.
pub async fn hand_out(keyholder: &Keyholder, count: u8) -> Vec<Holder> {
    let holders: Vec<Holder> = (0..count)
        .map(|number| Holder {
            email: format!("holder.{number}@oakfield.example"),
            secret: [number + 1; 20],
            counter: 0,
        })
        .collect();
    let (mut people, mut keys) = (String::new(), "serial,secret\n".to_owned());
    for (number, holder) in holders.iter().enumerate() {
        let _ = writeln!(
            people,
            r#"{{"email": "{}", "given_name": "Holder", "family_name": "Number {number}", "memberships": [{{"school": "oakfield", "group": "teachers"}}]}}"#,
            holder.email
        );
        let secret = holder.secret.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        let _ = writeln!(keys, "K{number},{secret}");
    }
    keyholder.write("holders.jsonl", &people);
    keyholder.write("keys.csv", &keys);
    keyholder.run(&["person", "import", "holders.jsonl"]).await;
    keyholder.run(&["managed-key", "import", "keys.csv", "--school", "oakfield"]).await;
    for (number, holder) in holders.iter().enumerate() {
        keyholder.run_with_input(&["person", "set-password", &holder.email, "--stdin"], PASSWORD).await;
        let serial = format!("K{number}");
        keyholder.run(&["managed-key", "issue", &serial, &holder.email, "--school", "oakfield"]).await;
    }
    holders
}

impl Holder {
    /// What the key types at its next press (RFC 4226 5.3).
    pub fn press(&mut self) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.secret);
        let tag = hmac::sign(&key, &self.counter.to_be_bytes());
        self.counter += 1;
        let digest = tag.as_ref();
        let offset = usize::from(digest[19] & 15);
        let number = u32::from_be_bytes(digest[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }

    /// From an application's request to the page that asks for a key.
    pub async fn at_factor(&self, browser: &Browser, url: &str) -> Page {
        let page = browser.open(url).await;
        Keyholder::type_password(browser, &page, &self.email, PASSWORD).await
    }

    /// Presses the key on the page that asks for it.
    pub async fn answer(&mut self, browser: &Browser, page: &Page) -> Page {
        browser.submit(page, &[(FIELD, &self.press())]).await
    }

    /// A whole sign-in with password and key.
    pub async fn sign_in(&mut self, application: &RelyingApplication) -> SignedIn {
        let (browser, request) = (Browser::default(), application.request());
        let page = self.at_factor(&browser, &request.url()).await;
        let page = self.answer(&browser, &page).await;
        application.finish(&request, &page).await
    }

    /// Whether this form asks for such a key.
    pub fn is_asked_by(form: &Form) -> bool {
        form.fields.iter().any(|(name, _)| name == FIELD)
    }
}
