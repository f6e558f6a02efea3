//! From the domain to the guest: contexts, credentials, answers.

use keyholder_core::credential::Credential;
use keyholder_core::factor::{Answer, Context, DeviceKey, Occasion, Place, Purpose, Response};
use keyholder_core::time::Timestamp;

use super::factor_world::keyholder::factor::types as wit;
use crate::adapter::Asked;

fn millis(at: Timestamp) -> u64 {
    u64::try_from(at.as_millis()).unwrap_or_default()
}

pub(super) fn context(asked: &Asked<'_>) -> wit::Context {
    let Context {
        now,
        purpose,
        user_handle,
        user_name,
        user_display_name,
        issuer,
        issuer_name,
        rp_id,
        origins,
        languages,
        occasion: about,
        diagnose,
    } = asked.context;
    wit::Context {
        now_unix_ms: millis(*now),
        purpose: match purpose {
            Purpose::SignIn => wit::Purpose::SignIn,
            Purpose::StepUp => wit::Purpose::StepUp,
            Purpose::Enrolment => wit::Purpose::Enrolment,
        },
        user_handle: user_handle.to_vec(),
        user_name: user_name.clone(),
        user_display_name: user_display_name.clone(),
        issuer: issuer.clone(),
        issuer_name: issuer_name.clone(),
        rp_id: rp_id.clone(),
        origins: origins.clone(),
        locales: languages.iter().map(|language| language.tag().to_owned()).collect(),
        occasion: occasion(about),
        config: asked.settings.to_owned(),
        extra: if *diagnose { vec![("diagnose".into(), "true".into())] } else { Vec::new() },
    }
}

fn occasion(occasion: &Occasion) -> wit::Occasion {
    wit::Occasion {
        ceremony: occasion.ceremony.clone(),
        application: occasion.application.clone(),
        school: occasion.school.clone(),
        browser: occasion.browser.clone(),
        address: occasion.address.clone(),
        place: occasion.place.as_ref().map(|place| match place {
            Place::Approximate { name, radius_km } => {
                wit::Place { name: name.clone(), kind: wit::PlaceKind::Approximate(*radius_km) }
            }
            Place::Network { name } => wit::Place { name: name.clone(), kind: wit::PlaceKind::Network },
        }),
        began_unix_ms: millis(occasion.began_at),
        number: occasion.number.clone(),
        extra: Vec::new(),
    }
}

pub(super) fn credentials(asked: &Asked<'_>) -> Vec<wit::Credential> {
    asked.credentials.iter().map(credential).collect()
}

fn credential(credential: &Credential) -> wit::Credential {
    wit::Credential {
        id: credential.id.to_string(),
        lookup: credential.lookup.clone(),
        label: credential.label.clone(),
        created_unix_ms: millis(credential.created_at),
        last_used_unix_ms: credential.last_used_at.map(millis),
        format: credential.format,
        data: credential.secret.clone(),
        device: credential.device.as_ref().map(device_key),
        extra: Vec::new(),
    }
}

fn device_key(key: &DeviceKey) -> wit::DeviceKey {
    wit::DeviceKey { spki: key.spki.clone() }
}

pub(super) fn answer(answer: &Answer) -> wit::Answer {
    wit::Answer {
        prompt: answer.prompt.clone(),
        response: match &answer.response {
            Response::Fields(fields) => wit::Response::Fields(fields.clone()),
            Response::Webauthn(json) => wit::Response::Webauthn(json.clone()),
            Response::Device(device) => wit::Response::Device(wit::DeviceAnswer {
                credential: device.credential.map(|id| id.to_string()),
                key: device.key.as_ref().map(device_key),
                body: device.body.clone(),
            }),
            Response::Cancelled => wit::Response::Cancelled,
        },
        extra: Vec::new(),
    }
}
