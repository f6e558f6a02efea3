//! What is stored of a key, and how it reads (format 1, JSON). The public key is in the form in which the WebAuthn library keeps it.

use keyholder_plugin_sdk::factor::{Credential as HandedIn, Evidence, FactorClass, Fault};
use serde::{Deserialize, Serialize};
use webauthn_rs_core::proto::{
    AttestationFormat, COSEKey, Credential, ParsedAttestation, RegisteredExtensions, UserVerificationPolicy,
};

use crate::bytes;

/// The format that is written, and the only one that is read.
pub(crate) const FORMAT: u32 = 1;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(clippy::struct_excessive_bools, reason = "independent properties, named by the standard")]
pub(crate) struct Key {
    #[serde(with = "bytes")]
    pub(crate) id: Vec<u8>,
    pub(crate) cose: COSEKey,
    /// The highest that was seen; 0 for ever where the key does not count.
    pub(crate) counter: u32,
    /// Whether it verified its holder when it was added, and what was asked then.
    pub(crate) user_verified: bool,
    pub(crate) verification: UserVerificationPolicy,
    pub(crate) backup_eligible: bool,
    pub(crate) backed_up: bool,
    /// How it says it can be reached: a hint for browsers.
    pub(crate) transports: Vec<String>,
    /// The model, where it tells, as a UUID.
    pub(crate) aaguid: Option<String>,
    /// Registered under U2F with this application id.
    pub(crate) appid: Option<String>,
    /// A counter that did not rise was seen.
    pub(crate) possible_clone: bool,
}

impl Key {
    /// One that the host handed in.
    pub(crate) fn read(credential: &HandedIn) -> Result<Self, Fault> {
        if credential.format != FORMAT {
            return Err(Fault::UnsupportedFormat(credential.format));
        }
        serde_json::from_slice(&credential.data).map_err(|_| Fault::Internal("a stored key cannot be read".into()))
    }

    pub(crate) fn write(&self) -> Result<Vec<u8>, Fault> {
        serde_json::to_vec(self).map_err(|_| Fault::Internal("a key cannot be written".into()))
    }

    /// As the library wants it. Attestation was asked of none and says nothing.
    pub(crate) fn to_library(&self) -> Credential {
        Credential {
            cred_id: self.id.clone(),
            cred: self.cose.clone(),
            counter: self.counter,
            transports: None,
            user_verified: self.user_verified,
            backup_eligible: self.backup_eligible,
            backup_state: self.backed_up,
            registration_policy: self.verification,
            extensions: RegisteredExtensions::none(),
            attestation: ParsedAttestation::default(),
            attestation_format: AttestationFormat::None,
        }
    }

    /// What people may see of it.
    pub(crate) fn facts(&self) -> Vec<(String, String)> {
        let mut facts = Vec::new();
        let mut add = |name: &str, value: &str| facts.push((name.to_owned(), value.to_owned()));
        if let Some(aaguid) = &self.aaguid {
            add("aaguid", aaguid);
        }
        if !self.transports.is_empty() {
            add("transports", &self.transports.join(" "));
        }
        if self.backup_eligible {
            add("synced", if self.backed_up { "yes" } else { "no" });
        }
        if let Some(appid) = &self.appid {
            add("u2f", appid);
        }
        if self.possible_clone {
            add("possible-clone", "yes");
        }
        facts
    }

    /// What an answer of it proves. Without attestation nobody knows that it is hardware: a key that says that it never leaves its device
    /// is told by `hwk`, one that may be copied by `swk` (RFC 8176 2), and neither is called bound to hardware.
    pub(crate) fn evidence(&self, user_verified: bool) -> Evidence {
        let made_of = if self.backup_eligible { "swk" } else { "hwk" };
        Evidence {
            classes: vec![FactorClass::Possession],
            // `user`: somebody was there and touched it; no answer without is accepted.
            amr: vec![made_of.into(), "user".into()],
            phishing_resistant: true,
            user_verified,
            backed_up: Some(self.backed_up),
            ..Evidence::default()
        }
    }
}
