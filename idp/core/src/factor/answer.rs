//! What came back.

use serde::{Deserialize, Serialize};

use crate::id::CredentialId;

/// An answer to one prompt of a step. `Debug` shows no content: it holds codes.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The prompt's id; empty for [`Response::Cancelled`].
    pub prompt: String,
    pub response: Response,
}

#[derive(Clone, PartialEq, Eq)]
pub enum Response {
    /// Name and value, in the order of the form.
    Fields(Vec<(String, String)>),
    /// The JSON of a `PublicKeyCredential` (WebAuthn Level 3, 5.1).
    Webauthn(String),
    /// From a device that the host authenticated.
    Device(DeviceAnswer),
    Cancelled,
}

#[derive(Clone, PartialEq, Eq)]
pub struct DeviceAnswer {
    /// Whose device key signed the request; `None` only at enrolment.
    pub credential: Option<CredentialId>,
    /// At enrolment: the key that the device made.
    pub key: Option<DeviceKey>,
    pub body: Vec<u8>,
}

/// A device's own public key: P-256, `SubjectPublicKeyInfo` in DER.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceKey {
    pub spki: Vec<u8>,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Answer")
    }
}

impl std::fmt::Debug for Response {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Response")
    }
}

impl std::fmt::Debug for DeviceAnswer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("DeviceAnswer")
    }
}
