//! Logout that the application begins (`OpenID` Connect RP-Initiated Logout 1.0).
//!
//! Owns who asks and where the browser may go afterwards. Does not own the session. A flaw never keeps a person signed in:
//! what cannot be trusted is not used (RP-Initiated Logout 4), and the person is asked instead.

use keyholder_core::application::RelyingApplication;
use keyholder_core::id::{ApplicationId, SessionId};
use keyholder_core::locale::Language;
use keyholder_core::ports::Sealer;
use url::form_urlencoded;

use crate::authorize::id_token_hint::{self, Hint};
use crate::authorize::{MAX_BYTES, Untrusted};
use crate::form::{self, Form};
use crate::jws::PublicKeys;
use crate::respond::with_query;
use crate::sid::Sid;

/// The parameters that come back with the confirmation.
const FIELDS: [&str; 5] = ["id_token_hint", "client_id", "post_logout_redirect_uri", "state", "ui_locales"];

/// A logout request as it arrived.
#[derive(Debug, Clone)]
pub struct UnverifiedLogout {
    form: Form,
}

/// What of a request can be trusted.
#[derive(Clone, PartialEq, Eq)]
pub struct EndSession {
    /// The session named by an ID token of ours for this client. If the browser has that very session, nobody is asked.
    pub hinted_session: Option<HintedSession>,
    /// Where the browser goes afterwards: registered for the client, `state` added.
    pub return_to: Option<String>,
    /// The language asked for.
    pub language: Option<Language>,
    /// What was not used, for the log.
    pub doubts: Vec<Doubt>,
}

impl std::fmt::Debug for EndSession {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("EndSession").field("doubts", &self.doubts).finish_non_exhaustive()
    }
}

/// A session as an ID token of ours names it to the client that asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HintedSession {
    application: ApplicationId,
    subject: String,
    sid: String,
}

impl HintedSession {
    /// Whether it is this session.
    pub fn is(&self, session: SessionId, sealer: &dyn Sealer) -> bool {
        Sid::new(sealer, session, self.application, &self.subject).as_str() == self.sid
    }
}

/// Why a part of the request is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    #[error("id_token_hint is no ID token of this provider")]
    Hint,
    #[error("id_token_hint is for another client than client_id")]
    HintOfOtherClient,
    #[error("no registered client asks")]
    Client,
    #[error("post_logout_redirect_uri is not registered for the client")]
    ReturnAddress,
}

/// Reads a query or a posted form.
pub fn parse(bytes: &[u8]) -> Result<UnverifiedLogout, Untrusted> {
    if bytes.len() > MAX_BYTES {
        return Err(Untrusted::TooLong);
    }
    Ok(UnverifiedLogout { form: form::parse(bytes)? })
}

/// The request in a form that was read already: that of our own confirmation.
pub fn of_form(form: Form) -> UnverifiedLogout {
    UnverifiedLogout { form }
}

/// A request whose hint was looked at.
#[derive(Debug, Clone)]
pub struct HintedLogout {
    unverified: UnverifiedLogout,
    hint: Option<Hint>,
    doubts: Vec<Doubt>,
}

impl UnverifiedLogout {
    /// Checks the hint: signature, kind and issuer. Expired ones are accepted (RP-Initiated Logout 2).
    pub fn read_hint(self, issuer: &str, own_keys: &PublicKeys) -> HintedLogout {
        let read = self.form.one("id_token_hint").map(|token| id_token_hint::verify(token, issuer, own_keys));
        let (hint, doubts) = match read {
            None => (None, Vec::new()),
            Some(Ok(hint)) => (Some(hint), Vec::new()),
            Some(Err(_)) => (None, vec![Doubt::Hint]),
        };
        HintedLogout { unverified: self, hint, doubts }
    }

    /// The request as a query, to go on with a posted request by GET.
    pub fn to_query(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(self.fields()).finish()
    }

    /// The parameters that mean something, for the hidden fields of the confirmation.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        FIELDS.into_iter().filter_map(|name| Some((name, self.form.one(name)?)))
    }
}

impl HintedLogout {
    /// Who says that they ask: `client_id`, else the hint's only audience.
    pub fn client_id(&self) -> Option<&str> {
        let of_hint = || match self.hint.as_ref()?.audiences.as_slice() {
            [only] => Some(only.as_str()),
            _ => None,
        };
        self.unverified.form.one("client_id").or_else(of_hint)
    }

    /// The request as it arrived.
    pub fn into_unverified(self) -> UnverifiedLogout {
        self.unverified
    }

    /// Checks the rest against the application registered under [`client_id`](Self::client_id).
    pub fn check(&self, application: Option<&RelyingApplication>) -> EndSession {
        let form = &self.unverified.form;
        let mut doubts = self.doubts.clone();
        let client = application.map(|application| &application.client);
        if client.is_none() && self.client_id().is_some() {
            doubts.push(Doubt::Client);
        }
        // RP-Initiated Logout 2: "the OP MUST verify that the Client Identifier matches the one used when issuing the ID
        // Token."
        let is_audience = |hint: &&Hint| client.is_some_and(|client| hint.audiences.contains(&client.client_id));
        let hint = self.hint.as_ref().filter(is_audience);
        let foreign_hint = self.hint.is_some() && hint.is_none() && client.is_some();
        if foreign_hint {
            doubts.push(Doubt::HintOfOtherClient);
        }
        // RP-Initiated Logout 3: "the OP MUST NOT perform post-logout redirection if the value supplied does not exactly
        // match one of the previously registered values". Two parties that contradict each other get none either.
        let registered = |address: &&str| {
            !foreign_hint
                && !address.contains('#')
                && client.is_some_and(|client| client.post_logout_redirect_uris.iter().any(|known| known == address))
        };
        let asked = form.one("post_logout_redirect_uri");
        let return_to = asked.filter(registered).map(|address| {
            let state = form.one("state").map(|state| ("state", state.to_owned()));
            with_query(address, state.as_slice())
        });
        if asked.is_some() && return_to.is_none() {
            doubts.push(Doubt::ReturnAddress);
        }
        EndSession {
            hinted_session: application.zip(hint).and_then(|(application, hint)| {
                let (application, subject) = (application.id, hint.subject.clone());
                Some(HintedSession { application, subject, sid: hint.sid.clone()? })
            }),
            return_to,
            language: form.one("ui_locales").and_then(|tags| tags.split(' ').find_map(Language::from_tag)),
            doubts,
        }
    }
}

#[cfg(test)]
mod tests;
