#![allow(clippy::unwrap_used, reason = "tests")]

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
};

use super::*;

const MESSAGE: &[u8] = b"approve";

/// A key in both forms, and its signature over the message.
struct Signed {
    alg: SigAlg,
    keys: [PublicKey; 2],
    signature: Vec<u8>,
}

fn map(entries: &[(i64, Value)]) -> Vec<u8> {
    let map = entries.iter().map(|(label, value)| (Value::from(*label), value.clone())).collect();
    let mut bytes = Vec::new();
    ciborium::into_writer(&Value::Map(map), &mut bytes).unwrap();
    bytes
}

fn ecdsa(alg: SigAlg, signing: &'static EcdsaSigningAlgorithm, named: i64, curve: i64) -> Signed {
    let key = EcdsaKeyPair::generate(signing).unwrap();
    let spki = AsDer::<PublicKeyX509Der<'_>>::as_der(key.public_key()).unwrap().as_ref().to_vec();
    let point = key.public_key().as_ref();
    let (x, y) = point.get(1..).unwrap().split_at(point.len() / 2);
    let cose = map(&[(KTY, KTY_EC2.into()), (ALG, named.into()), (CRV, curve.into()), (X, x.into()), (Y, y.into())]);
    let signature = key.sign(&SystemRandom::new(), MESSAGE).unwrap().as_ref().to_vec();
    Signed { alg, keys: [PublicKey::Spki(spki), PublicKey::Cose(cose)], signature }
}

fn edwards() -> Signed {
    let key = Ed25519KeyPair::generate().unwrap();
    let spki = AsDer::<PublicKeyX509Der<'_>>::as_der(key.public_key()).unwrap().as_ref().to_vec();
    let cose = map(&[
        (KTY, KTY_OKP.into()),
        (ALG, (-8).into()),
        (CRV, CRV_ED25519.into()),
        (X, key.public_key().as_ref().into()),
    ]);
    let keys = [PublicKey::Spki(spki), PublicKey::Cose(cose)];
    Signed { alg: SigAlg::Ed25519, keys, signature: key.sign(MESSAGE).as_ref().to_vec() }
}

fn rsa() -> Signed {
    let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let spki = AsDer::<PublicKeyX509Der<'_>>::as_der(key.public_key()).unwrap().as_ref().to_vec();
    // RSAPublicKey (RFC 8017 A.1.1) of 2048 bits: the modulus after its head, the exponent at the end.
    let der = key.public_key().as_ref();
    let (n, e) = (der.get(9..265).unwrap(), der.get(der.len() - 3..).unwrap());
    let cose = map(&[(KTY, KTY_RSA.into()), (ALG, (-257).into()), (N, n.into()), (E, e.into())]);
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), MESSAGE, &mut signature).unwrap();
    Signed { alg: SigAlg::Rs256, keys: [PublicKey::Spki(spki), PublicKey::Cose(cose)], signature }
}

fn all() -> Vec<Signed> {
    vec![
        ecdsa(SigAlg::Es256, &ECDSA_P256_SHA256_ASN1_SIGNING, -7, CRV_P256),
        ecdsa(SigAlg::Es384, &ECDSA_P384_SHA384_ASN1_SIGNING, -35, CRV_P384),
        edwards(),
        rsa(),
    ]
}

#[test]
fn a_signature_is_its_keys_over_its_message_alone() {
    for Signed { alg, keys, signature } in all() {
        for key in &keys {
            assert!(matches!(verify(&alg, key, MESSAGE, &signature), Ok(true)), "{alg:?} {key:?}");
            assert!(matches!(verify(&alg, key, b"approvE", &signature), Ok(false)), "{alg:?}");
            assert!(matches!(verify(&alg, key, MESSAGE, b""), Ok(false)), "{alg:?}");
        }
    }
}

#[test]
fn a_key_serves_its_own_algorithm_alone() {
    let all = all();
    for (at, Signed { keys, signature, .. }) in all.iter().enumerate() {
        for (other, Signed { alg, .. }) in all.iter().enumerate().filter(|(other, _)| *other != at) {
            for key in keys {
                let refused = verify(alg, key, MESSAGE, signature);
                assert!(matches!(refused, Err(CryptoError::Unsupported)), "{other} {alg:?} {key:?}: {refused:?}");
            }
        }
        let refused = verify(&SigAlg::Other("HS256".into()), keys.first().unwrap(), MESSAGE, signature);
        assert!(matches!(refused, Err(CryptoError::Unsupported)));
    }
}

#[test]
fn keys_that_cannot_be_read_are_malformed() {
    // Nested far deeper than a key is.
    let deep = [vec![0x81; 10_000], vec![0x00]].concat();
    let long = map(&[(KTY, KTY_EC2.into()), (CRV, CRV_P256.into()), (X, vec![1; 33].into()), (Y, vec![1; 32].into())]);
    let off_curve =
        map(&[(KTY, KTY_EC2.into()), (CRV, CRV_P256.into()), (X, vec![1; 32].into()), (Y, vec![1; 32].into())]);
    let trailing = [map(&[(KTY, KTY_EC2.into())]), vec![0]].concat();
    for bytes in [deep, long, off_curve, trailing, Vec::new(), vec![0xff]] {
        let refused = verify(&SigAlg::Es256, &PublicKey::Cose(bytes.clone()), MESSAGE, b"");
        assert!(matches!(refused, Err(CryptoError::Malformed)), "{refused:?}");
    }
    let Signed { keys: [PublicKey::Spki(mut spki), _], .. } =
        ecdsa(SigAlg::Es256, &ECDSA_P256_SHA256_ASN1_SIGNING, -7, CRV_P256)
    else {
        return;
    };
    spki.truncate(80);
    assert!(matches!(verify(&SigAlg::Es256, &PublicKey::Spki(spki), MESSAGE, b""), Err(CryptoError::Malformed)));
    let large = vec![0; LARGEST + 1];
    let refused = verify(&SigAlg::Es256, &PublicKey::Spki(Vec::new()), &large, b"");
    assert!(matches!(refused, Err(CryptoError::TooLarge)));
}
