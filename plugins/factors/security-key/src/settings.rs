//! What the operator may set (`config.schema.json`).

use keyholder_plugin_sdk::factor::Fault;
use serde::Deserialize;
use url::Url;
use webauthn_rs_core::proto::UserVerificationPolicy;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct Settings {
    pub(crate) user_verification: Verification,
    pub(crate) attachment: Attachment,
    /// Whether keys that may be copied to other devices (synchronised passkeys) are let in.
    pub(crate) synced_passkeys: bool,
    /// Under which keys were registered with U2F; empty: there are none.
    pub(crate) appid: String,
}

/// Whether a key has to ask for its PIN or a fingerprint (WebAuthn Level 3, 5.8.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Verification {
    Required,
    Preferred,
    Discouraged,
}

/// Which keys the browser offers to add (WebAuthn Level 3, 5.4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Attachment {
    Any,
    CrossPlatform,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            user_verification: Verification::Preferred,
            attachment: Attachment::Any,
            synced_passkeys: true,
            appid: String::new(),
        }
    }
}

impl Settings {
    /// Reads settings that the host has checked already.
    pub(crate) fn read(config: &str) -> Result<Self, Fault> {
        Self::parse(config).map_err(Fault::BadConfig)
    }

    fn parse(config: &str) -> Result<Self, String> {
        let object = serde_json::from_str(config).map(serde_json::Value::Object);
        object.and_then(serde_json::from_value).map_err(|error| error.to_string())
    }

    /// What is wrong with them: pointer and message.
    pub(crate) fn faults(config: &str) -> Vec<(String, String)> {
        match Self::parse(config) {
            Err(problem) => vec![(String::new(), problem)],
            Ok(settings) if settings.appid.is_empty() || is_appid(&settings.appid) => Vec::new(),
            Ok(_) => vec![("/appid".into(), "it must be an address that begins with https://".into())],
        }
    }
}

/// An application id of U2F that a browser takes (FIDO `AppID` and facets, 3.1.2): an https address.
pub(crate) fn is_appid(text: &str) -> bool {
    text.len() <= 512 && Url::parse(text).is_ok_and(|url| url.scheme() == "https" && url.domain().is_some())
}

/// Whether a browser at `rp_id` may take this application id: they have to share a registrable domain. Without the list of public
/// suffixes this is only a sieve, so that one wrong setting does not break every key; the browser decides.
pub(crate) fn is_related(appid: &str, rp_id: &str) -> bool {
    let last_two = |host: &str| host.rsplit('.').take(2).map(str::to_ascii_lowercase).collect::<Vec<_>>();
    let host = Url::parse(appid).ok().and_then(|url| url.domain().map(str::to_owned));
    host.is_some_and(|host| last_two(&host) == last_two(rp_id))
}

impl From<Verification> for UserVerificationPolicy {
    fn from(verification: Verification) -> Self {
        match verification {
            Verification::Required => Self::Required,
            Verification::Preferred => Self::Preferred,
            Verification::Discouraged => Self::Discouraged_DO_NOT_USE,
        }
    }
}
