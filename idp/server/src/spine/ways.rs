//! Ways forward from the problems of a flow.

use actix_web::HttpRequest;
use keyholder_core::application::RelyingApplication;
use keyholder_core::flow::{Flow, Origin};
use keyholder_theme::page::Way;
use url::Url;

use super::ticket;
use crate::app::App;
use crate::web::PageError;

/// How to start again where the sign-in was asked for.
pub fn start_again(flow: &Flow, application: Option<&RelyingApplication>) -> Vec<Way> {
    match (&flow.origin, application) {
        (Origin::Portal { .. }, _) => vec![Way::SignIn { href: "/".into() }],
        (Origin::Oidc { .. } | Origin::Saml { .. }, Some(application)) => {
            let there =
                home_of(application).map(|href| Way::StartAgainAt { application: application.name.clone(), href });
            there.into_iter().chain([Way::Home { href: "/".into() }]).collect()
        }
        (Origin::Oidc { .. } | Origin::Saml { .. }, None) => vec![Way::Home { href: "/".into() }],
    }
}

/// Where an application begins: its launch address, else the origin of its first redirect address. One that speaks SAML alone has
/// none but the former.
fn home_of(application: &RelyingApplication) -> Option<String> {
    if let Some(launch) = &application.launch_url {
        return Some(launch.to_string());
    }
    let redirect = Url::parse(application.client.redirect_uris.first()?).ok()?;
    matches!(redirect.scheme(), "http" | "https").then(|| format!("{}/", redirect.origin().ascii_serialization()))
}

/// How to go on with this flow as somebody else than who is signed in.
pub async fn as_another(app: &App, request: &HttpRequest, flow: &Flow) -> Result<Way, PageError> {
    Ok(Way::SignInAsAnother { href: format!("{}/another", ticket::href(app, request, flow).await?) })
}
