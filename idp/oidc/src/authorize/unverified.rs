//! An authorization request as it arrived: nothing about it is believed.

use serde_json::{Map, Value};
use url::form_urlencoded;

use super::Untrusted;
use crate::form;

/// The longest request that is read, in bytes. A request that was posted is continued as a query
/// (RFC 9110 15.4.4), and common proxies pass a request line of 8 KiB.
pub const MAX_BYTES: usize = 7 * 1024;

macro_rules! parameters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// The parameters of an authorization request that mean something here; others are ignored (RFC 6749 3.1).
        #[derive(Clone, Default, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the standard's own names")]
        pub struct UnverifiedRequest { $($(#[$doc])* pub $name: Option<String>,)* }

        impl UnverifiedRequest {
            fn read<E>(mut find: impl FnMut(&'static str) -> Result<Option<String>, E>) -> Result<Self, E> {
                Ok(Self { $($name: find(stringify!($name))?,)* })
            }

            fn sent(&self) -> impl Iterator<Item = (&'static str, &str)> {
                [$((stringify!($name), self.$name.as_deref()),)*]
                    .into_iter()
                    .filter_map(|(name, value)| Some((name, value?)))
            }
        }
    };
}

parameters! {
    // RFC 6749 4.1.1
    client_id, redirect_uri, response_type, scope, state,
    // RFC 7636 4.3
    code_challenge, code_challenge_method,
    // OpenID Connect Core 3.1.2.1, 5.5, 6, 7.2.1
    response_mode, nonce, prompt, max_age, ui_locales, id_token_hint, login_hint, acr_values, claims, request,
    request_uri, registration,
    // Ours: the slug of a school.
    school,
}

impl std::fmt::Debug for UnverifiedRequest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("UnverifiedRequest").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// Reads a query or a posted form. A request that cannot be read, or that says a thing twice, gets no answer by redirect:
/// which of two `redirect_uri` would it be?
pub fn parse(bytes: &[u8]) -> Result<UnverifiedRequest, Untrusted> {
    if bytes.len() > MAX_BYTES {
        return Err(Untrusted::TooLong);
    }
    let form = form::parse(bytes)?;
    UnverifiedRequest::read(|name| Ok(form.one(name).map(str::to_owned)))
}

/// The claim has a type that the parameter cannot have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WrongType;

impl UnverifiedRequest {
    /// Who says that they ask.
    pub fn client_id(&self) -> Result<&str, Untrusted> {
        self.client_id.as_deref().ok_or(Untrusted::ClientMissing)
    }

    /// The request as a query, to go on with a posted request by GET.
    pub fn to_query(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(self.sent()).finish()
    }

    /// The request object, where there is one: to be held against the client's keys before [`check`](super::check).
    pub fn request_object(&self) -> Option<&str> {
        self.request.as_deref()
    }

    /// The parameters that a request object holds as claims.
    pub(crate) fn from_claims(claims: &Map<String, Value>) -> Result<Self, WrongType> {
        Self::read(|name| match claims.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.contains('\0') => Err(WrongType),
            // RFC 6749 3.1: a parameter without a value counts as omitted.
            Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
            // RFC 9101 4: "Numerical values are included as JSON numbers"; OpenID Connect Core 6.1: `claims` is an object.
            Some(Value::Number(number)) if name == "max_age" => Ok(Some(number.to_string())),
            Some(object @ Value::Object(_)) if name == "claims" => Ok(Some(object.to_string())),
            Some(_) => Err(WrongType),
        })
    }
}
