//! Running a vector: between the calls, what the host does.

use std::collections::HashSet;
use std::sync::Arc;

use keyholder_core::credential::{Credential, CredentialOwner};
use keyholder_core::factor::{
    Consumed, Context, CredentialUpdate, DeviceKey, EnrolOutcome, Evidence, Factors as _, Fault, NewCredential,
    Purpose, Step, VerifyOutcome,
};
use keyholder_core::id::{CredentialId, PersonId};
use keyholder_core::plugin::PluginGrant;
use keyholder_core::time::Timestamp;
use serde_json::{Value, json};

use super::format::{Call, CallName, Vector, default_context};
use super::{ScriptedRandom, VectorError, outcome};
use crate::admission::{Admission, Terms, requested};
use crate::measure::Verification;
use crate::package::Package;

/// Runs vectors of one package. Its admission must be for a host that draws from the runner's [`ScriptedRandom`].
#[derive(Debug)]
pub struct Runner<'a> {
    admission: Admission,
    random: Arc<ScriptedRandom>,
    package: &'a Package,
    grant: PluginGrant,
}

/// One call that was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Ran {
    pub call: CallName,
    pub outcome: Value,
    /// How the outcome differs from what was expected; `None`: it does not.
    pub mismatch: Option<String>,
}

impl<'a> Runner<'a> {
    /// A runner that grants the package all that it requests.
    pub fn new(admission: Admission, random: Arc<ScriptedRandom>, package: &'a Package) -> Self {
        Self { admission: admission.remembering(), random, package, grant: requested(package) }
    }

    /// Runs the calls in order, to the end even where one differs.
    ///
    /// # Errors
    /// A package that is not admitted with these settings, and calls that lack what they need.
    pub async fn run(&self, vector: &Vector) -> Result<Vec<Ran>, VectorError> {
        Ok(self.play(vector).await?.0)
    }

    /// The last verification of a vector that is accepted, with the keys and the state as they were before it.
    ///
    /// # Errors
    /// As of [`Self::run`].
    pub async fn accepted(&self, vector: &Vector) -> Result<Option<Verification>, VectorError> {
        Ok(self.play(vector).await?.1)
    }

    async fn play(&self, vector: &Vector) -> Result<(Vec<Ran>, Option<Verification>), VectorError> {
        let terms = Terms { grant: &self.grant, settings: &vector.settings, stored_formats: &[] };
        let admitted = self.admission.admit(self.package, terms).await?;
        self.admission.host().switch_on(admitted.prepared);
        self.random.begin(vector.random.clone());
        let (keys, state) = (Vec::new(), Vec::new());
        let mut ceremony = Ceremony { runner: self, keys, state, burnt: HashSet::new(), accepted: None };
        for key in &vector.keys {
            ceremony.keep(NewCredential {
                lookup: key.lookup.clone(),
                suggested_label: key.label.clone(),
                format: key.format,
                data: key.data.clone(),
                device: key.device.clone().map(|spki| DeviceKey { spki }),
                evidence: Evidence::default(),
                consume: Vec::new(),
                facts: Vec::new(),
                effects: Vec::new(),
            });
        }
        let mut ran = Vec::with_capacity(vector.calls.len());
        for (number, call) in vector.calls.iter().enumerate() {
            let outcome = ceremony.call(vector, call).await;
            let outcome = outcome.map_err(|problem| VectorError::Call { call: number + 1, problem })?;
            let mismatch = call.expect.as_ref().and_then(|pattern| super::mismatch(pattern, &outcome));
            ran.push(Ran { call: call.call, outcome, mismatch });
        }
        Ok((ran, ceremony.accepted))
    }
}

/// What goes on between the calls.
struct Ceremony<'a> {
    runner: &'a Runner<'a>,
    keys: Vec<Credential>,
    /// Of the last step.
    state: Vec<u8>,
    burnt: HashSet<(CredentialId, Vec<u8>)>,
    /// The last verification that was accepted.
    accepted: Option<Verification>,
}

impl Ceremony<'_> {
    async fn call(&mut self, vector: &Vector, call: &Call) -> Result<Value, String> {
        let (host, factor) = (self.runner.admission.host(), self.runner.package.manifest.id.as_str());
        let purpose = match call.call {
            CallName::BeginEnrolment | CallName::FinishEnrolment => Purpose::Enrolment,
            _ => Purpose::SignIn,
        };
        let mut context = default_context(Timestamp::from_millis(call.now), purpose);
        vector.context.apply(&mut context)?;
        call.context.apply(&mut context)?;
        let keys = self.handed_in(call)?;
        let outcome = match call.call {
            CallName::Describe => {
                let descriptor = host.find(factor).ok_or("it is no factor")?;
                Ok(outcome::descriptor(&descriptor))
            }
            CallName::CheckConfig => {
                let settings = call.settings.as_ref().unwrap_or(&Value::Null).to_string();
                host.check_settings(factor, settings).await.map(|faults| json!({ "faults": faults }))
            }
            CallName::BeginEnrolment => host.begin_enrolment(factor, context, &keys).await.map(|step| self.step(&step)),
            CallName::BeginChallenge => host.begin_challenge(factor, context, &keys).await.map(|step| self.step(&step)),
            CallName::FinishEnrolment => self.finish_enrolment(call, context, &keys).await?,
            CallName::Verify => self.verify(call, context, &keys).await?,
            CallName::ImportSeeds => {
                let file = match (&call.file, &call.file_hex) {
                    (Some(text), None) => text.as_bytes(),
                    (None, Some(bytes)) => bytes,
                    _ => return Err("expected either `file` or `file_hex`".into()),
                };
                let (name, secret) = (call.file_name.as_deref().unwrap_or_default(), call.secret.as_deref());
                let imported = host.import_seeds(factor, name, file, secret.map(str::as_bytes)).await;
                imported.map(|imported| {
                    let keys: Vec<Value> =
                        imported.keys.into_iter().map(|key| outcome::enrolled(&key, &self.keep(key.clone()))).collect();
                    json!({ "imported": { "keys": keys, "problems": imported.problems } })
                })
            }
        };
        Ok(outcome.unwrap_or_else(|fault: Fault| json!({ "fault": fault.to_string() })))
    }

    async fn finish_enrolment(
        &mut self,
        call: &Call,
        context: Context,
        keys: &[Credential],
    ) -> Result<Result<Value, Fault>, String> {
        let (host, factor) = (self.runner.admission.host(), self.runner.package.manifest.id.as_str());
        let answer = call.answer.as_ref().ok_or("there is no `answer`")?.answer(|name| self.id(name))?;
        let state = call.state.as_ref().unwrap_or(&self.state);
        let outcome = host.finish_enrolment(factor, context, keys, state, answer).await;
        Ok(outcome.map(|outcome| match outcome {
            EnrolOutcome::More(step) => self.step(&step),
            EnrolOutcome::Rejected(rejection) => outcome::rejected(&rejection, &|id| self.name(id)),
            EnrolOutcome::Enrolled(key) => {
                let name = self.keep(key.clone());
                json!({ "enrolled": outcome::enrolled(&key, &name) })
            }
        }))
    }

    async fn verify(
        &mut self,
        call: &Call,
        context: Context,
        keys: &[Credential],
    ) -> Result<Result<Value, Fault>, String> {
        let (host, factor) = (self.runner.admission.host(), self.runner.package.manifest.id.as_str());
        let now = context.now;
        let answer = call.answer.as_ref().ok_or("there is no `answer`")?.answer(|name| self.id(name))?;
        let state = call.state.as_ref().unwrap_or(&self.state).clone();
        let asked = Verification { context, credentials: keys.to_vec(), state, answer };
        let outcome = host.verify(factor, asked.context.clone(), keys, &asked.state, asked.answer.clone()).await;
        Ok(outcome.map(|outcome| match outcome {
            VerifyOutcome::More(step) => self.step(&step),
            VerifyOutcome::Rejected(rejection) => {
                for (id, update) in &rejection.updates {
                    self.update(*id, update);
                }
                self.burnt.extend(rejection.consume.iter().map(|(id, one)| (*id, one.token.clone())));
                outcome::rejected(&rejection, &|id| self.name(id))
            }
            VerifyOutcome::Accepted(accepted) => {
                if !self.burn(accepted.credential, &accepted.consume) {
                    return outcome::replayed();
                }
                if let Some(update) = &accepted.update {
                    self.update(accepted.credential, update);
                }
                if let Some(key) = self.keys.iter_mut().find(|key| key.id == accepted.credential) {
                    key.last_used_at = Some(now);
                }
                self.accepted = Some(asked);
                outcome::accepted(&accepted, &|id| self.name(id))
            }
        }))
    }

    fn handed_in(&self, call: &Call) -> Result<Vec<Credential>, String> {
        let Some(names) = &call.keys else { return Ok(self.keys.clone()) };
        let find = |name: &String| {
            let id = self.id(name);
            let key = self.keys.iter().find(|key| Some(key.id) == id);
            key.cloned().ok_or_else(|| format!("there is no key `{name}`"))
        };
        names.iter().map(find).collect()
    }

    fn step(&mut self, step: &Step) -> Value {
        self.state.clone_from(&step.state);
        outcome::step(step)
    }

    /// Keeps a key with what it burns, and answers its name.
    fn keep(&mut self, key: NewCredential) -> String {
        let number = self.keys.len() + 1;
        let id = CredentialId::from_uuid(uuid::Uuid::from_u128(number as u128));
        let holder = PersonId::from_uuid(uuid::Uuid::from_u128(1));
        self.burn(id, &key.consume);
        self.keys.push(Credential {
            id,
            owner: CredentialOwner::Person(holder),
            holder: Some(holder),
            factor: self.runner.package.manifest.id.clone(),
            lookup: key.lookup,
            label: key.suggested_label,
            format: key.format,
            secret: key.data,
            device: key.device,
            evidence: key.evidence,
            facts: key.facts,
            version: 1,
            created_at: Timestamp::from_millis(0),
            last_used_at: None,
        });
        format!("key-{number}")
    }

    /// Burns tokens; `false` where one was burnt before.
    fn burn(&mut self, id: CredentialId, tokens: &[Consumed]) -> bool {
        if tokens.iter().any(|one| self.burnt.contains(&(id, one.token.clone()))) {
            return false;
        }
        self.burnt.extend(tokens.iter().map(|one| (id, one.token.clone())));
        true
    }

    fn update(&mut self, id: CredentialId, update: &CredentialUpdate) {
        if let Some(key) = self.keys.iter_mut().find(|key| key.id == id) {
            key.format = update.format;
            key.secret.clone_from(&update.data);
            key.version += 1;
            if let Some(facts) = &update.facts {
                key.facts.clone_from(facts);
            }
        }
    }

    fn id(&self, name: &str) -> Option<CredentialId> {
        let number: usize = name.strip_prefix("key-")?.parse().ok()?;
        self.keys.get(number.checked_sub(1)?).map(|key| key.id)
    }

    fn name(&self, id: CredentialId) -> String {
        let place = self.keys.iter().position(|key| key.id == id);
        place.map_or_else(|| id.to_string(), |place| format!("key-{}", place + 1))
    }
}
