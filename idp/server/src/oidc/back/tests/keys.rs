//! The published keys: RFC 7517.

use actix_web::http::Method;

use super::bed::*;

#[actix_web::test]
async fn the_set_holds_public_keys_of_every_algorithm_and_may_be_kept() {
    let bed = Bed::open().await;
    let answer = bed.call(Method::GET, "/oidc/jwks", &[], "").await;
    assert_eq!(answer.header("cache-control"), Some("public, max-age=3600"));
    let set = answer.json();
    let keys = set["keys"].as_array().unwrap();
    let algorithms: Vec<_> = keys.iter().map(|key| key["alg"].as_str().unwrap()).collect();
    assert_eq!(algorithms, ["RS256", "ES256", "EdDSA"]);
    for key in keys {
        assert!(["d", "p", "q", "dp", "dq", "qi", "k"].iter().all(|secret| key.get(secret).is_none()));
        assert_eq!(key["use"], "sig");
    }
    let etag = answer.header("etag").unwrap();
    let again = bed.call(Method::GET, "/oidc/jwks", &[("If-None-Match", &format!("\"x\", {etag}"))], "").await;
    assert_eq!((again.status.as_u16(), again.body.as_str()), (304, ""));
    let changed = bed.call(Method::GET, "/oidc/jwks", &[("If-None-Match", "\"x\"")], "").await;
    assert_eq!(changed.status, 200);
}
