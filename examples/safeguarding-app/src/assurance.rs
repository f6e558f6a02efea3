//! How strongly somebody signed in, as the provider reports it in `acr` and `amr`, and in plain words.
//!
//! Rule: only `acr` decides. `amr` is shown, never judged: its values say what was used, not whether it was enough.

/// What is asked for when a page needs a key (REFEDS Multi-Factor Authentication Profile).
pub(crate) const ACR_MULTI_FACTOR: &str = "https://refeds.org/profile/mfa";
const ACR_SINGLE_FACTOR: &str = "https://refeds.org/profile/sfa";
/// `OpenID` Connect Extended Authentication Profile ACR Values 1.0, 2.
pub(crate) const ACR_PHISHING_RESISTANT: &str = "phr";
const ACR_PHISHING_RESISTANT_HARDWARE: &str = "phrh";

/// Weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Assurance {
    /// No `acr`, or one that is not known here: worth nothing, whatever its name promises.
    Unknown,
    SingleFactor,
    MultiFactor,
    PhishingResistant,
}

impl Assurance {
    pub(crate) fn from_acr(acr: Option<&str>) -> Self {
        match acr {
            Some(ACR_SINGLE_FACTOR) => Self::SingleFactor,
            Some(ACR_MULTI_FACTOR) => Self::MultiFactor,
            Some(ACR_PHISHING_RESISTANT | ACR_PHISHING_RESISTANT_HARDWARE) => Self::PhishingResistant,
            _ => Self::Unknown,
        }
    }

    pub(crate) fn used_key(self) -> bool {
        self >= Self::MultiFactor
    }

    pub(crate) fn in_words(self) -> &'static str {
        match self {
            Self::Unknown => "The provider did not say how you signed in, so this counts as no key",
            Self::SingleFactor => "Without a key",
            Self::MultiFactor => "With your key",
            Self::PhishingResistant => "With a key that no false page can use",
        }
    }
}

/// An `amr` value in plain words (RFC 8176 2); `None` for one that is not known here.
pub(crate) fn method_in_words(amr: &str) -> Option<&'static str> {
    Some(match amr {
        "pwd" => "password",
        "otp" => "one-time code",
        "hwk" => "key held in a device made for it",
        "swk" => "key held by an app",
        "user" => "touch or presence at the device",
        "pin" => "PIN",
        "fpt" => "fingerprint",
        "face" => "face",
        "sms" => "text message",
        "tel" => "phone call",
        "mfa" => "more than one factor",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
