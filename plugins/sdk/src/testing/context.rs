//! What a call is given.

use crate::factor::{
    Answer, Context, Credential, DeviceAnswer, DeviceKey, NewCredential, Occasion, Place, PlaceKind, Purpose, Response,
};

/// A sign-in at this time (Unix, in seconds), with everything filled in and no settings. Change the fields that matter to the test.
pub fn context(now_unix_seconds: u64) -> Context {
    let now_unix_ms = now_unix_seconds * 1_000;
    Context {
        now_unix_ms,
        purpose: Purpose::SignIn,
        user_handle: vec![7; 32],
        user_name: "person@school.example".into(),
        user_display_name: "A Person".into(),
        issuer: "https://id.example.org".into(),
        issuer_name: "Keyholder".into(),
        rp_id: "id.example.org".into(),
        origins: vec!["https://id.example.org".into()],
        locales: vec!["en".into()],
        occasion: Occasion {
            ceremony: "ceremony-1".into(),
            application: Some("Safeguarding".into()),
            school: Some("Oakfield Primary School".into()),
            browser: "Firefox on Windows".into(),
            address: Some("203.0.113.9".into()),
            place: Some(Place { name: "Skipton, North Yorkshire, England".into(), kind: PlaceKind::Approximate(100) }),
            began_unix_ms: now_unix_ms.saturating_sub(5_000),
            number: None,
            extra: Vec::new(),
        },
        config: "{}".into(),
        extra: Vec::new(),
    }
}

/// A stored key as the host hands it in.
pub fn credential(id: &str, format: u32, data: Vec<u8>) -> Credential {
    Credential {
        id: id.into(),
        lookup: None,
        label: "A key".into(),
        created_unix_ms: 0,
        last_used_unix_ms: None,
        format,
        data,
        device: None,
        extra: Vec::new(),
    }
}

/// What the host hands in after it has stored a new key under this id.
pub fn stored(id: &str, new: &NewCredential) -> Credential {
    Credential {
        lookup: new.lookup.clone(),
        label: new.suggested_label.clone(),
        device: new.device.clone(),
        ..credential(id, new.format, new.data.clone())
    }
}

/// A form that came back.
pub fn answer(prompt: &str, fields: &[(&str, &str)]) -> Answer {
    let fields = fields.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    Answer { prompt: prompt.into(), response: Response::Fields(fields), extra: Vec::new() }
}

/// What a device sent: one that is enrolled (`credential`), or one at enrolment (`key`).
pub fn device_answer(prompt: &str, credential: Option<&str>, key: Option<DeviceKey>, body: Vec<u8>) -> Answer {
    let device = DeviceAnswer { credential: credential.map(Into::into), key, body };
    Answer { prompt: prompt.into(), response: Response::Device(device), extra: Vec::new() }
}

/// The person gave up.
pub fn cancelled() -> Answer {
    Answer { prompt: String::new(), response: Response::Cancelled, extra: Vec::new() }
}
