//! What stands around every page: languages, school, application, person.

use keyholder_core::locale::Language;
use serde::Serialize;

/// The frame of one page.
#[derive(Debug, Clone, Serialize)]
pub struct Frame {
    pub language: Language,
    /// Where the same page is in the other language.
    pub other_language_href: String,
    /// What the sign-in is for, on the key tag; `None` where it is for Keyholder itself.
    pub application: Option<String>,
    /// The school, once it is known (chosen by the application, by `/s/{slug}`, or by the person), never by the typed address.
    pub school: Option<School>,
    /// Who is signed in, where somebody is.
    pub person: Option<Person>,
    /// On pages of a signed-in person who has a key: whether it was used.
    pub elevation: Option<Elevation>,
    /// In every form of ours where it is not empty, as the hidden field `form_token`.
    pub form_token: String,
    /// The nonce of the content security policy: on every `script` element.
    pub nonce: String,
}

/// A school as its pages show it.
#[derive(Debug, Clone, Serialize)]
pub struct School {
    pub name: String,
    pub slug: String,
    /// `#rrggbb`, already checked for contrast. Served as a stylesheet at `/s/{slug}/brand.css`: no inline style. Its address does
    /// not change with the colour: to be kept for minutes, not for a year.
    pub colour: Option<String>,
    /// An `https` address of a logo. The content security policy of the page has to allow it as an image (`img-src`).
    pub logo: Option<String>,
    pub help: Help,
}

/// Whom to ask, in the same place on every page. All empty: the page says to ask the school's office.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Help {
    pub name: Option<String>,
    pub email: Option<String>,
    pub phone: Option<String>,
}

/// Who is signed in.
#[derive(Debug, Clone, Serialize)]
pub struct Person {
    pub name: String,
    /// Where to choose another school, for people who have several.
    pub change_school_href: Option<String>,
}

/// Whether the session used a second factor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Elevation {
    /// Not yet: **Elevate your access**.
    Offered { href: String },
    /// It did: how long that lasts, and **Step down**.
    Raised { minutes: u64, action: String, return_to: String },
}
