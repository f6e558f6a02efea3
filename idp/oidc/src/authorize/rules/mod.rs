//! The rules that an authorization request is held against, one file each, named after what it is about.

mod claims;
mod client;
mod login_hint;
mod max_age;
mod not_supported;
mod pkce;
pub(super) mod prompt;
mod redirect_uri;
mod request_object;
mod response_mode;
mod response_type;
mod school;
mod scope;
mod subject;
mod ui_locales;

use super::{Context, ProtocolError, UnverifiedRequest};

pub(super) use claims::claims;
pub(super) use client::client;
pub(super) use login_hint::login_hint;
pub(super) use max_age::proof_not_before;
pub(super) use pkce::pkce;
pub(super) use prompt::prompt;
pub(super) use redirect_uri::redirect_uri;
pub(super) use request_object::open_request_object;
pub(super) use response_mode::response_mode;
pub(super) use school::school;
pub(super) use scope::scope;
pub(super) use subject::subject;
pub(super) use ui_locales::ui_locales;

/// A rule that only refuses.
pub(super) type Refusal = fn(&UnverifiedRequest, &Context<'_>) -> Result<(), ProtocolError>;

/// The rules that only refuse, in this order.
pub(super) const REFUSALS: [Refusal; 4] = [
    not_supported::request_uri,
    not_supported::registration,
    response_type::response_type,
    response_type::client_may_use_it,
];
