//! Headers that every answer carries.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

/// `Cross-Origin-Opener-Policy` (HTML 7.1.3).
pub(super) const OPENER_POLICY: &str = "cross-origin-opener-policy";
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Adds what is missing. `tls`: whether the issuer is reached over TLS.
pub(super) fn complete(headers: &mut HeaderMap, reference: &str, tls: bool) {
    let always = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Other sites learn nothing. Not `no-referrer`, under which browsers send `Origin: null` with our own forms too, so that
        // a forged one could not be told from them.
        (REFERRER_POLICY, "same-origin"),
        // frame-ancestors, for browsers that do not know it.
        (X_FRAME_OPTIONS, "DENY"),
    ];
    for (name, value) in always {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let unless_set = [
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    ];
    for (name, value) in unless_set {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if let Ok(reference) = HeaderValue::from_str(reference) {
        headers.insert(REQUEST_ID, reference);
    }
    if tls {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}
