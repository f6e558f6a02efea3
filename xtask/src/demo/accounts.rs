//! The demo's invented people.

use std::path::Path;

use super::Addresses;

/// One account, as it is listed and as scripts find it in `demo.json`.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) email: &'static str,
    /// `None`: the person sets the first one through a mailed link.
    pub(super) password: Option<&'static str>,
    pub(super) role: &'static str,
    pub(super) school: &'static str,
    what: &'static str,
}

pub(super) const ACCOUNTS: [Account; 6] = [
    Account {
        email: "amira.hussain@oakfield.example",
        password: Some("grey heron by the lock"),
        role: "staff",
        school: "oakfield-primary",
        what: "teacher, Year 6 only",
    },
    Account {
        email: "joanne.whitlock@oakfield.example",
        password: Some("seven kites over the weir"),
        role: "key-user",
        school: "oakfield-primary",
        what: "designated safeguarding lead",
    },
    Account {
        email: "martin.okafor@oakfield.example",
        password: Some("brass lamp on the landing"),
        role: "admin",
        school: "oakfield-primary",
        what: "Admin Key Holder",
    },
    Account {
        email: "eleri.vaughan@bryn.example",
        password: Some("barcud coch uwchben Llyn"),
        role: "staff",
        school: "ysgol-y-bryn",
        what: "teacher, pages in Welsh",
    },
    Account {
        email: "sian.prosser@trust.example",
        password: Some("two bridges and a ferry"),
        role: "two-schools",
        school: "oakfield-primary",
        what: "works at both schools",
    },
    Account {
        email: "daniel.reeve@oakfield.example",
        password: None,
        role: "new",
        school: "oakfield-primary",
        what: "no password yet: use Forgot Password, then the mailed link",
    },
];

/// Says where everything is and who can sign in.
pub(super) fn print(addresses: &Addresses, mails: &Path) {
    println!();
    println!("  Application   {}/", addresses.app);
    println!("    one school  {}/s/oakfield-primary/   {}/s/ysgol-y-bryn/", addresses.app, addresses.app);
    println!("    another's   {}/s/trip-planner/ (asks for consent)", addresses.app);
    println!("  Keyholder     {}/", addresses.issuer);
    println!("  Mails         {}", mails.display());
    println!();
    for account in &ACCOUNTS {
        println!("  {:<33} {:<26} {}", account.email, account.password.unwrap_or("-"), account.what);
    }
    println!();
    println!("Ctrl-C stops both.");
}
