//! Browsers that know a person: those in which they signed in before.
//!
//! Known from a cookie alone, so that an address that somebody has costs no look-up more than one that nobody has. Whoever guesses
//! passwords in strange browsers then makes the owner wait nowhere but there.

use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::app::App;
use crate::cookies;
use crate::throttle::Acquaintance;
use crate::web::{PageError, browser, known_browser};

/// People remembered by one browser; on a shared one the latest.
const MOST: usize = 6;

/// Whether this person signed in with this browser before.
pub(crate) fn acquaintance(app: &App, request: &HttpRequest, key: &str) -> Acquaintance {
    let mark = known_browser(request).map(|browser| mark(app, browser.0, key));
    match mark {
        Some(mark) if marks(request).contains(&mark) => Acquaintance::Familiar,
        _ => Acquaintance::Stranger,
    }
}

/// Remembers that this person signed in with this browser.
pub(crate) fn remember(
    app: &App,
    request: &HttpRequest,
    answer: &mut HttpResponse,
    key: &str,
) -> Result<(), PageError> {
    let mine = mark(app, browser(app, request).0, key);
    let others = marks(request).into_iter().filter(|mark| *mark != mine);
    let value = std::iter::once(mine.clone()).chain(others).take(MOST).collect::<Vec<_>>().join(".");
    let cookie = cookies::for_a_year(cookies::FAMILIAR, value);
    answer.add_cookie(&cookie).map_err(|_| PageError::Fault("a cookie could not be set"))
}

fn marks(request: &HttpRequest) -> Vec<String> {
    let value = cookies::find(request, cookies::FAMILIAR).unwrap_or_default();
    value.split('.').take(MOST).map(str::to_owned).collect()
}

/// 96 bits of a keyed digest: nobody makes one, and copied into another browser it says nothing.
fn mark(app: &App, browser: [u8; 32], key: &str) -> String {
    let digest = app.sealer.digest("familiar-browser", &[&browser[..], key.as_bytes()].concat());
    URL_SAFE_NO_PAD.encode(digest.first_chunk::<12>().copied().unwrap_or_default())
}
