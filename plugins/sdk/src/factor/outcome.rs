//! Short ways to say what came of an answer.

use super::{Accepted, Consumed, CredentialUpdate, Evidence, NewCredential, RejectReason, Rejection, Text};

impl Default for Evidence {
    /// Proves nothing.
    fn default() -> Self {
        Self {
            classes: Vec::new(),
            amr: Vec::new(),
            phishing_resistant: false,
            hardware_bound: false,
            user_verified: false,
            backed_up: None,
            recovery_only: false,
            extra: Vec::new(),
        }
    }
}

impl NewCredential {
    /// A key to be stored: its label until the person gives it one, and its data in this format.
    pub fn new(suggested_label: &str, format: u32, data: Vec<u8>, evidence: Evidence) -> Self {
        Self {
            lookup: None,
            suggested_label: suggested_label.into(),
            format,
            data,
            device: None,
            evidence,
            consume: Vec::new(),
            facts: Vec::new(),
            effects: Vec::new(),
            extra: Vec::new(),
        }
    }
}

impl Accepted {
    /// The answer was right for this one of the keys handed in.
    pub fn new(credential_id: &str, evidence: Evidence) -> Self {
        Self {
            credential_id: credential_id.into(),
            update: None,
            consume: Vec::new(),
            evidence,
            warnings: Vec::new(),
            effects: Vec::new(),
            extra: Vec::new(),
        }
    }

    /// New data of the key; its facts stay.
    #[must_use]
    pub fn update(mut self, format: u32, data: Vec<u8>) -> Self {
        self.update = Some(CredentialUpdate { format, data, facts: None });
        self
    }

    /// Must not be used again with this key.
    #[must_use]
    pub fn consume(mut self, consumed: Consumed) -> Self {
        self.consume.push(consumed);
        self
    }
}

impl Rejection {
    /// In the host's own words for this reason.
    pub fn new(reason: RejectReason) -> Self {
        Self { reason, text: None, clock_off_ms: None, updates: Vec::new(), consume: Vec::new(), extra: Vec::new() }
    }

    /// In the plugin's words.
    #[must_use]
    pub fn text(mut self, text: Text) -> Self {
        self.text = Some(text);
        self
    }
}
