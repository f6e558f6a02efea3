//! What can go wrong in a sign-in, and what people are told.
//!
//! Threat: whoever makes an address can write any text into `error_description`. Defence: it goes to the log, quoted, and
//! never to a page. People read one of the sentences below.

use actix_web::http::StatusCode;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    #[error("the provider cannot be reached: {0}")]
    Unreachable(String),
    #[error("the provider answered `{}`: {description:?}", code.escape_debug())]
    Refused { code: String, description: String },
    #[error("an answer that belongs to no sign-in of this browser")]
    NotBegunHere,
    #[error("an answer from another issuer: {0:?}")]
    OtherIssuer(Option<String>),
    #[error("an answer that cannot be read")]
    Malformed,
    #[error("the provider refused the code: {0:?}")]
    CodeRefused(String),
    #[error("the provider's answer does not hold: {0}")]
    Answer(String),
    #[error("a form without its token")]
    FormToken,
    #[error("no such page")]
    NotFound,
}

/// A heading, a sentence, and whether trying again can help.
#[derive(Debug)]
pub(crate) struct Words {
    pub(crate) status: StatusCode,
    pub(crate) title: &'static str,
    pub(crate) sentence: &'static str,
    pub(crate) again: bool,
}

impl Problem {
    pub(crate) fn words(&self) -> Words {
        let (status, title, sentence, again) = match self {
            Self::Unreachable(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Signing in is not possible at the moment",
                "The sign-in service does not answer. Nothing of yours was lost. Try again in a minute.",
                true,
            ),
            Self::Refused { code, .. } => return Self::refusal(code),
            Self::NotBegunHere => (
                StatusCode::BAD_REQUEST,
                "This sign-in has ended",
                "It took too long, was already used, or was begun in another browser. Start it again from here.",
                true,
            ),
            Self::OtherIssuer(_) => (
                StatusCode::BAD_REQUEST,
                "This answer came from somewhere else",
                "It is not from the sign-in service that this application asked, so it was not used.",
                true,
            ),
            Self::Malformed => (
                StatusCode::BAD_REQUEST,
                "This address cannot be used",
                "It is not complete. Start again from here.",
                true,
            ),
            Self::CodeRefused(_) => (
                StatusCode::BAD_REQUEST,
                "This sign-in has ended",
                "The sign-in service no longer knows it. That happens when a page is loaded twice. Start again from here.",
                true,
            ),
            Self::Answer(_) => (
                StatusCode::BAD_GATEWAY,
                "The sign-in could not be checked",
                "What the sign-in service sent did not hold when it was checked, so you are not signed in. This is our fault, not yours.",
                true,
            ),
            Self::FormToken => (
                StatusCode::FORBIDDEN,
                "Nothing was done",
                "That form did not come from a page of this session. Go back, load the page again, and press the button once more.",
                false,
            ),
            Self::NotFound => {
                (StatusCode::NOT_FOUND, "There is no such page", "The address may be old or mistyped.", false)
            }
        };
        Words { status, title, sentence, again }
    }

    /// Codes of RFC 6749 4.1.2.1, `OpenID` Connect Core 3.1.2.6, RFC 9470's companion `unmet_authentication_requirements`, and any other.
    fn refusal(code: &str) -> Words {
        let (status, title, sentence) = match code {
            "access_denied" => (
                StatusCode::FORBIDDEN,
                "You are not signed in",
                "The sign-in was cancelled, or your school does not let you use this application.",
            ),
            "login_required" | "interaction_required" | "account_selection_required" => (
                StatusCode::UNAUTHORIZED,
                "You need to sign in again",
                "The sign-in service wants to see you before it goes on.",
            ),
            "consent_required" => (
                StatusCode::FORBIDDEN,
                "Your agreement is missing",
                "The sign-in service tells us about you once you have agreed to it there.",
            ),
            "unmet_authentication_requirements" => (
                StatusCode::FORBIDDEN,
                "A stronger sign-in is needed",
                "You could not be signed in as strongly as this page needs. Have your key at hand and try again.",
            ),
            "temporarily_unavailable" | "server_error" => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Signing in is not possible at the moment",
                "The sign-in service had a fault. Nothing of yours was lost. Try again in a minute.",
            ),
            _ => (
                StatusCode::BAD_GATEWAY,
                "The sign-in service did not accept our request",
                "This application and the sign-in service do not agree about how to sign you in. Whoever looks after them needs to know.",
            ),
        };
        Words { status, title, sentence, again: true }
    }
}

#[cfg(test)]
mod tests;
