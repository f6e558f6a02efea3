//! A policy: from Monday to Friday everything that the group gives, at weekends only with a second factor.

use keyholder_plugin_sdk::export_policy;
use keyholder_plugin_sdk::policy::{
    Assurance, Decision, Descriptor, FactorClass, Fault, Message, Permit, Policy, Request, Requirement, Selection,
    Stage,
};

/// Monday is 1.
const FRIDAY: u8 = 5;

/// The plugin.
#[derive(Debug)]
pub struct {{Name}};

export_policy!({{Name}});

impl Policy for {{Name}} {
    fn describe() -> Descriptor {
        Descriptor {
            id: "{{name}}".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            stages: vec![Stage::Authorise, Stage::Refresh, Stage::StepUp],
            extra: Vec::new(),
        }
    }

    fn check_config(_config: String) -> Vec<(String, String)> {
        Vec::new()
    }

    fn evaluate(request: Request) -> Result<Decision, Fault> {
        if !matches!(request.stage, Stage::Authorise | Stage::Refresh | Stage::StepUp) {
            return Ok(Decision::Abstain);
        }
        let has_key = request.factors.iter().any(|factor| factor.classes.contains(&FactorClass::Possession));
        if request.now.weekday <= FRIDAY || has_key {
            return Ok(Decision::Permit(Permit::default()));
        }
        Ok(Decision::Permit(Permit {
            groups: Selection::RestrictedSet,
            offer: Some(Requirement::assurance(Assurance::MultiFactor, Message::key("weekend"))),
            ..Permit::default()
        }))
    }
}

#[cfg(test)]
mod tests;
