//! `claims` and `acr_values` (`OpenID` Connect Core 5.5, 3.1.2.1).

use super::super::{ClaimsRequest, ProtocolError, UnverifiedRequest};

pub(crate) fn claims(request: &UnverifiedRequest) -> Result<Option<ClaimsRequest>, ProtocolError> {
    let mut claims = match request.claims.as_deref() {
        None => None,
        Some(text) => {
            Some(ClaimsRequest::parse(text).map_err(|_| ProtocolError::invalid("claims is no claims request"))?)
        }
    };
    if let Some(acr_values) = &request.acr_values {
        claims.get_or_insert_default().add_acr_values(acr_values);
    }
    Ok(claims.filter(|claims| *claims != ClaimsRequest::default()))
}
