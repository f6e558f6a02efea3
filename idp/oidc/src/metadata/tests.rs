use super::*;
use keyholder_core::assurance::ACR_SINGLE_FACTOR;
use serde_json::{Value, json};

const OFFER: Offer<'_> = Offer { issuer: "https://id.example/sso", assurances: &[Assurance::SingleFactor] };

fn document() -> Value {
    serde_json::from_slice(&Document::of(&OFFER).unwrap().body).unwrap()
}

#[test]
fn every_address_is_under_the_issuer() {
    let document = document();
    assert_eq!(document["issuer"], OFFER.issuer);
    let members = document.as_object().unwrap();
    let addresses = members.iter().filter(|(name, _)| name.ends_with("_endpoint") || name.ends_with("_uri"));
    let mut paths: Vec<&str> =
        addresses.map(|(_, value)| value.as_str().unwrap().strip_prefix(OFFER.issuer).unwrap()).collect();
    paths.sort_unstable();
    let mut expected =
        [path::AUTHORIZE, path::INTROSPECT, path::JWKS, path::LOGOUT, path::REVOKE, path::TOKEN, path::USERINFO];
    expected.sort_unstable();
    assert_eq!(paths, expected);
}

#[test]
fn an_issuer_without_path_is_written_without_slash() {
    let offer = Offer { issuer: "http://localhost:8080", assurances: &[] };
    let document: Value = serde_json::from_slice(&Document::of(&offer).unwrap().body).unwrap();
    assert_eq!(document["issuer"], "http://localhost:8080");
    assert_eq!(document["token_endpoint"], "http://localhost:8080/oidc/token");
}

#[test]
fn what_is_switched_on_is_said_and_nothing_else() {
    let document = document();
    for (name, value) in [
        ("response_types_supported", json!(["code"])),
        ("response_modes_supported", json!(["query", "form_post"])),
        ("grant_types_supported", json!(["authorization_code", "refresh_token", "client_credentials"])),
        ("code_challenge_methods_supported", json!(["S256"])),
        ("acr_values_supported", json!([ACR_SINGLE_FACTOR])),
        ("prompt_values_supported", json!(["none", "login", "consent", "select_account"])),
        ("ui_locales_supported", json!(["en", "cy"])),
        ("authorization_response_iss_parameter_supported", json!(true)),
        ("claims_parameter_supported", json!(true)),
        ("request_parameter_supported", json!(true)),
        ("request_uri_parameter_supported", json!(false)),
        ("backchannel_logout_supported", json!(true)),
        ("backchannel_logout_session_supported", json!(true)),
        ("frontchannel_logout_supported", json!(true)),
        ("frontchannel_logout_session_supported", json!(true)),
        ("id_token_encryption_alg_values_supported", json!(["RSA-OAEP-256", "RSA-OAEP", "ECDH-ES", "ECDH-ES+A256KW"])),
        ("id_token_encryption_enc_values_supported", json!(["A128CBC-HS256", "A128GCM", "A256GCM"])),
        ("userinfo_encryption_alg_values_supported", json!(["RSA-OAEP-256", "RSA-OAEP", "ECDH-ES", "ECDH-ES+A256KW"])),
        ("userinfo_encryption_enc_values_supported", json!(["A128CBC-HS256", "A128GCM", "A256GCM"])),
    ] {
        assert_eq!(document[name], value, "{name}");
    }
    // Those of later groups, and of what is refused.
    for absent in [
        "registration_endpoint",
        "pushed_authorization_request_endpoint",
        "device_authorization_endpoint",
        "dpop_signing_alg_values_supported",
        "tls_client_certificate_bound_access_tokens",
        "authorization_signing_alg_values_supported",
        "check_session_iframe",
    ] {
        assert_eq!(document.get(absent), None, "{absent}");
    }
}

#[test]
fn no_list_offers_an_algorithm_without_a_signature() {
    for (name, value) in document().as_object().unwrap() {
        if name.contains("_alg_values_") {
            let weak = |alg: &&Value| alg.as_str().is_none_or(|alg| alg == "none" || alg.starts_with("HS"));
            assert_eq!(value.as_array().unwrap().iter().find(weak), None, "{name}");
        }
    }
}

#[test]
fn the_openidconnect_crate_reads_it() {
    let document = Document::of(&OFFER).unwrap();
    let read: Metadata = serde_json::from_slice(&document.body).unwrap();
    assert_eq!(read, metadata(&OFFER).unwrap());
}

#[test]
fn a_known_tag_is_recognised_and_another_is_not() {
    let document = Document::of(&OFFER).unwrap();
    let tag = &document.etag;
    assert!(document.is_known(tag));
    assert!(document.is_known(&format!("\"x\", W/{tag}")));
    assert!(document.is_known("*"));
    assert!(!document.is_known("\"x\""));
    assert!(!document.is_known(""));
    let other = Document::of(&Offer { assurances: &[], ..OFFER }).unwrap();
    assert!(!other.is_known(tag));
}
