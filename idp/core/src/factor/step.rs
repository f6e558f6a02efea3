//! What a ceremony waits for: prompts, and what stands beside them. Data only; the theme draws it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::outcome::RejectReason;
use crate::id::CredentialId;

/// A text by its key in the plugin's own files, with arguments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    pub key: String,
    pub args: Vec<(String, String)>,
}

/// One step of a ceremony.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The plugin's own; sealed at rest.
    pub state: Vec<u8>,
    /// How long it may wait; never beyond [`Step::LONGEST`].
    pub lifetime: Duration,
    /// Alternatives: the first answer counts. At least one.
    pub prompts: Vec<Prompt>,
    pub problem: Option<Problem>,
    /// By which a device that is not enrolled yet finds this step.
    pub reply_tag: Option<Vec<u8>>,
    pub effects: Vec<Effect>,
}

impl Step {
    /// The longest that a step may wait.
    pub const LONGEST: Duration = Duration::from_mins(10);
}

impl std::fmt::Debug for Step {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Step")
            .field("prompts", &self.prompts.len())
            .field("problem", &self.problem)
            .finish_non_exhaustive()
    }
}

/// One thing that may be answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// Unique in its step.
    pub id: String,
    pub ask: Ask,
}

/// How it is asked. `Debug` shows no more than the kind: exhibits are secrets.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ask {
    Form(Form),
    /// `PublicKeyCredentialCreationOptions` in JSON (WebAuthn Level 3, 5.1.8).
    WebauthnCreate(String),
    /// `PublicKeyCredentialRequestOptions` in JSON (WebAuthn Level 3, 5.1.10).
    WebauthnGet(String),
    /// Something outside the browser answers.
    Wait(Wait),
}

impl std::fmt::Debug for Ask {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Form(_) => "Form",
            Self::WebauthnCreate(_) => "WebauthnCreate",
            Self::WebauthnGet(_) => "WebauthnGet",
            Self::Wait(_) => "Wait",
        })
    }
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    pub title: Text,
    pub help: Option<Text>,
    pub exhibits: Vec<Exhibit>,
    pub fields: Vec<Field>,
    pub submit: Text,
}

/// Something to show beside the fields.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exhibit {
    /// Drawn as a QR code; up to 512 bytes.
    Qr(String),
    /// The same set-up for a standard app, drawn on demand.
    PlainQr(String),
    /// To type, shown in groups of four.
    Secret(String),
    /// To keep, shown once.
    SecretList(Vec<String>),
    Note(Text),
    /// The two-digit number that a device has to repeat.
    MatchNumber(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    pub name: String,
    pub label: Text,
    pub hint: Option<Text>,
    pub placeholder: Option<Text>,
    pub kind: FieldKind,
    pub required: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldKind {
    /// This many digits.
    OneTimeCode(u8),
    /// Up to this many characters.
    Text(u16),
    Secret(u16),
    /// Typed by a key that behaves as a keyboard.
    KeyboardToken(u16),
    Confirm,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    pub message: Text,
    pub exhibits: Vec<Exhibit>,
}

/// What was wrong with the last answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    pub reason: RejectReason,
    pub field: Option<String>,
    pub text: Option<Text>,
    /// How far the device's clock is ahead (negative: behind), in milliseconds.
    pub clock_off_ms: Option<i64>,
}

/// Done after a call, if the plugin was granted it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    SendMessage(Message),
    /// The body of the answer to the device whose request led to this call.
    AnswerDevice(Vec<u8>),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// `push`.
    pub channel: String,
    pub credential: CredentialId,
    pub text: Text,
}

impl std::fmt::Debug for Effect {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::SendMessage(_) => "SendMessage",
            Self::AnswerDevice(_) => "AnswerDevice",
        })
    }
}

impl std::fmt::Debug for Form {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Form")
    }
}

impl std::fmt::Debug for Wait {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Wait")
    }
}

impl std::fmt::Debug for Exhibit {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Exhibit")
    }
}
