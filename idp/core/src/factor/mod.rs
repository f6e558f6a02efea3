//! Second factors as the domain sees them: what a factor plugin is asked, what it answers, and the port through which it is called.
//!
//! Owns the words of the plugin contract in the domain's own types, which outlive any version of the contract. Does not own the
//! sandbox (`keyholder-plugin-host` implements [`Factors`]), the rows of a ceremony ([`crate::ceremony`]), nor what is drawn.

mod answer;
mod outcome;
mod port;
mod step;

pub use answer::{Answer, DeviceAnswer, DeviceKey, Response};
pub use outcome::{
    Accepted, Consumed, CredentialUpdate, EnrolOutcome, Imported, NewCredential, RejectReason, Rejection,
    VerifyOutcome, Warning,
};
pub use port::{Context, Descriptor, FactorKind, Factors, Fault, Occasion, Place, Purpose};
pub use step::{Ask, Effect, Exhibit, Field, FieldKind, Form, Message, Problem, Prompt, Step, Text, Wait};

use serde::{Deserialize, Serialize};

/// What an accepted answer proves, cut down to what the operator granted the plugin.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[allow(clippy::struct_excessive_bools, reason = "independent properties of a proof, named by the contract")]
pub struct Evidence {
    pub knowledge: bool,
    pub possession: bool,
    pub inherence: bool,
    /// RFC 8176 values, without `mfa`.
    pub amr: Vec<String>,
    pub phishing_resistant: bool,
    pub hardware_bound: bool,
    pub user_verified: bool,
    pub backed_up: Option<bool>,
    /// Proves enough to change one's keys, and nothing to any application: a recovery code.
    pub recovery_only: bool,
}

impl Evidence {
    /// The part of it that the ceiling allows. What narrows (`recovery_only`) is kept from either side.
    #[must_use]
    pub fn within(self, ceiling: &Self) -> Self {
        Self {
            knowledge: self.knowledge && ceiling.knowledge,
            possession: self.possession && ceiling.possession,
            inherence: self.inherence && ceiling.inherence,
            amr: self.amr.into_iter().filter(|value| ceiling.amr.contains(value)).collect(),
            phishing_resistant: self.phishing_resistant && ceiling.phishing_resistant,
            hardware_bound: self.hardware_bound && ceiling.hardware_bound,
            user_verified: self.user_verified && ceiling.user_verified,
            backed_up: self.backed_up,
            recovery_only: self.recovery_only || ceiling.recovery_only,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_never_exceeds_its_ceiling() {
        let claimed = Evidence {
            possession: true,
            inherence: true,
            amr: vec!["otp".into(), "hwk".into()],
            phishing_resistant: true,
            hardware_bound: true,
            user_verified: true,
            ..Evidence::default()
        };
        let ceiling = Evidence { possession: true, amr: vec!["otp".into()], ..Evidence::default() };
        assert_eq!(claimed.clone().within(&ceiling), ceiling);
        assert_eq!(Evidence::default().within(&claimed), Evidence::default());
        let sheet = Evidence { recovery_only: true, ..Evidence::default() };
        assert!(claimed.clone().within(&sheet).recovery_only && sheet.within(&claimed).recovery_only);
    }
}
