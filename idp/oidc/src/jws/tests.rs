//! What the writer and the verifier promise. Forged tokens are named after the attack.
#![allow(clippy::unwrap_used, reason = "tests")]

use openidconnect::core::{CoreJsonWebKey, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKey, PrivateSigningKey};
use serde_json::json;

use super::*;

fn key(algorithm: SigningAlgorithm) -> PrivateKey {
    PrivateKey::generate(algorithm, "k1".into()).unwrap().0
}

fn public(keys: &[&PrivateKey]) -> PublicKeys {
    let jwks: Vec<_> = keys.iter().map(|key| key.public_jwk()).collect();
    PublicKeys::from_jwks_json(&json!({ "keys": jwks }).to_string()).unwrap()
}

/// A token with this header, signed rightly over it.
fn forged(key: &PrivateKey, header: &str, claims: &str) -> String {
    use base64::Engine as _;
    let encode = |bytes: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    let signed = format!("{}.{}", encode(header.as_bytes()), encode(claims.as_bytes()));
    let algorithm = key.verification_key().1;
    let signature = PrivateSigningKey::sign(key, &algorithm, signed.as_bytes()).unwrap();
    format!("{signed}.{}", encode(&signature))
}

#[test]
fn what_is_signed_verifies_with_every_algorithm_and_only_unchanged() {
    for algorithm in SigningAlgorithm::ALL {
        let key = key(algorithm);
        let token = sign(&key, "at+jwt", &json!({"sub": "s"})).unwrap();
        let verified = verify(&token, &public(&[&key]), &[algorithm.into()]).unwrap();
        assert_eq!(verified.text("sub"), Some("s"));
        assert!(verified.header.is_typ("at+jwt"));
        assert_eq!(verified.header.kid.as_deref(), Some("k1"));

        let (signed, signature) = token.rsplit_once('.').unwrap();
        let other = sign(&key, "at+jwt", &json!({"sub": "t"})).unwrap();
        let spliced = format!("{}.{signature}", other.rsplit_once('.').unwrap().0);
        assert!(matches!(verify(&spliced, &public(&[&key]), &[algorithm.into()]), Err(JwsError::WrongSignature)));
        let bare = format!("{signed}.");
        assert!(matches!(verify(&bare, &public(&[&key]), &[algorithm.into()]), Err(JwsError::WrongSignature)));
    }
}

#[test]
fn a_stored_key_signs_as_the_generated_one_did() {
    for algorithm in SigningAlgorithm::ALL {
        let (generated, der) = PrivateKey::generate(algorithm, "k1".into()).unwrap();
        let stored = PrivateKey::from_pkcs8(algorithm, "k1".into(), &der).unwrap();
        let token = sign(&stored, "JWT", &json!({})).unwrap();
        assert!(verify(&token, &public(&[&generated]), &JwsAlgorithm::OURS).is_ok());
        assert!(PrivateKey::from_pkcs8(algorithm, "k1".into(), b"junk").is_err());
    }
}

#[test]
fn the_openidconnect_crate_verifies_what_we_sign() {
    for algorithm in SigningAlgorithm::ALL {
        let key = key(algorithm);
        let published: CoreJsonWebKey = serde_json::from_value(key.public_jwk()).unwrap();
        let name = key.verification_key().1;
        let signature = PrivateSigningKey::sign(&key, &name, b"message").unwrap();
        published.verify_signature(&name, b"message", &signature).unwrap();
        key.as_verification_key().verify_signature(&name, b"message", &signature).unwrap();
        let wrong = CoreJwsSigningAlgorithm::RsaSsaPssSha256;
        assert!(PrivateSigningKey::sign(&key, &wrong, b"message").is_err());
    }
}

#[test]
fn alg_none_is_refused_in_every_spelling() {
    let key = key(SigningAlgorithm::Es256);
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        let token = forged(&key, &json!({"alg": alg, "kid": "k1"}).to_string(), "{}");
        assert!(matches!(verify(&token, &public(&[&key]), &JwsAlgorithm::ALL), Err(JwsError::AlgorithmRefused)));
        let (signed, _) = token.rsplit_once('.').unwrap();
        let bare = format!("{signed}.");
        assert!(matches!(verify(&bare, &public(&[&key]), &JwsAlgorithm::ALL), Err(JwsError::AlgorithmRefused)));
    }
}

#[test]
fn alg_confusion_with_the_public_key_as_a_secret_is_refused() {
    let rsa = key(SigningAlgorithm::Rs256);
    for alg in ["HS256", "HS384", "HS512"] {
        let token = forged(&rsa, &json!({"alg": alg, "kid": "k1"}).to_string(), "{}");
        assert!(matches!(verify(&token, &public(&[&rsa]), &JwsAlgorithm::ALL), Err(JwsError::AlgorithmRefused)));
    }
    // A key serves its own kind only, and only the algorithm that its JWK names.
    for alg in ["ES256", "EdDSA", "PS256", "RS512"] {
        let token = forged(&rsa, &json!({"alg": alg, "kid": "k1"}).to_string(), "{}");
        assert!(matches!(verify(&token, &public(&[&rsa]), &JwsAlgorithm::ALL), Err(JwsError::UnknownKey)), "{alg}");
    }
}

#[test]
fn an_algorithm_outside_the_allow_list_is_refused() {
    let key = key(SigningAlgorithm::Rs256);
    let token = sign(&key, "JWT", &json!({})).unwrap();
    assert!(matches!(verify(&token, &public(&[&key]), &[JwsAlgorithm::Es256]), Err(JwsError::AlgorithmRefused)));
}

#[test]
fn an_unknown_kid_is_refused_whatever_it_looks_like() {
    let key = key(SigningAlgorithm::EdDsa);
    for kid in ["k2", "K1", "../../dev/null", "/dev/null", "k1' OR '1'='1", "k1\0", ""] {
        let token = forged(&key, &json!({"alg": "EdDSA", "kid": kid}).to_string(), "{}");
        assert!(matches!(verify(&token, &public(&[&key]), &JwsAlgorithm::ALL), Err(JwsError::UnknownKey)), "{kid}");
    }
    let long = forged(&key, &json!({"alg": "EdDSA", "kid": "k".repeat(300)}).to_string(), "{}");
    assert!(matches!(verify(&long, &public(&[&key]), &JwsAlgorithm::ALL), Err(JwsError::HeaderRefused("kid"))));
    let number = forged(&key, r#"{"alg":"EdDSA","kid":1}"#, "{}");
    assert!(matches!(verify(&number, &public(&[&key]), &JwsAlgorithm::ALL), Err(JwsError::HeaderRefused("kid"))));
    let without = forged(&key, r#"{"alg":"EdDSA"}"#, "{}");
    assert!(verify(&without, &public(&[&key]), &JwsAlgorithm::ALL).is_ok());
}

#[test]
fn a_token_cannot_bring_its_own_key() {
    let ours = key(SigningAlgorithm::Es256);
    let attacker = key(SigningAlgorithm::Es256);
    for (name, value) in [
        ("jwk", attacker.public_jwk()),
        ("jku", json!("https://attacker.example/jwks")),
        ("x5u", json!("https://attacker.example/cert")),
        ("x5c", json!(["MIIB"])),
        ("crit", json!(["exp"])),
        ("b64", json!(false)),
    ] {
        let header = json!({"alg": "ES256", "kid": "k1", name: value}).to_string();
        for signer in [&attacker, &ours] {
            let result = verify(&forged(signer, &header, "{}"), &public(&[&ours]), &JwsAlgorithm::ALL);
            assert!(matches!(result, Err(JwsError::HeaderRefused(refused)) if refused == name), "{name}");
        }
    }
}

#[test]
fn a_member_that_occurs_twice_is_refused() {
    let key = key(SigningAlgorithm::EdDsa);
    for (header, claims) in [
        (r#"{"alg":"EdDSA","alg":"none"}"#, "{}"),
        (r#"{"alg":"EdDSA"}"#, r#"{"sub":"a","sub":"b"}"#),
        (r#"{"alg":"EdDSA"}"#, r#"{"x":{"y":1,"\u0079":2}}"#),
        (r#"{"alg":"EdDSA"}"#, r#"{"sub":"a"} {}"#),
        (r#"{"alg":"EdDSA"}"#, r#"["sub"]"#),
    ] {
        let result = verify(&forged(&key, header, claims), &public(&[&key]), &JwsAlgorithm::ALL);
        assert!(matches!(result, Err(JwsError::Malformed)), "{claims}");
    }
}

#[test]
fn sloppy_base64_and_wrong_part_counts_are_refused() {
    let key = key(SigningAlgorithm::EdDsa);
    let token = sign(&key, "JWT", &json!({"a": 1})).unwrap();
    let (header, rest) = token.split_once('.').unwrap();
    for bad in [
        format!("{token}="),
        format!("{token}."),
        format!(".{token}"),
        format!("{header}=.{rest}"),
        token.replace('.', ". "),
        format!("{token}\n"),
        header.to_owned(),
        String::new(),
    ] {
        assert!(matches!(verify(&bad, &public(&[&key]), &JwsAlgorithm::ALL), Err(JwsError::Malformed)), "{bad}");
    }
    let long = format!("{token}{}", "A".repeat(MAX_BYTES));
    assert!(matches!(verify(&long, &public(&[&key]), &JwsAlgorithm::ALL), Err(JwsError::TooLong)));
}

#[test]
fn key_sets_with_secrets_are_refused_and_unusable_keys_passed_over() {
    let good = key(SigningAlgorithm::EdDsa).public_jwk();
    let read = |extra: serde_json::Value| PublicKeys::from_jwks_json(&json!({"keys": [good, extra]}).to_string());
    assert!(read(json!({"kty": "oct", "k": "AAAA"})).is_err());
    assert!(read(json!({"kty": "RSA", "n": "AQAB", "e": "AQAB", "d": "AQAB"})).is_err());
    for unusable in [
        json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"}),
        json!({"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"}),
        json!({"kty": "EC", "crv": "secp256k1", "x": "AAAA", "y": "AAAA"}),
        json!({"kty": "OKP", "crv": "X25519", "x": "AAAA"}),
        json!({"kty": "AKP"}),
        json!({"kty": "OKP", "crv": "Ed25519", "x": good["x"], "use": "enc"}),
        json!({"kty": "OKP", "crv": "Ed25519", "x": good["x"], "alg": "HS256"}),
        json!({"kty": "OKP", "crv": "Ed25519", "x": good["x"], "key_ops": ["encrypt"]}),
    ] {
        assert_eq!(read(unusable.clone()).unwrap().len(), 1, "{unusable}");
    }
    for bad in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#] {
        assert!(PublicKeys::from_jwks_json(bad).is_err(), "{bad}");
    }
}

#[test]
fn debug_output_shows_no_private_key() {
    assert_eq!(format!("{:?}", key(SigningAlgorithm::EdDsa)), r#"PrivateKey { kid: "k1", .. }"#);
}
