//! Which origins may call endpoints from a browser (Fetch Standard 3.2): those of registered applications.

use keyholder_core::application::RelyingApplication;
use url::Url;

/// Whether the origin belongs to the application: it is one of its redirect addresses, or registered by itself.
pub fn is_registered(origin: &str, application: &RelyingApplication) -> bool {
    let client = &application.client;
    client.origins.iter().any(|known| known == origin)
        || client.redirect_uris.iter().any(|uri| origin_of(uri).as_deref() == Some(origin))
}

/// The origin of an address as browsers write it; `None` for private-use schemes, which have none (RFC 6454 4).
fn origin_of(uri: &str) -> Option<String> {
    let origin = Url::parse(uri).ok()?.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}
