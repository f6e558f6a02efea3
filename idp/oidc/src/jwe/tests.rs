//! Against the vectors of RFC 7516 A and RFC 7518 C, and against private keys of the other side.

use aws_lc_rs::aead;
use aws_lc_rs::agreement::PrivateKey as Agreement;
use aws_lc_rs::agreement::agree;
use aws_lc_rs::key_wrap::AesKek as Kek;
use aws_lc_rs::rsa::{OaepPrivateDecryptingKey, PrivateDecryptingKey};
use keyholder_core::application::SigningAlgorithm;

use super::*;

#[derive(Debug)]
struct Os;

impl Random for Os {
    fn fill(&self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes).unwrap();
    }
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

#[test]
fn content_is_encrypted_as_in_rfc_7516_a_1() {
    let key = [
        177, 161, 244, 128, 84, 143, 225, 115, 63, 180, 3, 255, 107, 154, 212, 246, 138, 7, 110, 91, 112, 46, 34, 105,
        47, 130, 203, 46, 122, 234, 64, 252,
    ];
    let iv = decode("48V1_ALb6US04U3b").try_into().unwrap();
    let aad = b"eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ";
    let plain = b"The true sign of intelligence is not knowledge but imagination.";
    let sealed = gcm(UnboundKey::new(&AES_256_GCM, &key), iv, aad, plain).unwrap();
    let expected = "5eym8TW_c8SuK0ltJ3rpYIzOeDQz7TALvtu6UG9oMo4vpzs9tX_EFShS8iB7j6jiSdiwkIr3ajwQzaBtQD_A";
    assert_eq!(
        (encode(&sealed.ciphertext).as_str(), encode(&sealed.tag).as_str()),
        (expected, "XFBoMYUZodetZdvTiFvSkQ")
    );
}

#[test]
fn content_is_encrypted_as_in_rfc_7516_a_3() {
    let key = [
        4, 211, 31, 197, 84, 157, 252, 254, 11, 100, 157, 250, 63, 170, 106, 206, 107, 124, 212, 45, 111, 107, 9, 219,
        200, 177, 0, 240, 143, 156, 44, 207,
    ];
    let iv = decode("AxY8DCtDaGlsbGljb3RoZQ").try_into().unwrap();
    let aad = b"eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0";
    let sealed = cbc_hmac(&key, iv, aad, b"Live long and prosper.").unwrap();
    assert_eq!(encode(&sealed.ciphertext), "KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY");
    assert_eq!(encode(&sealed.tag), "U0m_YmjN04DJvceFICbCVQ");
}

#[test]
fn keys_are_derived_as_in_rfc_7518_c() {
    let secret = [
        158, 86, 217, 29, 129, 113, 53, 211, 114, 131, 66, 131, 191, 132, 38, 156, 251, 49, 110, 163, 218, 128, 106,
        72, 246, 218, 167, 121, 140, 254, 144, 196,
    ];
    let derived = concat_kdf(&secret, "A128GCM", b"Alice", b"Bob", 16).unwrap();
    assert_eq!(encode(&derived), "VqqN6vgjbSBcIijNcacQGg");
}

/// The client: keys of its own, and what it does with what it gets.
struct Client {
    rsa: PrivateDecryptingKey,
    curve: Agreement,
    jwks: String,
}

impl Client {
    fn new() -> Self {
        let (public, der) = crate::jws::PrivateKey::generate(SigningAlgorithm::Rs256, "rsa".into()).unwrap();
        let rsa = PrivateDecryptingKey::from_pkcs8(&der).unwrap();
        let public = public.public_jwk();
        let rsa_jwk = json!({ "kty": "RSA", "kid": "rsa", "use": "enc", "n": public["n"], "e": public["e"] });
        let curve = Agreement::generate(&ECDH_P256).unwrap();
        let public = curve.compute_public_key().unwrap();
        let mut ec = Curve::P256.jwk(public.as_ref()).unwrap();
        ec["kid"] = "ec".into();
        ec["use"] = "enc".into();
        let jwks = json!({ "keys": [ec, rsa_jwk] });
        Self { rsa, curve, jwks: jwks.to_string() }
    }

    fn decrypt(&self, token: &str) -> (Value, String) {
        let parts: Vec<&str> = token.split('.').collect();
        let [header, key, iv, ciphertext, tag] = parts.as_slice() else { panic!("{token}") };
        let aad = header.as_bytes();
        let header: Value = serde_json::from_slice(&decode(header)).unwrap();
        let enc = ContentEncryption::ALL.into_iter().find(|enc| header["enc"] == enc.name()).unwrap();
        let key = match header["alg"].as_str().unwrap() {
            "RSA-OAEP-256" => self.rsa(&OAEP_SHA256_MGF1SHA256, &decode(key)),
            "RSA-OAEP" => self.rsa(&OAEP_SHA1_MGF1SHA1, &decode(key)),
            "ECDH-ES" => {
                assert!(key.is_empty());
                self.agreed(&header["epk"], enc.name(), key_bytes(enc))
            }
            alg => {
                let kek = Kek::new(&AES_256, &self.agreed(&header["epk"], alg, 32)).unwrap();
                let mut plain = vec![0; 40];
                kek.unwrap(&decode(key), &mut plain).unwrap().to_vec()
            }
        };
        let mut text = [decode(ciphertext), decode(tag)].concat();
        let plain = if enc == ContentEncryption::A128CbcHs256 {
            let bits = (aad.len() as u64 * 8).to_be_bytes();
            let signed = [aad, &decode(iv), &decode(ciphertext), &bits].concat();
            let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key[..16]), &signed);
            assert_eq!(mac.as_ref()[..16], decode(tag));
            let key = UnboundCipherKey::new(&cipher::AES_128, &key[16..]).unwrap();
            let key = cipher::PaddedBlockDecryptingKey::cbc_pkcs7(key).unwrap();
            text = decode(ciphertext);
            let iv: [u8; 16] = decode(iv).try_into().unwrap();
            key.decrypt(&mut text, cipher::DecryptionContext::Iv128(iv.into())).unwrap().to_vec()
        } else {
            let algorithm = if enc == ContentEncryption::A128Gcm { &AES_128_GCM } else { &AES_256_GCM };
            let key = aead::LessSafeKey::new(UnboundKey::new(algorithm, &key).unwrap());
            let nonce = Nonce::try_assume_unique_for_key(&decode(iv)).unwrap();
            key.open_in_place(nonce, Aad::from(aad), &mut text).unwrap().to_vec()
        };
        (header, String::from_utf8(plain).unwrap())
    }

    fn rsa(&self, algorithm: &'static OaepAlgorithm, encrypted: &[u8]) -> Vec<u8> {
        let key = OaepPrivateDecryptingKey::new(self.rsa.clone()).unwrap();
        let mut plain = vec![0; key.min_output_size()];
        key.decrypt(algorithm, encrypted, &mut plain, None).unwrap().to_vec()
    }

    fn agreed(&self, epk: &Value, name: &str, bytes: usize) -> Vec<u8> {
        let Some(Key::Curve { public, .. }) = Key::from_jwk(epk.as_object().unwrap()) else { panic!("{epk}") };
        let peer = UnparsedPublicKey::new(&ECDH_P256, public);
        agree(&self.curve, peer, JweError::BadKey, |secret| concat_kdf(secret, name, &[], &[], bytes)).unwrap()
    }
}

#[test]
fn every_offered_combination_is_read_by_the_client_and_by_nobody_else() {
    let client = Client::new();
    for alg in KeyManagement::ALL {
        for enc in ContentEncryption::ALL {
            let recipient = Recipient::choose(&client.jwks, ResponseEncryption { alg, enc }).unwrap();
            let token = recipient.encrypt("a.signed.token", &Os).unwrap();
            let (header, plain) = client.decrypt(&token);
            assert_eq!(plain, "a.signed.token", "{alg:?} {enc:?}");
            assert_eq!((header["cty"].as_str(), header["alg"].as_str()), (Some("JWT"), Some(alg.name())));
            assert_eq!(header["kid"], if alg.name().starts_with("RSA") { "rsa" } else { "ec" });
            assert_ne!(token, recipient.encrypt("a.signed.token", &Os).unwrap());
        }
    }
}

#[test]
fn keys_for_other_uses_are_never_encrypted_to() {
    let client = Client::new();
    let set: Value = serde_json::from_str(&client.jwks).unwrap();
    let asked = ResponseEncryption { alg: KeyManagement::RsaOaep256, enc: ContentEncryption::A256Gcm };
    let with = |change: &dyn Fn(&mut Map<String, Value>)| {
        let mut set = set.clone();
        change(set["keys"][1].as_object_mut().unwrap());
        Recipient::choose(&set.to_string(), asked).map(|_| ())
    };
    assert_eq!(with(&|_| {}), Ok(()));
    assert_eq!(with(&|key| drop(key.remove("use"))), Ok(()));
    assert_eq!(with(&|key| drop(key.insert("use".into(), "sig".into()))), Err(JweError::NoKey));
    assert_eq!(with(&|key| drop(key.insert("alg".into(), "RSA-OAEP".into()))), Err(JweError::NoKey));
    assert_eq!(with(&|key| drop(key.insert("alg".into(), "RSA1_5".into()))), Err(JweError::NoKey));
    assert_eq!(with(&|key| drop(key.insert("key_ops".into(), json!(["verify"])))), Err(JweError::NoKey));
    assert_eq!(with(&|key| drop(key.insert("n".into(), "AQAB".into()))), Err(JweError::NoKey));
}

#[test]
fn a_point_off_the_curve_is_refused() {
    let jwk = json!({ "kty": "EC", "crv": "P-256", "x": encode(&[1; 32]), "y": encode(&[2; 32]) });
    let asked = ResponseEncryption { alg: KeyManagement::EcdhEs, enc: ContentEncryption::A128Gcm };
    let recipient = Recipient::choose(&json!({ "keys": [jwk] }).to_string(), asked).unwrap();
    assert_eq!(recipient.encrypt("x", &Os), Err(JweError::BadKey));
}
