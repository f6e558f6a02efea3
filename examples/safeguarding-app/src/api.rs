//! The interface for other programs: an incident for whoever shows an access token.
//!
//! RFC 6750 (bearer tokens), RFC 7662 (introspection), RFC 9470 (step-up challenge): a token whose sign-in was too weak is answered with
//! what would do, so that the caller can send its user to sign in again with these values.

use actix_web::http::header::WWW_AUTHENTICATE;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};

use crate::assurance::{ACR_MULTI_FACTOR, ACR_PHISHING_RESISTANT, Assurance};
use crate::incidents::{self, Incident, Needs};
use crate::problem::Problem;
use crate::return_page::parse_number;
use crate::web::Visit;

/// `GET /api/incidents/{number}`
pub(crate) async fn incident(visit: Visit, request: HttpRequest, number: Path<String>) -> HttpResponse {
    let Some(token) = bearer(&request) else { return challenge("Bearer") };
    let Some(incident) = parse_number(&number).and_then(incidents::find) else {
        return HttpResponse::NotFound().finish();
    };
    // Over SAML there are no tokens.
    let Ok(client) = visit.client() else { return HttpResponse::NotFound().finish() };
    match visit.application.provider.introspect(client, token).await {
        Ok(None) => challenge("Bearer error=\"invalid_token\""),
        Ok(Some(found)) => {
            let now = (visit.application.now)();
            let over = found.elevated_until.is_some_and(|until| until <= now);
            let used_key = Assurance::from_acr(found.acr.as_deref()).used_key() && !over;
            answer(incident, used_key)
        }
        Err(problem) => {
            tracing::warn!("{problem}");
            let unreachable = matches!(problem, Problem::Unreachable(_));
            if unreachable { HttpResponse::ServiceUnavailable() } else { HttpResponse::BadGateway() }.finish()
        }
    }
}

fn answer(incident: &Incident, used_key: bool) -> HttpResponse {
    if incident.needs == Needs::TwoFactors && !used_key {
        // RFC 9470 3
        return challenge(&format!(
            "Bearer error=\"insufficient_user_authentication\", \
             error_description=\"this incident needs a second factor\", acr_values=\"{ACR_MULTI_FACTOR} {ACR_PHISHING_RESISTANT}\""
        ));
    }
    HttpResponse::Ok().json(serde_json::json!({
        "incident": incident,
        "account": incident.account,
        "next_step": incident.next_step,
    }))
}

/// RFC 6750 2.1: the only way in which a token is taken.
fn bearer(request: &HttpRequest) -> Option<&str> {
    let mut all = request.headers().get_all("authorization");
    let (Some(only), None) = (all.next(), all.next()) else { return None };
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn challenge(value: &str) -> HttpResponse {
    HttpResponse::Unauthorized().insert_header((WWW_AUTHENTICATE, value)).finish()
}
