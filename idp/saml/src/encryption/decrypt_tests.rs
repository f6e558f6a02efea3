//! Made by `xmlsec1`, and bent in every way that must lead nowhere.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::slice::from_ref;
use std::sync::LazyLock;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm, OaepPublicEncryptingKey, PublicEncryptingKey,
};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::{ContentAlgorithm, DecryptError, DecryptionKey, cipher_data, decrypt_name_id, ds, xenc};
use crate::external::{Recipient, xmlsec1_encrypts};
use crate::gate::{Limits, read_signed};
use crate::names::{
    AES128_CBC, AES128_GCM, AES256_CBC, AES256_GCM, ASSERTION, MGF1_SHA256, RSA_OAEP, RSA_OAEP_MGF1P, SHA256,
    XENC_ELEMENT, XENC11,
};
use crate::signer::Signer as _;
use crate::vectors::{folder, signer};
use crate::verify::KeyError;
use crate::xml::Element;

const RSA_1_5: &str = "http://www.w3.org/2001/04/xmlenc#rsa-1_5";
const NAME: &str = r#"<saml:NameID xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">abcdefgh</saml:NameID>"#;

fn pair(name: &str) -> (DecryptionKey, Vec<u8>) {
    let private = std::fs::read(folder().join(format!("keys/{name}.key.der"))).unwrap();
    let certificate = signer(name).certificate().to_vec();
    (DecryptionKey::from_pkcs8(&private, &certificate).unwrap(), certificate)
}

/// Ours, and one that is not the recipient's.
static KEY: LazyLock<(DecryptionKey, Vec<u8>)> = LazyLock::new(|| pair("service-provider"));
static OTHER: LazyLock<(DecryptionKey, Vec<u8>)> = LazyLock::new(|| pair("other-provider"));

fn opened(encrypted: &Element) -> Result<String, DecryptError> {
    decrypt_name_id(encrypted, from_ref(&KEY.0)).map(|name| name.value)
}

/// By another implementation, and read as the gate reads it.
fn by_xmlsec1(plain: &str, content: &str, transport: &str) -> Element {
    read_signed(
        xmlsec1_encrypts(plain, &Recipient { certificate: &KEY.1, content, transport }).as_bytes(),
        &Limits::MESSAGE,
    )
    .unwrap()
}

/// How an `EncryptedID` of our own making is put together.
struct Made<'a> {
    plain: &'a [u8],
    content: &'static str,
    transport: &'static str,
    digest: Option<&'static str>,
    mask: Option<&'static str>,
    oaep: &'static OaepAlgorithm,
    kind: Option<&'static str>,
    /// How often the `EncryptedKey` is there, inside and beside.
    keys: (usize, usize),
    to: &'a [u8],
}

impl Default for Made<'_> {
    fn default() -> Self {
        Self {
            plain: NAME.as_bytes(),
            content: AES256_GCM,
            transport: RSA_OAEP_MGF1P,
            digest: None,
            mask: None,
            oaep: &OAEP_SHA1_MGF1SHA1,
            kind: Some(XENC_ELEMENT),
            keys: (1, 0),
            to: &KEY.1,
        }
    }
}

impl Made<'_> {
    /// The octets are always AES-256-GCM under RSA-OAEP, whatever is said of them.
    fn element(self) -> Element {
        let key = [7; 32];
        let sealing = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).unwrap());
        let mut octets = self.plain.to_vec();
        sealing.seal_in_place_append_tag(Nonce::assume_unique_for_key([9; 12]), Aad::empty(), &mut octets).unwrap();
        let content = [[9; 12].as_slice(), &octets].concat();
        let (_, certificate) = X509Certificate::from_der(self.to).unwrap();
        let public = PublicEncryptingKey::from_der(certificate.public_key().raw).unwrap();
        let mut wrapped = vec![0; 256];
        OaepPublicEncryptingKey::new(public).unwrap().encrypt(self.oaep, &key, &mut wrapped, None).unwrap();
        let method = xenc("EncryptionMethod").with("Algorithm", self.transport);
        let method = match self.digest {
            Some(digest) => method.child(ds("DigestMethod").with("Algorithm", digest)),
            None => method,
        };
        let mask = self.mask.map(|mask| Element::new("xenc11", XENC11, "MGF").with("Algorithm", mask));
        let method = method.and_children(mask);
        let encrypted_key = xenc("EncryptedKey").child(method).child(cipher_data(&wrapped));
        let data = xenc("EncryptedData")
            .with_some("Type", self.kind)
            .child(xenc("EncryptionMethod").with("Algorithm", self.content))
            .child(ds("KeyInfo").and_children(vec![encrypted_key.clone(); self.keys.0]))
            .child(cipher_data(&content));
        Element::new("saml", ASSERTION, "EncryptedID").child(data).and_children(vec![encrypted_key; self.keys.1])
    }
}

fn saying(change: impl FnOnce(&mut Made<'_>)) -> Result<String, DecryptError> {
    let mut made = Made::default();
    change(&mut made);
    opened(&made.element())
}

fn of_plain(plain: &str) -> Result<String, DecryptError> {
    opened(&Made { plain: plain.as_bytes(), ..Made::default() }.element())
}

#[test]
fn what_xmlsec1_encrypts_is_read() {
    for content in [AES256_GCM, AES128_GCM] {
        assert_eq!(opened(&by_xmlsec1(NAME, content, RSA_OAEP_MGF1P)).as_deref(), Ok("abcdefgh"), "{content}");
    }
}

#[test]
fn what_xml_encryption_1_1_calls_rsa_oaep_is_read_with_sha_1_and_sha_256() {
    assert_eq!(saying(|made| made.transport = RSA_OAEP).as_deref(), Ok("abcdefgh"));
    let sha_256 = |made: &mut Made<'_>| {
        (made.transport, made.digest, made.mask) = (RSA_OAEP, Some(SHA256), Some(MGF1_SHA256));
        made.oaep = &OAEP_SHA256_MGF1SHA256;
    };
    assert_eq!(saying(sha_256).as_deref(), Ok("abcdefgh"));
    assert_eq!(
        saying(|made| (sha_256(made), made.mask = None).1),
        Err(DecryptError::Algorithm),
        "the mask is SHA-1 then"
    );
}

#[test]
fn the_key_is_found_inside_and_beside_and_whichever_of_ours_it_is_for() {
    for keys in [(1, 0), (0, 1), (2, 2)] {
        assert_eq!(saying(|made| made.keys = keys).as_deref(), Ok("abcdefgh"));
    }
    assert_eq!(saying(|made| made.kind = None).as_deref(), Ok("abcdefgh"), "the type is optional");
    let both = [OTHER.0.clone(), KEY.0.clone()];
    assert_eq!(decrypt_name_id(&Made::default().element(), &both).unwrap().value, "abcdefgh");
}

#[test]
fn what_was_encrypted_for_somebody_else_stays_closed() {
    assert_eq!(decrypt_name_id(&Made::default().element(), &[]), Err(DecryptError::Closed));
    assert_eq!(decrypt_name_id(&Made::default().element(), from_ref(&OTHER.0)), Err(DecryptError::Closed));
    assert_eq!(opened(&Made { to: &OTHER.1, ..Made::default() }.element()), Err(DecryptError::Closed));
}

#[test]
fn what_was_altered_stays_closed() {
    let good = Made::default().element().canonical();
    let mut values = good.match_indices("<xenc:CipherValue>").map(|(at, tag)| at + tag.len());
    let (key, content) = (values.next().unwrap(), values.next().unwrap());
    let tag = good.rfind("</xenc:CipherValue>").unwrap() - 5;
    for (what, at) in [("key", key + 40), ("nonce", content + 2), ("text", content + 40), ("tag", tag)] {
        let mut bent = good.clone().into_bytes();
        bent[at] = if bent[at] == b'A' { b'B' } else { b'A' };
        let bent = read_signed(&bent, &Limits::MESSAGE).unwrap();
        assert_eq!(opened(&bent), Err(DecryptError::Closed), "{what}");
    }
    let cut = good.replace(good.get(content..).unwrap().split('<').next().unwrap(), "AAAA");
    assert_eq!(opened(&read_signed(cut.as_bytes(), &Limits::MESSAGE).unwrap()), Err(DecryptError::Closed));
}

#[test]
fn weak_algorithms_are_not_read() {
    for content in [AES256_CBC, AES128_CBC, "http://www.w3.org/2001/04/xmlenc#tripledes-cbc"] {
        let real = by_xmlsec1(NAME, content, RSA_OAEP_MGF1P);
        assert_eq!(opened(&real), Err(DecryptError::Algorithm), "{content}");
        assert_eq!(saying(|made| made.content = content), Err(DecryptError::Algorithm), "{content}");
    }
    assert_eq!(opened(&by_xmlsec1(NAME, AES256_GCM, RSA_1_5)), Err(DecryptError::Algorithm));
    assert_eq!(saying(|made| made.transport = RSA_1_5), Err(DecryptError::Algorithm));
    // SHA-256 with a mask of SHA-1, which nothing here computes: not taken for another.
    assert_eq!(saying(|made| made.digest = Some(SHA256)), Err(DecryptError::Algorithm));
}

#[test]
fn another_key_length_than_the_algorithm_has_stays_closed() {
    assert_eq!(saying(|made| made.content = AES128_GCM), Err(DecryptError::Closed));
}

#[test]
fn another_shape_is_refused_before_a_key_is_used() {
    for keys in [(0, 0), (5, 0), (0, 5), (3, 2)] {
        assert_eq!(saying(|made| made.keys = keys), Err(DecryptError::Shape), "{keys:?}");
    }
    let content = Some("http://www.w3.org/2001/04/xmlenc#Content");
    assert_eq!(saying(|made| made.kind = content), Err(DecryptError::Shape));
    let good = Made::default().element();
    let data = good.elements().next().unwrap().clone();
    assert_eq!(opened(&good.clone().child(data.clone())), Err(DecryptError::Shape), "two EncryptedData");
    assert_eq!(opened(&Element::new("saml", ASSERTION, "EncryptedID")), Err(DecryptError::Shape));
    assert_eq!(opened(&Element::new("saml", ASSERTION, "EncryptedAssertion").child(data)), Err(DecryptError::Shape));
    let elsewhere = good.canonical().replace("CipherValue", "CipherReference");
    assert_eq!(opened(&read_signed(elsewhere.as_bytes(), &Limits::MESSAGE).unwrap()), Err(DecryptError::Shape));
}

#[test]
fn one_name_is_inside_and_nothing_else() {
    let again = Made::default().element().canonical();
    let assertion = NAME.replace("NameID", "Assertion");
    let long = NAME.replace("abcdefgh", &"a".repeat(9 * 1024));
    let attributes: String = ('a'..='t').flat_map(|name| [' ', name, '=', '"', '"']).collect();
    let flood = NAME.replace(" Format", &format!("{attributes} Format"));
    let doctype = format!("<!DOCTYPE saml:NameID [<!ENTITY a \"abcdefgh\">]>{NAME}");
    let entity = NAME.replace("abcdefgh", "&a;");
    let comment = NAME.replace("abcdefgh", "abc<!-- -->defgh");
    let child = NAME.replace("abcdefgh", "abcdefgh<saml:NameID>other</saml:NameID>");
    let bad = [
        NAME.repeat(2),
        format!("{NAME}text"),
        format!("text{NAME}"),
        again,
        assertion,
        long,
        flood,
        doctype,
        entity,
        comment,
        child,
        format!("</around>{NAME}<around>"),
        NAME.replace("abcdefgh", ""),
        String::new(),
        "abcdefgh".to_owned(),
        NAME.replace("SAML:2.0:assertion", "SAML:1.0:assertion"),
    ];
    for plain in bad {
        assert_eq!(of_plain(&plain), Err(DecryptError::Content), "{plain}");
    }
    let utf16: Vec<u8> = NAME.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for plain in [utf16.as_slice(), b"\xff\xfe"] {
        assert_eq!(opened(&Made { plain, ..Made::default() }.element()), Err(DecryptError::Content));
    }
}

#[test]
fn a_name_may_rely_on_the_namespace_around_it() {
    let bare = "<saml:NameID>abcdefgh</saml:NameID>";
    assert_eq!(of_plain(bare).as_deref(), Ok("abcdefgh"));
    assert_eq!(of_plain(&bare.replace("saml:", "other:")), Err(DecryptError::Content));
}

#[test]
fn private_keys_are_used_a_bounded_number_of_times() {
    // The one that fits is the last of ten; no installation holds so many.
    let mut keys = vec![OTHER.0.clone(); 9];
    keys.push(KEY.0.clone());
    assert_eq!(decrypt_name_id(&Made::default().element(), &keys), Err(DecryptError::Closed));
    assert!(decrypt_name_id(&Made::default().element(), &keys[2..]).is_ok());
}

#[test]
fn a_key_is_ours_if_it_opens_what_its_certificate_closes() {
    let private = std::fs::read(folder().join("keys/service-provider.key.der")).unwrap();
    assert_eq!(DecryptionKey::from_pkcs8(&private, &OTHER.1).unwrap_err(), KeyError::Pair);
    assert_eq!(DecryptionKey::from_pkcs8(b"x", &KEY.1).unwrap_err(), KeyError::Malformed);
    assert_eq!(ContentAlgorithm::default().uri(), AES256_GCM, "what we write is what we read");
}
