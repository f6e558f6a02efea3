//! What a factor asks: drawn by one partial (`prompts`) at sign-in and at enrolment alike.
//!
//! Owns the shape of what is drawn. The words of the plugin arrive in the reader's language as plain text; they are escaped
//! where they are put out, as anything else.

use std::fmt::Write as _;

use serde::Serialize;

use super::KeyNameError;

/// One step of a ceremony.
#[derive(Clone, Serialize)]
pub struct PromptView {
    /// Where every answer is posted. Fields: `ceremony`, `prompt` (its id), and either those of the form, each `f-` and its name, or
    /// `response`.
    pub action: String,
    pub ceremony: String,
    /// Alternatives: the first answer counts. At least one.
    pub prompts: Vec<PromptKind>,
    pub problem: Option<PromptProblem>,
    /// At enrolment: the name of the key, asked for in each form. Field: `name`.
    pub key_name: Option<KeyNameField>,
}

impl std::fmt::Debug for PromptView {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Exhibits are secrets.
        formatter.debug_struct("PromptView").field("prompts", &self.prompts.len()).finish_non_exhaustive()
    }
}

impl PromptView {
    /// Whether a field is marked as wrong.
    pub fn has_error(&self) -> bool {
        let wrong = |prompt: &PromptKind| match prompt {
            PromptKind::Form { fields, .. } => fields.iter().any(|field| field.wrong || field.empty),
            PromptKind::Webauthn { .. } | PromptKind::Wait { .. } => false,
        };
        let unnamed = self.key_name.as_ref().is_some_and(|name| name.error.is_some()) && self.asks_name();
        unnamed || self.prompts.iter().any(wrong)
    }

    /// Whether the page may be read again by itself: nothing could be half typed, and nothing is in the middle of being asked.
    pub fn only_waits(&self) -> bool {
        !self.prompts.is_empty() && self.prompts.iter().all(|prompt| matches!(prompt, PromptKind::Wait { .. }))
    }

    fn asks_name(&self) -> bool {
        self.prompts.iter().any(|prompt| !matches!(prompt, PromptKind::Wait { .. }))
    }
}

/// One alternative.
#[derive(Clone, Serialize)]
#[serde(rename_all = "kebab-case", tag = "ask")]
pub enum PromptKind {
    Form {
        id: String,
        title: String,
        help: Option<String>,
        exhibits: Vec<ExhibitView>,
        fields: Vec<FieldView>,
        submit: String,
    },
    /// A key that the browser speaks with (WebAuthn Level 3). `options`: the JSON of the creation or request options.
    Webauthn { id: String, does: WebauthnDoes, options: String },
    /// Something outside the browser answers.
    Wait {
        id: String,
        message: String,
        exhibits: Vec<ExhibitView>,
        /// Milliseconds since the epoch.
        until: i64,
        /// The page itself, read again: **I have approved it**.
        check_href: String,
    },
}

/// Which of the two calls of WebAuthn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WebauthnDoes {
    Create,
    Get,
}

/// Something to show beside the fields.
#[derive(Clone, Serialize)]
#[serde(rename_all = "kebab-case", tag = "exhibit")]
pub enum ExhibitView {
    /// Drawn as a QR code.
    Qr {
        value: String,
    },
    /// The same set-up for a standard app, on demand: QR code and secret.
    PlainQr {
        value: String,
        groups: Vec<String>,
    },
    /// To type, in groups of four.
    Secret {
        groups: Vec<String>,
    },
    /// To keep: shown once, with download and print.
    SecretList {
        items: Vec<String>,
        download: String,
    },
    Note {
        text: String,
    },
    /// The two-digit number that a device has to repeat.
    MatchNumber {
        number: String,
    },
}

impl ExhibitView {
    /// An `otpauth://` address, with its secret to type.
    pub fn plain_qr(address: &str) -> Self {
        let query = address.split_once('?').map_or("", |(_, query)| query);
        let secret = query.split('&').find_map(|pair| pair.strip_prefix("secret=")).unwrap_or_default();
        Self::PlainQr { value: address.to_owned(), groups: groups_of_four(secret) }
    }

    /// A secret to type.
    pub fn secret(secret: &str) -> Self {
        Self::Secret { groups: groups_of_four(secret) }
    }

    /// Secrets to keep, as a page and as a text file within an address (RFC 2397).
    pub fn secret_list(items: Vec<String>) -> Self {
        let mut download = "data:text/plain;charset=utf-8,".to_owned();
        for byte in items.iter().flat_map(|item| item.bytes().chain(*b"\r\n")) {
            if byte.is_ascii_alphanumeric() || byte == b'-' {
                download.push(char::from(byte));
            } else {
                // Into memory: nothing can fail.
                let _ = write!(download, "%{byte:02X}");
            }
        }
        Self::SecretList { items, download }
    }
}

fn groups_of_four(secret: &str) -> Vec<String> {
    let letters: Vec<char> = secret.chars().filter(|letter| !letter.is_whitespace() && *letter != '=').collect();
    letters.chunks(4).map(|group| group.iter().collect()).collect()
}

/// One field.
#[derive(Clone, Serialize)]
pub struct FieldView {
    /// Unique on the page.
    pub id: String,
    /// `f-` and the plugin's name for it.
    pub name: String,
    pub label: String,
    pub hint: Option<String>,
    pub placeholder: Option<String>,
    pub kind: FieldKindView,
    /// The most characters that may be typed, spaces within a code included.
    pub maxlength: u32,
    pub required: bool,
    /// What was typed; never of a code or a secret.
    pub value: String,
    /// The step's problem is about this field.
    pub wrong: bool,
    /// Nothing was entered.
    pub empty: bool,
}

/// How a field is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldKindView {
    OneTimeCode,
    Text,
    Secret,
    /// A key types it, and presses Enter.
    KeyboardToken,
    Confirm,
}

/// The name of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyNameField {
    pub value: String,
    pub error: Option<KeyNameError>,
}

/// What was wrong with the last answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PromptProblem {
    pub reason: PromptReason,
    /// The plugin's own words instead of ours.
    pub own: Option<String>,
    pub clock: Option<ClockOff>,
    /// Whether it is said beside a field; else it stands above the prompts.
    pub at_field: bool,
}

/// Why an answer was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PromptReason {
    Wrong,
    Replayed,
    Expired,
    WrongOrigin,
    UnknownCredential,
    UserVerificationMissing,
    AuthenticatorNotAllowed,
    Malformed,
    Exhausted,
    /// It counted in another tab or window already, or that one went on.
    Elsewhere,
    Other,
}

impl PromptReason {
    /// Every reason.
    pub const ALL: [Self; 11] = [
        Self::Wrong,
        Self::Replayed,
        Self::Expired,
        Self::WrongOrigin,
        Self::UnknownCredential,
        Self::UserVerificationMissing,
        Self::AuthenticatorNotAllowed,
        Self::Malformed,
        Self::Exhausted,
        Self::Elsewhere,
        Self::Other,
    ];
}

/// By how much the clock of a device is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ClockOff {
    pub way: ClockWay,
    pub unit: ClockUnit,
    pub amount: u64,
}

/// In which direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClockWay {
    /// It shows a time that has not come yet.
    Fast,
    Slow,
}

/// In what it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClockUnit {
    Seconds,
    Minutes,
}

impl ClockOff {
    /// From milliseconds, ahead positive. Up to a minute and a half in seconds.
    pub fn of_millis(millis: i64) -> Self {
        let way = if millis < 0 { ClockWay::Slow } else { ClockWay::Fast };
        let seconds = (millis.unsigned_abs() + 500) / 1000;
        if seconds <= 90 {
            return Self { way, unit: ClockUnit::Seconds, amount: seconds.max(1) };
        }
        Self { way, unit: ClockUnit::Minutes, amount: (seconds + 30) / 60 }
    }
}

// Exhibits are secrets, and so may be what was typed.
impl std::fmt::Debug for PromptKind {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Form { .. } => "Form",
            Self::Webauthn { .. } => "Webauthn",
            Self::Wait { .. } => "Wait",
        })
    }
}

impl std::fmt::Debug for ExhibitView {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ExhibitView")
    }
}

impl std::fmt::Debug for FieldView {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("FieldView").field("name", &self.name).field("kind", &self.kind).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_told_by_how_much_and_in_which_direction() {
        let of = |millis| {
            let ClockOff { way, unit, amount } = ClockOff::of_millis(millis);
            (way, unit, amount)
        };
        assert_eq!(of(30_000), (ClockWay::Fast, ClockUnit::Seconds, 30));
        assert_eq!(of(-90_000), (ClockWay::Slow, ClockUnit::Seconds, 90));
        assert_eq!(of(-120_000), (ClockWay::Slow, ClockUnit::Minutes, 2));
        assert_eq!(of(599_000), (ClockWay::Fast, ClockUnit::Minutes, 10));
        assert_eq!(of(i64::MIN).0, ClockWay::Slow);
    }

    #[test]
    fn a_secret_is_shown_in_groups_of_four() {
        let ExhibitView::PlainQr { groups, .. } =
            ExhibitView::plain_qr("otpauth://totp/K:ann?secret=NB2WY3DPEHPK3PXPJA&issuer=K")
        else {
            panic!("not a QR code")
        };
        assert_eq!(groups, ["NB2W", "Y3DP", "EHPK", "3PXP", "JA"]);
    }

    #[test]
    fn a_list_of_secrets_is_a_text_file() {
        let ExhibitView::SecretList { download, .. } = ExhibitView::secret_list(vec!["AB-1".into(), "ç&".into()])
        else {
            panic!("not a list")
        };
        assert_eq!(download, "data:text/plain;charset=utf-8,AB-1%0D%0A%C3%A7%26%0D%0A");
    }
}
