//! `response_mode` is `query`, the default for a code, or `form_post`.

use super::super::{ProtocolError, UnverifiedRequest};
use crate::respond::ResponseMode;

pub(crate) fn response_mode(request: &UnverifiedRequest) -> Result<ResponseMode, ProtocolError> {
    match request.response_mode.as_deref() {
        // OAuth 2.0 Multiple Response Type Encoding Practices 2.1, 5
        None | Some("query") => Ok(ResponseMode::Query),
        // OAuth 2.0 Form Post Response Mode 2
        Some("form_post") => Ok(ResponseMode::FormPost),
        // A code in a fragment is in reach of every script of the page.
        Some(_) => Err(ProtocolError::invalid("response_mode is neither query nor form_post")),
    }
}
