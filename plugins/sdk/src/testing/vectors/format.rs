//! Reading a vector.

use serde_json::{Map, Value};

use super::purpose_of;
use crate::factor::{
    Answer, Context, DeviceAnswer, DeviceKey, Evidence, NewCredential, Occasion, Place, PlaceKind, Purpose, Response,
};

pub(super) fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name).and_then(Value::as_str)
}

pub(super) fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Bytes in hexadecimal; spaces do not matter.
pub(super) fn bytes(value: &Value, name: &str) -> Result<Option<Vec<u8>>, String> {
    let Some(text) = text(value, name) else { return Ok(None) };
    let digits: Vec<char> = text.chars().filter(|character| !character.is_whitespace()).collect();
    let pair = |pair: &[char]| match pair {
        [high, low] => u8::try_from(high.to_digit(16)? * 16 + low.to_digit(16)?).ok(),
        _ => None,
    };
    let bytes: Option<Vec<u8>> = digits.chunks(2).map(pair).collect();
    bytes.map(Some).ok_or_else(|| format!("{name}: expected bytes in hexadecimal"))
}

/// The settings that hold unless others are given.
pub(super) fn defaults(schema: &str) -> Value {
    let schema: Value = serde_json::from_str(schema).unwrap_or_default();
    let properties = schema.get("properties").and_then(Value::as_object);
    let default = |(name, property): (&String, &Value)| Some((name.clone(), property.get("default")?.clone()));
    properties.into_iter().flatten().filter_map(default).collect::<Map<_, _>>().into()
}

/// A key that exists at the start.
pub(super) fn key(value: &Value) -> Result<NewCredential, String> {
    let format = value.get("format").and_then(Value::as_u64).and_then(|format| u32::try_from(format).ok());
    let data = bytes(value, "data")?.ok_or("a key without `data`")?;
    let format = format.ok_or("a key without `format`")?;
    let mut key = NewCredential::new(text(value, "label").unwrap_or_default(), format, data, Evidence::default());
    key.lookup = bytes(value, "lookup")?;
    key.device = bytes(value, "device")?.map(|spki| DeviceKey { spki });
    Ok(key)
}

/// The context of `docs/plugins/vectors.md`.
pub(super) fn default_context(call: &Value, name: &str) -> Context {
    let now_unix_ms = call.get("now").and_then(Value::as_u64).unwrap_or_default();
    Context {
        now_unix_ms,
        purpose: purpose_of(name),
        user_handle: vec![7; 32],
        user_name: "jo@school.example".into(),
        user_display_name: "Jo Example".into(),
        issuer: "https://id.example".into(),
        issuer_name: "Keyholder".into(),
        rp_id: "id.example".into(),
        origins: vec!["https://id.example".into()],
        locales: vec!["en".into()],
        occasion: Occasion {
            ceremony: "ceremony-1".into(),
            application: None,
            school: None,
            browser: "Firefox on Windows".into(),
            address: None,
            place: None,
            began_unix_ms: now_unix_ms,
            number: None,
            extra: Vec::new(),
        },
        config: "{}".into(),
        extra: Vec::new(),
    }
}

/// Puts what is said in the place of what was.
pub(super) fn apply(said: &Value, context: &mut Context) -> Result<(), String> {
    let set = |place: &mut String, name: &str| {
        if let Some(text) = text(said, name) {
            text.clone_into(place);
        }
    };
    set(&mut context.user_name, "user_name");
    set(&mut context.user_display_name, "user_display_name");
    set(&mut context.issuer, "issuer");
    set(&mut context.issuer_name, "issuer_name");
    set(&mut context.rp_id, "rp_id");
    if let Some(handle) = bytes(said, "user_handle")? {
        context.user_handle = handle;
    }
    for (place, name) in [(&mut context.origins, "origins"), (&mut context.locales, "languages")] {
        if said.get(name).is_some() {
            *place = list(said, name).iter().filter_map(Value::as_str).map(Into::into).collect();
        }
    }
    match said.get("diagnose").and_then(Value::as_bool) {
        Some(true) => context.extra = vec![("diagnose".into(), "true".into())],
        Some(false) => context.extra.clear(),
        None => {}
    }
    match text(said, "purpose") {
        None => {}
        Some("sign-in") => context.purpose = Purpose::SignIn,
        Some("step-up") => context.purpose = Purpose::StepUp,
        Some("enrolment") => context.purpose = Purpose::Enrolment,
        Some(other) => return Err(format!("there is no purpose `{other}`")),
    }
    said.get("occasion").map_or(Ok(()), |said| apply_occasion(said, &mut context.occasion))
}

fn apply_occasion(said: &Value, occasion: &mut Occasion) -> Result<(), String> {
    let given = |name: &str| text(said, name).map(str::to_owned);
    occasion.ceremony = given("ceremony").unwrap_or_else(|| occasion.ceremony.clone());
    occasion.browser = given("browser").unwrap_or_else(|| occasion.browser.clone());
    occasion.application = given("application").or(occasion.application.take());
    occasion.school = given("school").or(occasion.school.take());
    occasion.address = given("address").or(occasion.address.take());
    occasion.number = given("number").or(occasion.number.take());
    if let Some(began) = said.get("began_at").and_then(Value::as_u64) {
        occasion.began_unix_ms = began;
    }
    if let Some(place) = said.get("place").filter(|place| !place.is_null()) {
        let (kind, place) = match (place.get("approximate"), place.get("network")) {
            (Some(place), None) => {
                let radius = place.get("radius_km").and_then(Value::as_u64).and_then(|km| u32::try_from(km).ok());
                (PlaceKind::Approximate(radius.ok_or("place: expected `radius_km`")?), place)
            }
            (None, Some(place)) => (PlaceKind::Network, place),
            _ => return Err("place: expected `approximate` or `network`".into()),
        };
        occasion.place = Some(Place { name: text(place, "name").ok_or("place: expected `name`")?.into(), kind });
    }
    Ok(())
}

/// As the host gives it; `find` tells a key by its name.
pub(super) fn answer(value: &Value, find: &dyn Fn(&str) -> Option<String>) -> Result<Answer, String> {
    let response = if let Some(fields) = value.get("fields").and_then(Value::as_object) {
        let read = |(name, value): (&String, &Value)| {
            let text = value.as_str().ok_or_else(|| format!("answer: field `{name}`: expected text"))?;
            Ok((name.clone(), text.to_owned()))
        };
        Response::Fields(fields.iter().map(read).collect::<Result<_, String>>()?)
    } else if let Some(webauthn) = value.get("webauthn") {
        Response::Webauthn(webauthn.to_string())
    } else if let Some(device) = value.get("device") {
        let text_body = text(device, "text").map(|text| text.as_bytes().to_vec());
        let named = |name| find(name).ok_or_else(|| format!("answer: there is no key `{name}`"));
        Response::Device(DeviceAnswer {
            credential: text(device, "credential").map(named).transpose()?,
            key: bytes(device, "key")?.map(|spki| DeviceKey { spki }),
            body: bytes(device, "body")?.or(text_body).ok_or("answer: a device says either `body` or `text`")?,
        })
    } else if value.get("cancelled") == Some(&Value::Bool(true)) {
        Response::Cancelled
    } else {
        return Err("answer: expected one of `fields`, `webauthn`, `device`, `cancelled`".into());
    };
    Ok(Answer { prompt: text(value, "prompt").unwrap_or_default().into(), response, extra: Vec::new() })
}
