//! `RequestedAuthnContext` (SAML Core 3.3.2.2.1) over the classes of the core.

use keyholder_core::assurance::Assurance;

/// The class of a phishing-resistant sign-in in SAML.
pub const PHISHING_RESISTANT: &str = "http://schemas.openid.net/pape/policies/2007/06/phishing-resistant";

/// How the requested classes are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Exact,
    Minimum,
    Maximum,
    Better,
}

/// The `AuthnContextClassRef` of an assurance.
pub fn class_of(assurance: Assurance) -> &'static str {
    if assurance == Assurance::PhishingResistant { PHISHING_RESISTANT } else { assurance.acr() }
}

/// The assurances that satisfy the request, weakest first; empty is `NoAuthnContext`. No class requested: all.
pub fn acceptable(comparison: Comparison, classes: &[&str]) -> Vec<Assurance> {
    if classes.is_empty() {
        return Assurance::ALL.to_vec();
    }
    let asked = || Assurance::ALL.into_iter().filter(|known| classes.contains(&class_of(*known)));
    let (weakest, strongest) = (asked().min(), asked().max());
    let satisfies = |reached: &Assurance| match comparison {
        // A phishing-resistant sign-in is also one with two factors.
        Comparison::Exact => asked()
            .any(|one| one == *reached || (one, *reached) == (Assurance::MultiFactor, Assurance::PhishingResistant)),
        Comparison::Minimum => weakest.is_some_and(|weakest| *reached >= weakest),
        Comparison::Maximum => strongest.is_some_and(|strongest| *reached <= strongest),
        // "Stronger than any one of the contexts": than each (the errata's reading).
        Comparison::Better => strongest.is_some_and(|strongest| *reached > strongest),
    };
    Assurance::ALL.into_iter().filter(satisfies).collect()
}
