//! Who the person has to be: `id_token_hint`, or `sub` in `claims` (`OpenID` Connect Core 3.1.2.1, 5.5.1).

use super::super::{ClaimsRequest, Context, ProtocolError, UnverifiedRequest, id_token_hint};

pub(crate) fn subject(
    request: &UnverifiedRequest,
    context: &Context<'_>,
    claims: Option<&ClaimsRequest>,
) -> Result<Option<String>, ProtocolError> {
    let asked = match claims.map(ClaimsRequest::subject) {
        None => None,
        Some(subject) => subject.map_err(|_| ProtocolError::invalid("claims asks for a sub that is no text"))?,
    };
    let Some(token) = request.id_token_hint.as_deref() else { return Ok(asked.map(str::to_owned)) };
    let client_id = context.application.client.client_id.as_str();
    let hint = id_token_hint::verify(token, context.issuer, context.own_keys)
        .ok()
        .filter(|hint| hint.audiences.iter().any(|audience| audience == client_id))
        .ok_or(ProtocolError::invalid("id_token_hint is no ID token of this provider for this client"))?;
    match asked {
        Some(asked) if asked != hint.subject => Err(ProtocolError::invalid("id_token_hint and claims name two people")),
        _ => Ok(Some(hint.subject)),
    }
}
