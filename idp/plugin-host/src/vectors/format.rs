//! The format of vectors.

use keyholder_core::factor::{Answer, Context, DeviceAnswer, DeviceKey, Occasion, Place, Purpose, Response};
use keyholder_core::id::CredentialId;
use keyholder_core::locale::Language;
use keyholder_core::time::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::VectorError;

/// One vector: a sequence of calls.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    /// The promise, one sentence.
    pub about: String,
    #[serde(default, deserialize_with = "hex")]
    pub random: Vec<u8>,
    #[serde(default)]
    pub settings: Map<String, Value>,
    #[serde(default)]
    pub(super) context: ContextText,
    #[serde(default)]
    pub(super) keys: Vec<KeyText>,
    pub calls: Vec<Call>,
}

/// One call.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    pub call: CallName,
    /// Milliseconds since 1970.
    #[serde(default)]
    pub now: i64,
    #[serde(default)]
    pub(super) context: ContextText,
    pub(super) answer: Option<AnswerText>,
    #[serde(default, deserialize_with = "hex_option")]
    pub(super) state: Option<Vec<u8>>,
    pub(super) keys: Option<Vec<String>>,
    pub(super) settings: Option<Value>,
    pub(super) file_name: Option<String>,
    pub(super) file: Option<String>,
    #[serde(default, deserialize_with = "hex_option")]
    pub(super) file_hex: Option<Vec<u8>>,
    pub(super) secret: Option<String>,
    /// A pattern of the outcome.
    pub expect: Option<Value>,
}

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallName {
    Describe,
    CheckConfig,
    BeginEnrolment,
    FinishEnrolment,
    BeginChallenge,
    Verify,
    ImportSeeds,
}

impl CallName {
    /// As in the contract.
    pub fn name(self) -> &'static str {
        match self {
            Self::Describe => "describe",
            Self::CheckConfig => "check-config",
            Self::BeginEnrolment => "begin-enrolment",
            Self::FinishEnrolment => "finish-enrolment",
            Self::BeginChallenge => "begin-challenge",
            Self::Verify => "verify",
            Self::ImportSeeds => "import-seeds",
        }
    }

    /// By its name in the contract.
    pub fn from_name(name: &str) -> Option<Self> {
        serde_json::from_value(Value::String(name.to_owned())).ok()
    }
}

impl Vector {
    /// Reads a file.
    ///
    /// # Errors
    /// What is wrong with it, with the line.
    pub fn parse(text: &str) -> Result<Self, VectorError> {
        serde_json::from_str(text).map_err(|error| VectorError::Format(error.to_string()))
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyText {
    #[serde(default, deserialize_with = "hex_option")]
    pub(super) lookup: Option<Vec<u8>>,
    #[serde(default)]
    pub(super) label: String,
    pub(super) format: u32,
    #[serde(deserialize_with = "hex")]
    pub(super) data: Vec<u8>,
    #[serde(default, deserialize_with = "hex_option")]
    pub(super) device: Option<Vec<u8>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ContextText {
    purpose: Option<Purpose>,
    #[serde(deserialize_with = "hex_option")]
    user_handle: Option<Vec<u8>>,
    user_name: Option<String>,
    user_display_name: Option<String>,
    issuer: Option<String>,
    issuer_name: Option<String>,
    rp_id: Option<String>,
    origins: Option<Vec<String>>,
    languages: Option<Vec<Language>>,
    diagnose: Option<bool>,
    occasion: OccasionText,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct OccasionText {
    ceremony: Option<String>,
    application: Option<String>,
    school: Option<String>,
    browser: Option<String>,
    address: Option<String>,
    place: Option<Place>,
    began_at: Option<Timestamp>,
    number: Option<String>,
}

/// The context of `docs/plugins/vectors.md`.
pub(crate) fn default_context(now: Timestamp, purpose: Purpose) -> Context {
    Context {
        now,
        purpose,
        user_handle: [7; 32],
        user_name: "jo@school.example".into(),
        user_display_name: "Jo Example".into(),
        issuer: "https://id.example".into(),
        issuer_name: "Keyholder".into(),
        rp_id: "id.example".into(),
        origins: vec!["https://id.example".into()],
        languages: vec![Language::En],
        occasion: Occasion {
            ceremony: "ceremony-1".into(),
            application: None,
            school: None,
            browser: "Firefox on Windows".into(),
            address: None,
            place: None,
            began_at: now,
            number: None,
        },
        diagnose: false,
    }
}

impl ContextText {
    /// Puts what is said in the place of what was.
    pub(super) fn apply(&self, context: &mut Context) -> Result<(), String> {
        fn set<T: Clone>(place: &mut T, value: Option<&T>) {
            if let Some(value) = value {
                place.clone_from(value);
            }
        }
        fn set_some<T: Clone>(place: &mut Option<T>, value: Option<&T>) {
            if value.is_some() {
                *place = value.cloned();
            }
        }
        set(&mut context.purpose, self.purpose.as_ref());
        if let Some(handle) = &self.user_handle {
            context.user_handle =
                handle.as_slice().try_into().map_err(|_| "user_handle: expected 32 bytes".to_owned())?;
        }
        set(&mut context.user_name, self.user_name.as_ref());
        set(&mut context.user_display_name, self.user_display_name.as_ref());
        set(&mut context.issuer, self.issuer.as_ref());
        set(&mut context.issuer_name, self.issuer_name.as_ref());
        set(&mut context.rp_id, self.rp_id.as_ref());
        set(&mut context.origins, self.origins.as_ref());
        set(&mut context.languages, self.languages.as_ref());
        set(&mut context.diagnose, self.diagnose.as_ref());
        let (occasion, said) = (&mut context.occasion, &self.occasion);
        set(&mut occasion.ceremony, said.ceremony.as_ref());
        set_some(&mut occasion.application, said.application.as_ref());
        set_some(&mut occasion.school, said.school.as_ref());
        set(&mut occasion.browser, said.browser.as_ref());
        set_some(&mut occasion.address, said.address.as_ref());
        set_some(&mut occasion.place, said.place.as_ref());
        set(&mut occasion.began_at, said.began_at.as_ref());
        set_some(&mut occasion.number, said.number.as_ref());
        Ok(())
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AnswerText {
    prompt: String,
    fields: Option<Map<String, Value>>,
    webauthn: Option<Value>,
    device: Option<DeviceText>,
    cancelled: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviceText {
    credential: Option<String>,
    #[serde(default, deserialize_with = "hex_option")]
    key: Option<Vec<u8>>,
    #[serde(default, deserialize_with = "hex_option")]
    body: Option<Vec<u8>>,
    text: Option<String>,
}

impl AnswerText {
    /// As the host gives it; `find` tells a key by its name.
    pub(super) fn answer(&self, find: impl Fn(&str) -> Option<CredentialId>) -> Result<Answer, String> {
        let response = match (&self.fields, &self.webauthn, &self.device, self.cancelled) {
            (Some(fields), None, None, false) => {
                let read = |(name, value): (&String, &Value)| {
                    let text = value.as_str().ok_or_else(|| format!("answer: field `{name}`: expected text"))?;
                    Ok((name.clone(), text.to_owned()))
                };
                Response::Fields(fields.iter().map(read).collect::<Result<_, String>>()?)
            }
            (None, Some(webauthn), None, false) => Response::Webauthn(webauthn.to_string()),
            (None, None, Some(device), false) => {
                let named = |name: &String| find(name).ok_or_else(|| format!("answer: there is no key `{name}`"));
                Response::Device(DeviceAnswer {
                    credential: device.credential.as_ref().map(named).transpose()?,
                    key: device.key.clone().map(|spki| DeviceKey { spki }),
                    body: match (&device.body, &device.text) {
                        (Some(body), None) => body.clone(),
                        (None, Some(text)) => text.clone().into_bytes(),
                        _ => return Err("answer: a device says either `body` or `text`".into()),
                    },
                })
            }
            (None, None, None, true) => Response::Cancelled,
            _ => return Err("answer: expected one of `fields`, `webauthn`, `device`, `cancelled`".into()),
        };
        Ok(Answer { prompt: self.prompt.clone(), response })
    }
}

fn hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_hex(&text).ok_or_else(|| serde::de::Error::custom("expected bytes in hexadecimal"))
}

fn hex_option<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<u8>>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| parse_hex(&text).ok_or_else(|| serde::de::Error::custom("expected bytes in hexadecimal")))
        .transpose()
}

fn parse_hex(text: &str) -> Option<Vec<u8>> {
    let text: Vec<char> = text.chars().filter(|character| !character.is_whitespace()).collect();
    let pair = |pair: &[char]| match pair {
        [high, low] => u8::try_from(high.to_digit(16)? * 16 + low.to_digit(16)?).ok(),
        _ => None,
    };
    text.chunks(2).map(pair).collect()
}
