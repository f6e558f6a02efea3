//! The cookies of the pages: their names, and how they are set and taken back.
//!
//! All carry the `__Host-` prefix (RFC 6265bis 4.1.3.2): a neighbouring host or a page over plain http cannot set one, so
//! cookies cannot be tossed. All are `HttpOnly`: no script of ours needs one.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration as CookieDuration;
use actix_web::cookie::{Cookie, SameSite};

/// The session: opaque, hashed at rest, replaced at each proof. Lives as long as the browser runs.
pub const SESSION: &str = "__Host-kh-session";
/// The browser: binds all flows of a browser and makes it familiar to a person's account.
pub const BROWSER: &str = "__Host-kh-browser";
/// Who signed in with this browser before, as digests that say nothing without the browser's own cookie and our key.
pub const FAMILIAR: &str = "__Host-kh-familiar";
/// The slug of the school last chosen for Keyholder's own pages. A preference; memberships are checked each time.
pub const SCHOOL: &str = "__Host-kh-school";
/// The language chosen by the switch.
pub const LANGUAGE: &str = "__Host-kh-language";

/// What was done just now in Account Settings, for the next page to say.
pub const DONE: &str = "__Host-kh-done";
/// What was done just now with a key, told once.
pub const KEY_DONE: &str = "__Host-kh-key-done";

/// The longest value of ours.
const LONGEST: usize = 128;
/// How long a browser and its preferences are remembered.
const YEAR: CookieDuration = CookieDuration::days(365);

/// The value of a cookie that is no longer than ours ever are.
pub fn find(request: &HttpRequest, name: &str) -> Option<String> {
    request.cookie(name).map(|cookie| cookie.value().to_owned()).filter(|value| (1..=LONGEST).contains(&value.len()))
}

/// A cookie that ends with the browser.
pub fn for_browser_session(name: &'static str, value: String) -> Cookie<'static> {
    build(name, value, None)
}

/// A cookie that is kept for a year.
pub fn for_a_year(name: &'static str, value: String) -> Cookie<'static> {
    build(name, value, Some(YEAR))
}

/// Takes a cookie back.
pub fn removal(name: &'static str) -> Cookie<'static> {
    build(name, String::new(), Some(CookieDuration::ZERO))
}

fn build(name: &'static str, value: String, age: Option<CookieDuration>) -> Cookie<'static> {
    // Lax, not Strict: the redirect from an application has to bring the session along.
    let cookie = Cookie::build(name, value).path("/").secure(true).http_only(true).same_site(SameSite::Lax);
    match age {
        Some(age) => cookie.max_age(age).finish(),
        None => cookie.finish(),
    }
}
