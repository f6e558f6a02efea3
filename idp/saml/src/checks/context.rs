//! `RequestedAuthnContext` (saml-core-2.0-os 3.3.2.2.1): which sign-ins satisfy it, and by what name they are answered.
//!
//! A class is a statement about a sign-in, and a stronger sign-in makes the weaker statements true as well: whoever
//! passed two factors of which one was a password over TLS also signed in with a password over TLS. So a request for
//! exactly a weak class is met by a strong sign-in, and answered by the class that was asked for.

use keyholder_core::assurance::{ACR_MULTI_FACTOR, ACR_SINGLE_FACTOR, Assurance};
use serde::{Deserialize, Serialize};

use crate::messages::{Comparison, RequestedAuthnContext};
use crate::service_provider::{ContextPolicy, MultiFactorClass, SingleFactorClass};

/// A password over TLS (saml-authn-context-2.0-os 3.4.3).
pub const PASSWORD_PROTECTED_TRANSPORT: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
/// A password (saml-authn-context-2.0-os 3.4.2).
pub const PASSWORD: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:Password";
/// Any sign-in (saml-authn-context-2.0-os 3.4.25).
pub const UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified";
/// What Microsoft Entra asks for and takes as two factors.
pub const MICROSOFT_MULTIPLE: &str = "http://schemas.microsoft.com/claims/multipleauthn";
/// A phishing-resistant sign-in (`OpenID` Provider Authentication Policy Extension 1.0, 4).
pub const PHISHING_RESISTANT: &str = "http://schemas.openid.net/pape/policies/2007/06/phishing-resistant";

/// Every class that can be reached, and the weakest sign-in of which it is true.
pub const CLASSES: [(&str, Assurance); 7] = [
    (UNSPECIFIED, Assurance::SingleFactor),
    (PASSWORD, Assurance::SingleFactor),
    (PASSWORD_PROTECTED_TRANSPORT, Assurance::SingleFactor),
    (ACR_SINGLE_FACTOR, Assurance::SingleFactor),
    (ACR_MULTI_FACTOR, Assurance::MultiFactor),
    (MICROSOFT_MULTIPLE, Assurance::MultiFactor),
    (PHISHING_RESISTANT, Assurance::PhishingResistant),
];

/// A request for classes of which at least one can be reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestedContext {
    comparison: Comparison,
    /// Known ones only, in the order of preference.
    classes: Vec<String>,
}

/// The weakest sign-in of which a class is true; `None` for a class that is never true here.
fn least(class: &str) -> Option<Assurance> {
    CLASSES.iter().find(|(known, _)| *known == class).map(|(_, assurance)| *assurance)
}

/// The class of a sign-in where none was requested.
pub fn class_of(assurance: Assurance, policy: ContextPolicy) -> &'static str {
    match (assurance, policy.single_factor, policy.multi_factor) {
        (Assurance::SingleFactor, SingleFactorClass::PasswordProtectedTransport, _) => PASSWORD_PROTECTED_TRANSPORT,
        (Assurance::MultiFactor | Assurance::PhishingResistant, _, MultiFactorClass::Microsoft) => MICROSOFT_MULTIPLE,
        (Assurance::PhishingResistant, _, MultiFactorClass::Refeds) => PHISHING_RESISTANT,
        (other, _, _) => other.acr(),
    }
}

impl RequestedContext {
    /// Keeps what is known of a request; `None` if no sign-in could ever satisfy it (`NoAuthnContext`).
    pub fn of(requested: &RequestedAuthnContext) -> Option<Self> {
        // Declarations are never made here, and the schema has either them or classes.
        if requested.declarations {
            return None;
        }
        let known: Vec<String> = requested.classes.iter().filter(|class| least(class).is_some()).cloned().collect();
        // Nobody can say that a sign-in is stronger than a class that nobody here knows.
        let comparable = requested.comparison != Comparison::Better || known.len() == requested.classes.len();
        let mut classes: Vec<String> = Vec::new();
        for class in known {
            // Anybody may repeat one a thousand times, and the browser carries what is kept.
            if !classes.contains(&class) {
                classes.push(class);
            }
        }
        let context = Self { comparison: requested.comparison, classes };
        (comparable && !context.acceptable().is_empty()).then_some(context)
    }

    fn levels(&self) -> impl Iterator<Item = Assurance> {
        self.classes.iter().filter_map(|class| least(class))
    }

    /// The sign-ins that satisfy the request, in the order of preference. A stronger one than any of these does too.
    pub fn acceptable(&self) -> Vec<Assurance> {
        let mut acceptable: Vec<Assurance> = Vec::new();
        match self.comparison {
            Comparison::Exact => acceptable.extend(self.levels()),
            Comparison::Minimum => acceptable.extend(self.levels().min()),
            // Any sign-in is answered by a class that is weak enough, and true.
            Comparison::Maximum => acceptable.extend(self.levels().max().map(|_| Assurance::SingleFactor)),
            // "Stronger than any one of the authentication contexts specified" is read as: than each.
            Comparison::Better => acceptable.extend(
                self.levels()
                    .max()
                    .into_iter()
                    .flat_map(|strongest| Assurance::ALL.into_iter().filter(move |level| *level > strongest)),
            ),
        }
        // Two classes of one strength are one sign-in.
        let mut once = Vec::new();
        for level in acceptable {
            if !once.contains(&level) {
                once.push(level);
            }
        }
        once
    }

    /// The class by which a sign-in answers the request; `None` if it does not satisfy it.
    pub fn answer(&self, reached: Assurance, policy: ContextPolicy) -> Option<String> {
        let own = || class_of(reached, policy).to_owned();
        match self.comparison {
            // The first of those asked for that is true: classes are in the order of preference.
            Comparison::Exact => {
                self.classes.iter().find(|class| least(class).is_some_and(|least| least <= reached)).cloned()
            }
            // The strongest of those asked for that is true, unless the sign-in is stronger than all of them: then its
            // own.
            Comparison::Minimum => {
                let weakest = self.levels().min()?;
                let same = self.classes.iter().find(|class| least(class) == Some(reached)).cloned();
                (reached >= weakest).then(|| same.unwrap_or_else(own))
            }
            Comparison::Maximum => {
                let strongest = self.levels().max()?;
                if reached > strongest {
                    return self.classes.iter().find(|class| least(class) == Some(strongest)).cloned();
                }
                let same = self.classes.iter().find(|class| least(class) == Some(reached)).cloned();
                Some(same.unwrap_or_else(own))
            }
            Comparison::Better => (Some(reached) > self.levels().max()).then(own),
        }
    }
}
