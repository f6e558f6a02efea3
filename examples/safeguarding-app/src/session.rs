//! Sessions and begun sign-ins, in memory: a restart signs everybody out of this application.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use openidconnect::{AccessToken, CsrfToken, Nonce, PkceCodeVerifier};

use crate::claims::Person;
use crate::provider::SchoolIdToken;
use crate::return_page::ReturnPage;
use crate::saml;

const SESSION_LIFETIME: Duration = Duration::from_hours(8);
/// Long enough to fetch a link from a mailbox in the middle of a sign-in.
const SIGN_IN_LIFETIME: Duration = Duration::from_hours(1);
/// Threat: `/sign-in` fetched a million times fills the memory. Defence: the oldest begun sign-in makes room.
const SIGN_INS_AT_MOST: usize = 10_000;

#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// Where the session is good; a session of one mount opens nothing in another.
    pub(crate) base: String,
    pub(crate) person: Person,
    pub(crate) evidence: Evidence,
    /// What this session's forms carry.
    pub(crate) form_token: String,
    /// Asked for a key and did not get one: said once, on the next page.
    pub(crate) key_was_not_used: bool,
}

/// What the provider handed over, kept to sign out with and to ask whether the sign-in still counts for as much as it did.
#[derive(Debug, Clone)]
pub(crate) enum Evidence {
    Tokens {
        /// RP-Initiated Logout 1.0, `id_token_hint`.
        id_token: Box<SchoolIdToken>,
        access_token: AccessToken,
    },
    /// Over SAML. Nobody can be asked behind the browser's back: an assertion opens one page that needs a key, and the browser is sent
    /// for another before the next.
    Assertion { name_id: String, session_index: String, opens_one: bool },
}

/// A sign-in that was begun and not yet answered.
#[derive(Debug)]
pub(crate) struct BegunSignIn {
    pub(crate) base: String,
    /// The value of the cookie of the browser that began it.
    pub(crate) browser: String,
    pub(crate) expected: Expected,
    pub(crate) return_page: ReturnPage,
    pub(crate) with_key: bool,
}

/// What ties an answer to the request.
#[derive(Debug)]
pub(crate) enum Expected {
    Code {
        nonce: Nonce,
        verifier: PkceCodeVerifier,
    },
    /// Over SAML, where the answer comes without the browser's cookie and waits here for it.
    Response {
        request_id: String,
        /// Whether only this was asked: does the key still count?
        whether: bool,
        answer: Option<saml::Answer>,
    },
}

#[derive(Debug, Default)]
#[allow(clippy::struct_field_names, reason = "sessions are among the things it keeps")]
pub(crate) struct Sessions {
    sessions: Mutex<HashMap<String, (Instant, Session)>>,
    /// By `state`.
    sign_ins: Mutex<HashMap<String, (Instant, BegunSignIn)>>,
    /// Names of messages that count once (`jti` of logout tokens), with the second until which each would count.
    messages: Mutex<HashMap<String, i64>>,
}

impl Sessions {
    /// Stores a session under a new id. Ids are never taken from a browser, so none can be planted there beforehand.
    pub(crate) fn begin(&self, session: Session) -> String {
        let id = new_secret();
        let mut sessions = lock(&self.sessions);
        sessions.retain(|_, (since, _)| since.elapsed() < SESSION_LIFETIME);
        sessions.insert(id.clone(), (Instant::now(), session));
        id
    }

    pub(crate) fn find(&self, id: &str, base: &str) -> Option<Session> {
        let sessions = lock(&self.sessions);
        let (since, session) = sessions.get(id)?;
        (since.elapsed() < SESSION_LIFETIME && session.base == base).then(|| session.clone())
    }

    pub(crate) fn end(&self, id: &str) {
        lock(&self.sessions).remove(id);
    }

    /// Ends what a logout token names: the sessions of a mount that came from that provider session, or else that person's.
    pub(crate) fn end_named(&self, base: &str, sid: Option<&str>, subject: Option<&str>) {
        let named = |session: &Session| match sid {
            Some(sid) => session.person.sid.as_deref() == Some(sid),
            None => subject == Some(&session.person.subject),
        };
        lock(&self.sessions).retain(|_, (_, session)| session.base != base || !named(session));
    }

    /// Whether a message comes for the first time. Only those of the provider get here, so they are few.
    pub(crate) fn use_once(&self, name: &str, until: i64, now: i64) -> bool {
        let mut seen = lock(&self.messages);
        seen.retain(|_, until| *until >= now);
        seen.insert(name.to_owned(), until).is_none()
    }

    /// Whether the last assertion has opened nothing yet; uses it up.
    pub(crate) fn open_one(&self, id: &str) -> bool {
        match lock(&self.sessions).get_mut(id).map(|(_, session)| &mut session.evidence) {
            Some(Evidence::Assertion { opens_one, .. }) => std::mem::take(opens_one),
            _ => false,
        }
    }

    /// A key was asked for, and there is none.
    pub(crate) fn note_missing_key(&self, id: &str) {
        if let Some((_, session)) = lock(&self.sessions).get_mut(id) {
            session.key_was_not_used = true;
        }
    }

    /// The key's effect is over before its time: the person stepped down at the provider.
    pub(crate) fn end_elevation(&self, id: &str, now: i64) {
        if let Some((_, session)) = lock(&self.sessions).get_mut(id) {
            session.person.elevated_until = Some(now);
        }
    }

    /// Whether the session was to be told that no key was used; forgets it.
    pub(crate) fn take_notice(&self, id: &str) -> bool {
        lock(&self.sessions).get_mut(id).is_some_and(|(_, session)| std::mem::take(&mut session.key_was_not_used))
    }

    pub(crate) fn remember(&self, state: String, sign_in: BegunSignIn) {
        let mut sign_ins = lock(&self.sign_ins);
        sign_ins.retain(|_, (since, _)| since.elapsed() < SIGN_IN_LIFETIME);
        if sign_ins.len() >= SIGN_INS_AT_MOST {
            let oldest = sign_ins.iter().min_by_key(|(_, (since, _))| *since).map(|(state, _)| state.clone());
            oldest.and_then(|state| sign_ins.remove(&state));
        }
        sign_ins.insert(state, (Instant::now(), sign_in));
    }

    /// The id of the SAML request that was begun under a `RelayState`.
    pub(crate) fn request_of(&self, state: &str, base: &str) -> Option<String> {
        let sign_ins = lock(&self.sign_ins);
        let (since, sign_in) = sign_ins.get(state)?;
        match &sign_in.expected {
            Expected::Response { request_id, .. } if since.elapsed() < SIGN_IN_LIFETIME && sign_in.base == base => {
                Some(request_id.clone())
            }
            _ => None,
        }
    }

    /// Keeps the answer to a SAML request until its browser comes; `false`: there is one already, or no such request.
    pub(crate) fn answer(&self, state: &str, base: &str, answered: saml::Answer) -> bool {
        let mut sign_ins = lock(&self.sign_ins);
        match sign_ins.get_mut(state).filter(|(_, sign_in)| sign_in.base == base).map(|(_, begun)| &mut begun.expected)
        {
            Some(Expected::Response { answer: answer @ None, .. }) => {
                *answer = Some(answered);
                true
            }
            _ => false,
        }
    }

    /// The sign-in that this answer belongs to; it is not given a second time. An answer in another browser finds nothing,
    /// and takes nothing from the browser that may still come.
    pub(crate) fn take(&self, state: &str, base: &str, browser: &str) -> Option<BegunSignIn> {
        let mut sign_ins = lock(&self.sign_ins);
        let (since, sign_in) = sign_ins.get(state)?;
        if since.elapsed() >= SIGN_IN_LIFETIME || sign_in.base != base || sign_in.browser != browser {
            return None;
        }
        sign_ins.remove(state).map(|(_, sign_in)| sign_in)
    }
}

/// 256 bits that nobody can guess.
pub(crate) fn new_secret() -> String {
    CsrfToken::new_random_len(32).into_secret()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
