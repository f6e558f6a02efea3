//! Calls from browsers of other origins: Fetch Standard 3.2.

use actix_web::http::Method;

use super::bed::*;

fn preflight(origin: &str) -> [(&str, &str); 3] {
    [("Origin", origin), ("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "authorization")]
}

#[actix_web::test]
async fn registered_origins_may_read_answers() {
    let bed = Bed::open().await;
    bed.register("app", |client| client.origins = vec!["https://spa.example".into()]).await;
    for path in ["/oidc/token", "/oidc/userinfo", "/oidc/revoke"] {
        for origin in ["https://spa.example", "https://app.example"] {
            let answer = bed.call(Method::OPTIONS, path, &preflight(origin), "").await;
            assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (204, Some(origin)));
            assert!(answer.header("access-control-allow-headers").unwrap().contains("Authorization"));
            assert_eq!(answer.header("access-control-allow-credentials"), None);
            // Errors too, or scripts could not tell what is wrong.
            let answer = bed.post(path, &[("Origin", origin)], &[]).await;
            assert!(answer.status.is_client_error());
            assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
            assert!(answer.header("vary").unwrap().contains("Origin"));
        }
    }
}

#[actix_web::test]
async fn other_origins_may_not() {
    let bed = Bed::open().await;
    bed.register("app", |client| client.redirect_uris.push("com.example.app:/callback".into())).await;
    for origin in [
        "https://evil.example",
        "http://app.example",
        "https://app.example:8443",
        "https://app.example.evil.example",
        "https://APP.example",
        "null",
        "*",
        "",
    ] {
        for path in ["/oidc/token", "/oidc/userinfo", "/oidc/revoke"] {
            let answer = bed.call(Method::OPTIONS, path, &preflight(origin), "").await;
            assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
            let answer = bed.post(path, &[("Origin", origin)], &[]).await;
            assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
        }
    }
    // Confidential clients introspect, and they are not browsers.
    let answer = bed.call(Method::OPTIONS, "/oidc/introspect", &preflight("https://app.example"), "").await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

#[actix_web::test]
async fn everybody_may_read_the_keys() {
    let bed = Bed::open().await;
    let answer = bed.call(Method::GET, "/oidc/jwks", &[("Origin", "https://anybody.example")], "").await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
}
