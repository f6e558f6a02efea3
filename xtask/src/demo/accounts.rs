//! The demo's invented people.

use std::path::Path;

use super::Addresses;
use super::keys::{MANAGED_KEYS, ManagedKey, SoftKeys};

/// One account, as it is listed and as scripts find it in `demo.json`.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) email: &'static str,
    /// `None`: the person sets the first one through a mailed link.
    pub(super) password: Option<&'static str>,
    pub(super) role: &'static str,
    pub(super) school: &'static str,
    /// Whether a soft key is added when the demo is made.
    pub(super) has_soft_key: bool,
    what: &'static str,
}

pub(super) const ACCOUNTS: [Account; 7] = [
    Account {
        email: "amira.hussain@oakfield.example",
        password: Some("grey heron by the lock"),
        role: "staff",
        school: "oakfield-primary",
        has_soft_key: false,
        what: "teacher, Year 6 only; has keyboard key 90210001",
    },
    Account {
        email: "joanne.whitlock@oakfield.example",
        password: Some("seven kites over the weir"),
        role: "key-user",
        school: "oakfield-primary",
        has_soft_key: true,
        what: "safeguarding lead: less without the key, and may go on without",
    },
    Account {
        email: "martin.okafor@oakfield.example",
        password: Some("brass lamp on the landing"),
        role: "admin",
        school: "oakfield-primary",
        has_soft_key: true,
        what: "Admin Key Holder: the same, for 15 minutes",
    },
    Account {
        email: "ruth.adeyemi@oakfield.example",
        password: Some("copper kettle on the hob"),
        role: "key-user",
        school: "oakfield-primary",
        has_soft_key: true,
        what: "confidential records: nothing without the key",
    },
    Account {
        email: "eleri.vaughan@bryn.example",
        password: Some("barcud coch uwchben Llyn"),
        role: "staff",
        school: "ysgol-y-bryn",
        has_soft_key: false,
        what: "teacher, pages in Welsh",
    },
    Account {
        email: "sian.prosser@trust.example",
        password: Some("two bridges and a ferry"),
        role: "two-schools",
        school: "oakfield-primary",
        has_soft_key: false,
        what: "safeguarding lead at both schools, no key yet: add one",
    },
    Account {
        email: "daniel.reeve@oakfield.example",
        password: None,
        role: "new",
        school: "oakfield-primary",
        has_soft_key: false,
        what: "no password yet: use Forgot Password, then the mailed link",
    },
];

/// Says where everything is, who can sign in, and with what.
pub(super) fn print(addresses: &Addresses, mails: &Path, keys: &SoftKeys, saml: bool) {
    println!();
    println!("  Application   {}/", addresses.app);
    println!("    one school  {}/s/oakfield-primary/   {}/s/ysgol-y-bryn/", addresses.app, addresses.app);
    println!("    another's   {}/s/trip-planner/ (asks for consent)", addresses.app);
    if saml {
        println!("    over SAML   {}/s/over-saml/", addresses.app);
    } else {
        println!("    over SAML   with `cargo xtask demo --saml`");
    }
    println!("  Keyholder     {}/", addresses.issuer);
    println!("  Mails         {}", mails.display());
    println!();
    for account in &ACCOUNTS {
        println!("  {:<33} {:<26} {}", account.email, account.password.unwrap_or("-"), account.what);
    }
    println!();
    println!(
        "  Soft keys: a secret for an authenticator app, or for the command that shows the code of now (Debian package oathtool)"
    );
    for account in &ACCOUNTS {
        if let Some(secret) = keys.get(account.email) {
            println!("    {:<34} oathtool --totp -b {secret}", account.email);
        }
    }
    println!("  Keyboard keys: the command shows the next 20 codes; each counts once, in this order");
    for ManagedKey { serial, secret, holder } in &MANAGED_KEYS {
        println!("    {serial} {:<25} oathtool -w 19 {secret}", holder.map_or("in stock", name_of));
    }
    println!();
    println!("Ctrl-C stops both.");
}

fn name_of(email: &str) -> &str {
    email.split('@').next().unwrap_or(email)
}
