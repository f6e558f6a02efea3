//! `/.well-known/*`

use actix_web::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use keyholder_oidc::metadata::path;

use super::*;

#[actix_web::test]
async fn both_documents_are_alike_and_readable_from_every_page() {
    let world = World::new().await;
    let first = world.get(path::DISCOVERY, Browser::SignedOut).await;
    let second = world.get(path::AUTHORIZATION_SERVER, Browser::SignedOut).await;
    assert_eq!((first.status, &first.body), (StatusCode::OK, &second.body));
    assert_eq!(first.headers.get(ACCESS_CONTROL_ALLOW_ORIGIN).unwrap(), "*");
    assert_eq!(first.headers.get(CONTENT_TYPE).unwrap(), "application/json");
    assert!(first.body.contains("\"issuer\":\"https://id.example\""));
    world.stop().await;
}

#[actix_web::test]
async fn a_document_that_is_known_is_not_sent_again() {
    let world = World::new().await;
    let tag = world.get(path::DISCOVERY, Browser::SignedOut).await.headers.get(ETAG).unwrap().clone();
    let again = world.send(TestRequest::get().uri(path::DISCOVERY).insert_header((IF_NONE_MATCH, tag))).await;
    assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
    world.stop().await;
}

#[actix_web::test]
async fn the_host_header_changes_no_address() {
    let world = World::new().await;
    let forged = [("host", "evil.example"), ("x-forwarded-host", "evil.example"), ("forwarded", "host=evil.example")];
    for header in forged {
        let answer = world.send(TestRequest::get().uri(path::DISCOVERY).insert_header(header)).await;
        assert!(answer.status == StatusCode::OK && !answer.body.contains("evil"), "{header:?}");
    }
    world.stop().await;
}

#[actix_web::test]
async fn nothing_is_advertised_that_is_not_routed() {
    let world = World::new().await;
    let document = world.get(path::DISCOVERY, Browser::SignedOut).await.body;
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    let members = document.as_object().unwrap();
    let addresses = members.iter().filter(|(name, _)| name.ends_with("_endpoint") || name.ends_with("_uri"));
    let mut routed = 0;
    for (name, address) in addresses {
        let path = address.as_str().unwrap().strip_prefix(ISSUER).unwrap();
        let got = world.get(path, Browser::SignedOut).await.status;
        let posted = world.post(path, Browser::SignedOut, &[]).await.status;
        let absent = [StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED];
        assert!(!absent.contains(&got) || !absent.contains(&posted), "{name}: {path} is not there");
        routed += 1;
    }
    assert_eq!(routed, 7);
    world.stop().await;
}
