//! The forms in which a message is found: in an address bar, in a form, in a log.

use url::form_urlencoded;

use super::advice;
use crate::base64::decode_lenient;
use crate::redirect::{Query, inflate};

/// In what form a message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// A query, or an address with one (saml-bindings-2.0-os 3.4).
    Redirect,
    /// A posted form's body (saml-bindings-2.0-os 3.5).
    Form,
    /// The value of a parameter, deflated.
    Deflated,
    /// The value of a field, in base64.
    Base64,
    Xml,
}

impl Form {
    /// In words that follow "This is".
    pub fn words(self) -> &'static str {
        match self {
            Self::Redirect => "a message in an address (HTTP-Redirect)",
            Self::Form => "a message in a posted form (HTTP-POST)",
            Self::Deflated => "the value of a parameter, deflated and in base64, as HTTP-Redirect has it",
            Self::Base64 => "the value of a field, in base64, as HTTP-POST has it",
            Self::Xml => "XML",
        }
    }
}

/// A message that was unpacked.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) form: Form,
    pub(super) message: Vec<u8>,
    /// The query as it was sent, whose signature counts.
    pub(super) query: Option<Query>,
    pub(super) relay_state: Option<String>,
}

/// How far unpacking got, why no further, and what can be done.
#[derive(Debug)]
pub(super) struct Unrecognised {
    pub(super) form: Option<Form>,
    pub(super) reason: String,
    pub(super) advice: &'static str,
}

/// Unpacks a message.
pub(super) fn recognise(input: &str) -> Result<Found, Unrecognised> {
    let text = input.trim_matches(['\u{FEFF}', ' ', '\t', '\r', '\n']);
    if text.starts_with('<') {
        return Ok(Found { form: Form::Xml, message: text.as_bytes().to_vec(), query: None, relay_state: None });
    }
    if ["SAMLRequest=", "SAMLResponse="].iter().any(|name| text.contains(name)) {
        return parameters(text);
    }
    value(text).ok_or_else(|| Unrecognised {
        form: None,
        reason: "it is neither XML nor base64 of XML, deflated or not".to_owned(),
        advice: advice::WHOLE,
    })
}

/// A query, or a form's body: both look alike, and only one is deflated.
fn parameters(text: &str) -> Result<Found, Unrecognised> {
    let query = text.split_once('?').map_or(text, |(_, query)| query);
    let query = query.split_once('#').map_or(query, |(query, _)| query);
    match Query::parse(query) {
        Ok(query) => Ok(Found {
            form: Form::Redirect,
            message: query.message().to_vec(),
            relay_state: query.relay_state().map(str::to_owned),
            query: Some(query),
        }),
        Err(error) => posted(query).ok_or_else(|| Unrecognised {
            form: Some(Form::Redirect),
            reason: error.to_string(),
            advice: advice::of_redirect(&error),
        }),
    }
}

fn posted(body: &str) -> Option<Found> {
    let field = |names: &[&str]| {
        let mut pairs = form_urlencoded::parse(body.as_bytes());
        pairs.find(|(name, _)| names.contains(&&**name)).map(|(_, value)| value.into_owned())
    };
    // A space was a plus that somebody did not encode.
    let message = decode_lenient(&field(&["SAMLRequest", "SAMLResponse"])?.replace(' ', "+"))?;
    let is_xml = message.trim_ascii_start().starts_with(b"<");
    let relay_state = field(&["RelayState"]);
    is_xml.then_some(Found { form: Form::Form, message, query: None, relay_state })
}

/// The value alone, percent-encoded or not, deflated or not.
fn value(text: &str) -> Option<Found> {
    let decoded = if text.contains('%') {
        form_urlencoded::parse(format!("a={}", text.replace('+', "%2B")).as_bytes()).next()?.1.into_owned()
    } else {
        text.to_owned()
    };
    let bytes = decode_lenient(&decoded)?;
    let found = |form, message| Some(Found { form, message, query: None, relay_state: None });
    if bytes.trim_ascii_start().starts_with(b"<") || bytes.starts_with(b"\xEF\xBB\xBF<") {
        return found(Form::Base64, bytes);
    }
    let message = inflate(&bytes).ok()?;
    message.trim_ascii_start().starts_with(b"<").then_some(())?;
    found(Form::Deflated, message)
}
