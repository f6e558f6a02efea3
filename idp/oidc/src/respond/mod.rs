//! Authorization responses (RFC 6749 4.1.2, `OpenID` Connect Core 3.1.2.5): the code or an error, on its way to the
//! application.
//!
//! Owns the encoding for each response mode. Does not know HTTP. Every answer names the issuer (RFC 9207).

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use crate::authorize::ProtocolError;

/// How parameters travel back (OAuth 2.0 Multiple Response Type Encoding Practices 2.1, Form Post Response Mode).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    #[default]
    Query,
    FormPost,
}

/// Where an answer goes. Exists only for an address that is registered for the client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyTo {
    pub redirect_uri: String,
    #[serde(default)]
    pub mode: ResponseMode,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

/// An answer, ready for HTTP.
#[derive(Clone, PartialEq, Eq)]
pub enum Answer {
    /// Redirect there.
    Redirect { location: String },
    /// Post these fields there from a page.
    FormPost { action: String, fields: Vec<(&'static str, String)> },
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Either holds the code.
        formatter.write_str(match self {
            Self::Redirect { .. } => "Redirect",
            Self::FormPost { .. } => "FormPost",
        })
    }
}

/// The code.
pub fn success(reply_to: &ReplyTo, issuer: &str, code: &SecretString) -> Answer {
    answer(reply_to, issuer, vec![("code", code.expose_secret().to_owned())])
}

/// An error (RFC 6749 4.1.2.1, `OpenID` Connect Core 3.1.2.6).
pub fn error(reply_to: &ReplyTo, issuer: &str, error: &ProtocolError) -> Answer {
    let description = error.description.map(|text| ("error_description", text.to_owned()));
    answer(reply_to, issuer, [("error", error.code.name().to_owned())].into_iter().chain(description).collect())
}

fn answer(reply_to: &ReplyTo, issuer: &str, mut fields: Vec<(&'static str, String)>) -> Answer {
    fields.extend(reply_to.state.clone().map(|state| ("state", state)));
    // RFC 9207 2: in error responses too.
    fields.push(("iss", issuer.to_owned()));
    match reply_to.mode {
        ResponseMode::Query => Answer::Redirect { location: with_query(&reply_to.redirect_uri, &fields) },
        ResponseMode::FormPost => Answer::FormPost { action: reply_to.redirect_uri.clone(), fields },
    }
}

/// Adds parameters to a registered address. Its own query stays (RFC 6749 3.1.2); it has no fragment.
pub(crate) fn with_query(address: &str, fields: &[(&'static str, String)]) -> String {
    if fields.is_empty() {
        return address.to_owned();
    }
    let separator = match address.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&",
    };
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    format!("{address}{separator}{query}")
}

#[cfg(test)]
mod tests;
