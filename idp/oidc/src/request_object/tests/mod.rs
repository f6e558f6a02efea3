//! Request objects. Forged ones are named after the attack.

mod attacks;
mod rfc9101;

use serde_json::{Value, json};

use crate::authorize::fixture::{CALLBACK, CLIENT, CLIENTS, ISSUER, NOW, application, check_query, forged};
use crate::authorize::{Checked, Rejection};

fn header() -> Value {
    json!({"alg": "ES256", "kid": "client", "typ": "oauth-authz-req+jwt"})
}

fn claims() -> Value {
    json!({
        "iss": CLIENT, "aud": ISSUER, "exp": NOW + 300, "iat": NOW, "jti": "j1",
        "client_id": CLIENT, "redirect_uri": CALLBACK, "response_type": "code", "scope": "openid email",
        "state": "inside",
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

/// A request that holds the object, and beside it what RFC 9101 5 needs.
fn send(object: &str, beside: &str) -> Result<Checked, Rejection> {
    check_query(&application(), &format!("client_id={CLIENT}&request={object}{beside}"))
}

fn send_claims(claims: &Value) -> Result<Checked, Rejection> {
    send(&forged(&CLIENTS, &header(), claims), "")
}
