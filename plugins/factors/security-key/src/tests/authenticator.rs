//! A key in software, and the browser before it. Each part of what they say can be made a lie.

use data_encoding::BASE64URL_NOPAD;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_cbor_2::Value as Cbor;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{ORIGIN, PERSON, RP_ID};

pub(super) const UP: u8 = 0x01;
pub(super) const UV: u8 = 0x04;
pub(super) const BE: u8 = 0x08;
pub(super) const BS: u8 = 0x10;
const AT: u8 = 0x40;

#[derive(Clone)]
pub(super) struct Authenticator {
    pub(super) key: SigningKey,
    pub(super) id: Vec<u8>,
    pub(super) says: Says,
}

/// What it says, and the browser with it.
#[derive(Clone)]
pub(super) struct Says {
    pub(super) kind: Option<&'static str>,
    pub(super) challenge: Option<Vec<u8>>,
    pub(super) origin: String,
    /// What is hashed: a relying party id or an application id.
    pub(super) rp_id: String,
    pub(super) flags: u8,
    pub(super) counter: u32,
    pub(super) aaguid: [u8; 16],
    pub(super) user_handle: Option<Vec<u8>>,
    /// More members of the client data.
    pub(super) client_data: Value,
    pub(super) results: Value,
    pub(super) transports: Value,
    pub(super) format: &'static str,
}

impl Authenticator {
    pub(super) fn new(seed: u8) -> Self {
        let says = Says {
            kind: None,
            challenge: None,
            origin: ORIGIN.into(),
            rp_id: RP_ID.into(),
            flags: UP,
            counter: 0,
            aaguid: [0; 16],
            user_handle: None,
            client_data: json!({ "crossOrigin": false }),
            results: json!({}),
            transports: json!(["usb"]),
            format: "none",
        };
        Self { key: SigningKey::from_slice(&[seed; 32]).unwrap(), id: vec![seed; 20], says }
    }

    pub(super) fn saying(&self, change: impl FnOnce(&mut Says)) -> Self {
        let mut other = self.clone();
        change(&mut other.says);
        other
    }

    pub(super) fn of_this_person(&self) -> Self {
        self.saying(|says| says.user_handle = Some(PERSON.to_vec()))
    }

    /// `navigator.credentials.create`, in the JSON that a page posts.
    pub(super) fn create(&self, options: &Value) -> Value {
        let client_data = self.client_data("webauthn.create", options);
        let mut auth_data = self.auth_data(AT);
        auth_data.extend(self.says.aaguid);
        auth_data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        auth_data.extend(&self.id);
        auth_data.extend(serde_cbor_2::to_vec(&self.cose()).unwrap());
        self.created(&client_data, &auth_data)
    }

    pub(super) fn created(&self, client_data: &[u8], auth_data: &[u8]) -> Value {
        let attestation = Cbor::Map(
            [
                (Cbor::Text("fmt".into()), Cbor::Text(self.says.format.into())),
                (Cbor::Text("attStmt".into()), Cbor::Map(std::collections::BTreeMap::new())),
                (Cbor::Text("authData".into()), Cbor::Bytes(auth_data.to_vec())),
            ]
            .into(),
        );
        json!({
            "id": b64(&self.id),
            "rawId": b64(&self.id),
            "type": "public-key",
            "response": {
                "clientDataJSON": b64(client_data),
                "attestationObject": b64(&serde_cbor_2::to_vec(&attestation).unwrap()),
                "transports": self.says.transports,
            },
            "clientExtensionResults": self.says.results,
        })
    }

    /// `navigator.credentials.get`.
    pub(super) fn get(&self, options: &Value) -> Value {
        let client_data = self.client_data("webauthn.get", options);
        let auth_data = self.auth_data(0);
        let mut signed = auth_data.clone();
        signed.extend(Sha256::digest(&client_data));
        let signature: Signature = self.key.sign(&signed);
        json!({
            "id": b64(&self.id),
            "rawId": b64(&self.id),
            "type": "public-key",
            "response": {
                "clientDataJSON": b64(&client_data),
                "authenticatorData": b64(&auth_data),
                "signature": b64(signature.to_der().as_bytes()),
                "userHandle": self.says.user_handle.as_deref().map(b64),
            },
            "clientExtensionResults": self.says.results,
        })
    }

    pub(super) fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let asked = options["challenge"].as_str().unwrap();
        let mut client_data = self.says.client_data.clone();
        client_data["type"] = self.says.kind.unwrap_or(kind).into();
        client_data["challenge"] = self.says.challenge.as_deref().map_or_else(|| asked.to_owned(), b64).into();
        client_data["origin"] = self.says.origin.clone().into();
        client_data.to_string().into_bytes()
    }

    pub(super) fn auth_data(&self, flags: u8) -> Vec<u8> {
        let mut data = Sha256::digest(&self.says.rp_id).to_vec();
        data.push(self.says.flags | flags);
        data.extend(self.says.counter.to_be_bytes());
        data
    }

    /// The uncompressed point.
    pub(super) fn point(&self) -> Vec<u8> {
        self.key.verifying_key().to_sec1_point(false).as_bytes().to_vec()
    }

    fn cose(&self) -> Cbor {
        let point = self.point();
        let (x, y) = point[1..].split_at(32);
        let entry = |key: i128, value: Cbor| (Cbor::Integer(key), value);
        let entries = [
            entry(1, Cbor::Integer(2)),
            entry(3, Cbor::Integer(-7)),
            entry(-1, Cbor::Integer(1)),
            entry(-2, Cbor::Bytes(x.to_vec())),
            entry(-3, Cbor::Bytes(y.to_vec())),
        ];
        Cbor::Map(entries.into())
    }
}

pub(super) fn b64(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}
