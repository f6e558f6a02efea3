//! What belongs to one request while it is answered: its reference, the nonce of its page, its browser.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use actix_web::{HttpMessage, HttpRequest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keyholder_core::id::TokenHash;
use keyholder_core::random::{Random, draw_bytes, draw_token};
use secrecy::ExposeSecret;

use crate::app::App;
use crate::cookies;
use crate::digest::hash_token;

/// Crockford's alphabet: no letter that is read as a digit, for references that people read out on the telephone.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// One request.
pub(super) struct Visit {
    /// Opaque; stands in the log, in `X-Request-Id` and on problem pages.
    pub(super) reference: String,
    /// The nonce of the content security policy.
    pub(super) nonce: String,
    /// The value of the browser cookie that this answer sets.
    drawn: OnceCell<String>,
    renewed: Cell<bool>,
}

impl Visit {
    pub(super) fn begin(random: &dyn Random) -> Rc<Self> {
        // One draw for both: the generator's price is by the call.
        let drawn = draw_bytes::<26>(random);
        let (letters, nonce) = drawn.split_at(10);
        let letter = |byte: &u8| char::from(ALPHABET.get(usize::from(byte & 31)).copied().unwrap_or(b'0'));
        Rc::new(Self {
            reference: letters.iter().map(letter).collect(),
            nonce: STANDARD.encode(nonce),
            drawn: OnceCell::new(),
            renewed: Cell::new(false),
        })
    }

    /// The visit of a request. Without the middleware around it there is none, which only a test does.
    pub(super) fn of(app: &App, request: &HttpRequest) -> Rc<Self> {
        let found = request.extensions().get::<Rc<Self>>().cloned();
        found.unwrap_or_else(|| {
            let visit = Self::begin(&*app.random);
            request.extensions_mut().insert(Rc::clone(&visit));
            visit
        })
    }

    /// The browser cookie that the answer has to set: a new one, or the old one for another year.
    pub(super) fn browser_cookie(&self, request: &HttpRequest) -> Option<String> {
        self.drawn.get().cloned().or_else(|| self.renewed.get().then(|| sent(request)).flatten())
    }
}

fn sent(request: &HttpRequest) -> Option<String> {
    // Only what `draw_token` makes: nobody chooses a value for somebody else's browser that is easier to guess.
    cookies::find(request, cookies::BROWSER).filter(|value| value.len() == 43)
}

/// The reference of this request.
pub fn reference(app: &App, request: &HttpRequest) -> String {
    Visit::of(app, request).reference.clone()
}

/// The browser that sent this request, where it sent a cookie of ours.
pub fn known_browser(request: &HttpRequest) -> Option<TokenHash> {
    sent(request).map(|value| hash_token(&value))
}

/// The browser of this request. One that is new gets its cookie with the answer.
pub fn browser(app: &App, request: &HttpRequest) -> TokenHash {
    known_browser(request).unwrap_or_else(|| {
        let visit = Visit::of(app, request);
        hash_token(visit.drawn.get_or_init(|| draw_token(&*app.random).expose_secret().to_owned()))
    })
}

/// Remembers this browser for another year.
pub(crate) fn renew_browser(app: &App, request: &HttpRequest) {
    Visit::of(app, request).renewed.set(true);
}
