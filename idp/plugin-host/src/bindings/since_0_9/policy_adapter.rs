//! A policy of version 0.9.

use wasmtime::component::{ComponentExportIndex, InstancePre};

use super::policy;
use crate::adapter::{Faults, Policy, Sandbox, export};
use crate::call::{CallState, invoke};
use crate::fault::{Cause, readable};

/// Where its functions are.
pub(crate) struct Since09 {
    pre: InstancePre<CallState>,
    describe: ComponentExportIndex,
    check_config: ComponentExportIndex,
    evaluate: ComponentExportIndex,
}

impl Since09 {
    /// Finds the functions; the name of the first that is missing otherwise.
    pub(crate) fn find(pre: InstancePre<CallState>) -> Result<Self, String> {
        let of_policy = |name: &str| {
            super::find(&pre, "keyholder:policy/policy", name).ok_or_else(|| format!("it does not export {name}"))
        };
        Ok(Self {
            describe: of_policy(export::DESCRIBE)?,
            check_config: of_policy(export::CHECK_CONFIG)?,
            evaluate: of_policy(export::EVALUATE)?,
            pre,
        })
    }
}

impl Policy for Since09 {
    fn describe(&self, sandbox: &mut Sandbox) -> Result<policy::Descriptor, Cause> {
        invoke(&self.pre, sandbox, &self.describe, ())
    }

    fn check_config(&self, sandbox: &mut Sandbox, settings: &str) -> Result<Faults, Cause> {
        invoke(&self.pre, sandbox, &self.check_config, (settings,))
    }

    fn evaluate(&self, sandbox: &mut Sandbox, request: &policy::Request) -> Result<policy::Decision, Cause> {
        invoke::<_, Result<policy::Decision, policy::Fault>>(&self.pre, sandbox, &self.evaluate, (request,))?.map_err(
            |fault| match fault {
                policy::Fault::BadConfig(why) => {
                    Cause::Said(format!("its settings are wrong: {}", readable(&why, 200)))
                }
                policy::Fault::Internal(why) | policy::Fault::Other(why) => Cause::Said(readable(&why, 200)),
            },
        )
    }
}
