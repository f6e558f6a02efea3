//! A factor of version 0.9.

use keyholder_core::factor::{Answer, Descriptor, EnrolOutcome, Imported, Step, VerifyOutcome};
use wasmtime::component::{ComponentExportIndex, ComponentNamedList, InstancePre, Lift, Lower};

use super::factor_world::exports::keyholder::factor::seed_import;
use super::factor_world::keyholder::factor::types as wit;
use super::{answers, questions};
use crate::adapter::{Asked, Factor, Faults, Sandbox, SeedFile, export};
use crate::call::{CallState, invoke};
use crate::fault::Cause;

/// Where its functions are.
pub(crate) struct Since09 {
    pre: InstancePre<CallState>,
    describe: ComponentExportIndex,
    check_config: ComponentExportIndex,
    begin_enrolment: ComponentExportIndex,
    finish_enrolment: ComponentExportIndex,
    begin_challenge: ComponentExportIndex,
    verify: ComponentExportIndex,
    import_seeds: Option<ComponentExportIndex>,
}

/// What a function of the contract that may fail returns.
type Answered<T> = Result<T, wit::Fault>;

impl Since09 {
    /// Finds the functions; the name of the first that is missing otherwise.
    pub(crate) fn find(pre: InstancePre<CallState>) -> Result<Self, String> {
        let find = |interface: &str, name: &str| super::find(&pre, interface, name);
        let of_factor =
            |name| find("keyholder:factor/factor", name).ok_or_else(|| format!("it does not export {name}"));
        Ok(Self {
            describe: of_factor(export::DESCRIBE)?,
            check_config: of_factor(export::CHECK_CONFIG)?,
            begin_enrolment: of_factor(export::BEGIN_ENROLMENT)?,
            finish_enrolment: of_factor(export::FINISH_ENROLMENT)?,
            begin_challenge: of_factor(export::BEGIN_CHALLENGE)?,
            verify: of_factor(export::VERIFY)?,
            import_seeds: find("keyholder:factor/seed-import", export::IMPORT_SEEDS),
            pre,
        })
    }

    fn call<P, T>(&self, sandbox: &mut Sandbox, at: &ComponentExportIndex, arguments: P) -> Result<T, Cause>
    where
        P: ComponentNamedList + Lower,
        (Answered<T>,): ComponentNamedList + Lift,
    {
        invoke::<P, Answered<T>>(&self.pre, sandbox, at, arguments)?.map_err(answers::fault)
    }
}

impl Factor for Since09 {
    fn describe(&self, sandbox: &mut Sandbox) -> Result<Descriptor, Cause> {
        invoke::<(), wit::Descriptor>(&self.pre, sandbox, &self.describe, ()).map(answers::descriptor)
    }

    fn check_config(&self, sandbox: &mut Sandbox, settings: &str) -> Result<Faults, Cause> {
        invoke(&self.pre, sandbox, &self.check_config, (settings,))
    }

    fn begin_enrolment(&self, sandbox: &mut Sandbox, asked: &Asked<'_>) -> Result<Step, Cause> {
        let arguments = (questions::context(asked), questions::credentials(asked));
        answers::step(self.call(sandbox, &self.begin_enrolment, arguments)?)
    }

    fn finish_enrolment(
        &self,
        sandbox: &mut Sandbox,
        asked: &Asked<'_>,
        state: &[u8],
        answer: &Answer,
    ) -> Result<EnrolOutcome, Cause> {
        let arguments = (questions::context(asked), questions::credentials(asked), state, questions::answer(answer));
        answers::enrolment(self.call(sandbox, &self.finish_enrolment, arguments)?)
    }

    fn begin_challenge(&self, sandbox: &mut Sandbox, asked: &Asked<'_>) -> Result<Step, Cause> {
        let arguments = (questions::context(asked), questions::credentials(asked));
        answers::step(self.call(sandbox, &self.begin_challenge, arguments)?)
    }

    fn verify(
        &self,
        sandbox: &mut Sandbox,
        asked: &Asked<'_>,
        state: &[u8],
        answer: &Answer,
    ) -> Result<VerifyOutcome, Cause> {
        let arguments = (questions::context(asked), questions::credentials(asked), state, questions::answer(answer));
        answers::verdict(self.call(sandbox, &self.verify, arguments)?)
    }

    fn imports_seeds(&self) -> bool {
        self.import_seeds.is_some()
    }

    fn import_seeds(&self, sandbox: &mut Sandbox, settings: &str, file: &SeedFile) -> Result<Imported, Cause> {
        let Some(at) = &self.import_seeds else {
            return Err(Cause::contract("it imports no keys"));
        };
        let arguments = (settings, file.name.as_str(), file.contents.as_slice(), file.secret.as_deref());
        answers::imported(self.call::<_, seed_import::Imported>(sandbox, at, arguments)?)
    }
}
