//! The host: installed plugins, called within their limits.
//!
//! Owns the path of a call: plugin found, thread awaited, store made, export called, answer checked, fault told. Every fault is one
//! `warn` event that names plugin, version, export and cause; the caller learns no more than it may show.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use async_trait::async_trait;
use keyholder_core::credential::Credential;
use keyholder_core::factor::{
    Answer, Context, Descriptor, EnrolOutcome, Factors, Fault, Imported, Response, Step, Text, VerifyOutcome,
};
use keyholder_core::locale::Language;
use keyholder_core::time::Timestamp;
use wasmtime::Engine;
use wasmtime::component::Linker;

use crate::adapter::{Asked, Factor, Faults, Policy, Sandbox, SeedFile, export, exported};
use crate::bindings::{self, since_0_9, since_0_9::policy};
use crate::call::{self, CallSettings, CallState, Identity};
use crate::check::{self, Checker};
use crate::code::{Code, CodeError};
use crate::deadline::Watch;
use crate::engine;
use crate::fault::Cause;
use crate::hush::{Hush, Trouble};
use crate::imports::imports_of;
use crate::installed::{Capability, Granted, Installed, Prepared, Refused, World};
use crate::limits::Limits;
use crate::observe::{Load, Outcome};
use crate::registry::{Plugin, Registry, Role};
use crate::settings::{HostError, HostSettings};
use crate::texts::Texts;
use crate::workers::Workers;

/// Instances beyond those of the threads: room for what is being dropped.
const SPARE_SLOTS: usize = 2;
/// The largest file of keys that a plugin is handed, in bytes.
pub const SEED_FILE: usize = 4 << 20;

/// The host of plugins. Clones share it; the last one to go ends running calls and the threads.
#[derive(Clone)]
pub struct PluginHost {
    inner: Arc<Inner>,
    /// Calls hold on to what is inside, never to this.
    _owner: Arc<Owner>,
}

struct Owner(Arc<Inner>);

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.workers.close();
    }
}

struct Inner {
    engine: Engine,
    linker: Linker<CallState>,
    registry: Registry,
    settings: HostSettings,
    stopping: Arc<AtomicBool>,
    workers: Workers,
    hush: Hush,
}

impl std::fmt::Debug for PluginHost {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("PluginHost").field("plugins", &self.inner.registry.all().keys()).finish_non_exhaustive()
    }
}

impl PluginHost {
    /// A host without plugins.
    pub fn new(settings: HostSettings) -> Result<Self, HostError> {
        let threads = settings.threads;
        let engine = engine::running(threads.get() + SPARE_SLOTS, settings.allocation)?;
        let linker = bindings::linker(&engine).map_err(|error| HostError::Engine(format!("{error:#}")))?;
        let stopping = Arc::new(AtomicBool::new(false));
        let watch = Arc::new(Watch::new(threads.get(), Arc::clone(&stopping)));
        let workers =
            Workers::new(threads, settings.waiting, settings.patience, Arc::clone(&watch), Arc::clone(&stopping));
        watch.start(engine.clone(), workers.sweep())?;
        let registry = Registry::default();
        let inner = Arc::new(Inner { engine, linker, registry, settings, stopping, workers, hush: Hush::default() });
        Ok(Self { _owner: Arc::new(Owner(Arc::clone(&inner))), inner })
    }

    /// Ends running calls and refuses all to come: the server stops.
    pub fn close(&self) {
        self.inner.workers.close();
    }

    /// What its threads do just now.
    pub fn load(&self) -> Load {
        self.inner.workers.load()
    }

    /// Compiles in this process, without limits of time and memory: for tests and measurements. What comes from outside goes
    /// through admission.
    pub fn compile(&self, wasm: &[u8]) -> Result<Code, CodeError> {
        Code::compile(&self.inner.engine, wasm)
    }

    /// The engine that runs.
    pub(crate) fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    /// The version of a plugin that is called now.
    pub(crate) fn plugin(&self, id: &str) -> Option<Arc<Plugin>> {
        self.inner.registry.find(id)
    }

    /// Links a plugin and tries it: imports and exports, a first instance, its description, its settings. Nothing is switched on.
    pub async fn prepare(&self, installed: Installed) -> Result<Prepared, Refused> {
        let texts = Texts::read(&installed.locales)?;
        let inner = &self.inner;
        let refused: Vec<String> = imports_of(&installed.code)
            .iter()
            .filter_map(|import| import.refusal(&installed.granted.capabilities))
            .collect();
        if !refused.is_empty() {
            return Err(Refused::Imports(refused));
        }
        exported(&installed.code, installed.world).map_err(Refused::Exports)?;
        let pre = inner
            .linker
            .instantiate_pre(&installed.code.component)
            .map_err(|error| Refused::Exports(crate::fault::readable(&format!("{error:#}"), 300)))?;
        let mut limits = installed.limits.within(inner.settings.most);
        if !installed.granted.capabilities.contains(&Capability::Scripting) {
            limits.memory = limits.memory.min(Limits::PLUGIN.memory);
        }
        let draft = Draft {
            identity: Arc::new(Identity { id: installed.id, version: installed.version }),
            granted: installed.granted,
            limits,
            settings: installed.settings,
            texts,
        };
        match installed.world {
            World::Factor => {
                let adapter = since_0_9::Factor::find(pre).map_err(Refused::Exports)?;
                self.try_factor(draft, Box::new(adapter), &installed.stored_formats).await
            }
            World::Policy => {
                let adapter = since_0_9::Policy::find(pre).map_err(Refused::Exports)?;
                self.try_policy(draft, Box::new(adapter)).await
            }
        }
    }

    /// From now on it is called in place of the version before it, whose running calls end in peace.
    pub fn switch_on(&self, prepared: Prepared) {
        let Prepared(plugin) = prepared;
        self.inner.registry.put(&plugin);
    }

    /// [`Self::prepare`], then [`Self::switch_on`]. Where it fails, the version before it goes on serving.
    pub async fn put(&self, installed: Installed) -> Result<(), Refused> {
        self.switch_on(self.prepare(installed).await?);
        Ok(())
    }

    /// Switches a plugin off; whether it was on.
    pub fn remove(&self, id: &str) -> bool {
        self.inner.registry.remove(id).is_some()
    }

    /// The version that is switched on.
    pub fn version(&self, id: &str) -> Option<String> {
        self.inner.registry.find(id).map(|plugin| plugin.identity.version.clone())
    }

    /// The policies that are switched on.
    pub fn policies(&self) -> Vec<Arc<policy::Descriptor>> {
        self.inner.registry.all().values().filter_map(|plugin| plugin.policy_descriptor().cloned()).collect()
    }

    /// Whether new settings would do for a plugin that is switched on: JSON pointer and message of each fault.
    pub async fn check_settings(&self, id: &str, settings: String) -> Result<Vec<(String, String)>, Fault> {
        let plugin = self.inner.registry.find(id).ok_or_else(|| Fault::NotInstalled(id.to_owned()))?;
        let now = self.inner.settings.clock.now();
        let limits = plugin.limits;
        let faults = self
            .run(plugin, export::CHECK_CONFIG, now, limits, move |plugin, sandbox| match &plugin.role {
                Role::Factor { adapter, .. } => adapter.check_config(sandbox, &settings),
                Role::Policy { adapter, .. } => adapter.check_config(sandbox, &settings),
            })
            .await?;
        check::setting_faults(&faults)?;
        Ok(faults)
    }

    /// What a policy decides. Whoever asks takes a fault as a denial.
    pub async fn evaluate(&self, id: &str, mut request: policy::Request) -> Result<policy::Decision, Fault> {
        let plugin = self.inner.registry.find(id);
        let plugin = plugin.filter(|plugin| plugin.policy_descriptor().is_some());
        let plugin = plugin.ok_or_else(|| Fault::NotInstalled(id.to_owned()))?;
        let now = Timestamp::from_millis(i64::try_from(request.now.unix_ms).unwrap_or(i64::MAX));
        let limits = plugin.limits;
        if request.config.is_empty() {
            request.config.clone_from(&plugin.settings);
        }
        let work = move |plugin: &Plugin, sandbox: &mut Sandbox| match &plugin.role {
            Role::Policy { adapter, .. } => adapter.evaluate(sandbox, &request),
            Role::Factor { .. } => Err(Cause::contract("it is no policy")),
        };
        Ok(self.run(plugin, export::EVALUATE, now, limits, work).await?)
    }

    async fn try_factor(
        &self,
        draft: Draft,
        adapter: Box<dyn Factor>,
        stored_formats: &[u32],
    ) -> Result<Prepared, Refused> {
        let (adapter, described, faults) =
            self.attempt(&draft, adapter, Factor::describe, Factor::check_config).await?;
        draft.accept(&described.id, &described.version, faults)?;
        let descriptor = check::descriptor(described, &draft.granted).map_err(Refused::Trial)?;
        if let Some(format) = stored_formats.iter().find(|format| !descriptor.reads_formats.contains(format)) {
            return Err(Refused::StoredFormat(*format));
        }
        Ok(self.finish(draft, Role::Factor { adapter, descriptor: Arc::new(descriptor) }))
    }

    async fn try_policy(&self, draft: Draft, adapter: Box<dyn Policy>) -> Result<Prepared, Refused> {
        let (adapter, described, faults) =
            self.attempt(&draft, adapter, Policy::describe, Policy::check_config).await?;
        draft.accept(&described.id, &described.version, faults)?;
        Ok(self.finish(draft, Role::Policy { adapter, descriptor: Arc::new(described) }))
    }

    /// The first two calls of a plugin, each in an instance of its own.
    async fn attempt<A, D>(
        &self,
        draft: &Draft,
        adapter: Box<A>,
        describe: impl FnOnce(&A, &mut Sandbox) -> Result<D, Cause> + Send + 'static,
        check_config: impl FnOnce(&A, &mut Sandbox, &str) -> Result<Faults, Cause> + Send + 'static,
    ) -> Result<(Box<A>, D, Faults), Refused>
    where
        A: ?Sized + Send + 'static,
        D: Send + 'static,
    {
        let inner = Arc::clone(&self.inner);
        let (identity, limits, settings) = (Arc::clone(&draft.identity), draft.limits, draft.settings.clone());
        let share = self.inner.registry.share(&draft.identity.id);
        let now = self.inner.settings.clock.now();
        let attempted = self.inner.workers.run(share, move |bench| {
            let mut sandbox = inner.sandbox(Arc::clone(&identity), now, limits)?;
            let described = bench.timed(limits.deadline, || describe(&adapter, &mut sandbox))?;
            let mut sandbox = inner.sandbox(identity, now, limits)?;
            let faults = bench.timed(limits.deadline, || check_config(&adapter, &mut sandbox, &settings))?;
            check::setting_faults(&faults)?;
            Ok((adapter, described, faults))
        });
        attempted.await.map_err(|cause| match cause {
            Cause::Busy => Refused::Busy,
            cause => Refused::Trial(cause),
        })
    }

    fn finish(&self, draft: Draft, role: Role) -> Prepared {
        let Draft { identity, granted, limits, settings, texts } = draft;
        let share = self.inner.registry.share(&identity.id);
        Prepared(Arc::new(Plugin { identity, granted, limits, settings, texts, share, role }))
    }

    /// One call on a thread of its own; a fault is told.
    async fn run<T: Send + 'static>(
        &self,
        plugin: Arc<Plugin>,
        export: &'static str,
        now: Timestamp,
        limits: Limits,
        work: impl FnOnce(&Plugin, &mut Sandbox) -> Result<T, Cause> + Send + 'static,
    ) -> Result<T, Cause> {
        let inner = Arc::clone(&self.inner);
        let called = Arc::clone(&plugin);
        let answered = self.inner.workers.run(Arc::clone(&plugin.share), move |bench| {
            let began = Instant::now();
            let answer = inner
                .sandbox(Arc::clone(&called.identity), now, limits)
                .and_then(|mut sandbox| bench.timed(limits.deadline, || work(&called, &mut sandbox)));
            let outcome = answer.as_ref().map_or_else(Outcome::Faulted, |_| Outcome::Answered);
            inner.settings.observer.called(&called.identity.id, export, outcome, began.elapsed());
            answer
        });
        let answer = answered.await;
        if let Err(cause) = &answer {
            let Identity { id, version } = &*plugin.identity;
            let trouble = if matches!(cause, Cause::Busy) { Trouble::Busy } else { Trouble::Failed };
            if let Some(untold) = self.inner.hush.tells(id, trouble, now) {
                tracing::warn!(plugin = %id, %version, export, %cause, untold, "a plugin failed");
            }
            if trouble == Trouble::Busy {
                let waited = self.inner.settings.patience;
                self.inner.settings.observer.called(id, export, Outcome::Faulted(cause), waited);
            }
        }
        answer
    }

    /// One call of a ceremony.
    async fn ceremony<T: Send + 'static>(
        &self,
        factor: &str,
        export: &'static str,
        question: Question,
        call: impl FnOnce(&dyn Factor, &mut Sandbox, &Asked<'_>, &Checker<'_>, &Reply) -> Result<T, Cause> + Send + 'static,
    ) -> Result<T, Fault> {
        let plugin = self.factor(factor)?;
        let now = question.context.now;
        let limits = plugin.limits;
        let work = move |plugin: &Plugin, sandbox: &mut Sandbox| {
            let Question { context, credentials, reply } = question;
            let Role::Factor { adapter, .. } = &plugin.role else {
                return Err(Cause::contract("it is no factor"));
            };
            let asked = Asked { context: &context, settings: &plugin.settings, credentials: &credentials };
            let device = matches!(reply, Reply { answer: Some(Answer { response: Response::Device(_), .. }), .. });
            let checker =
                Checker { identity: &plugin.identity, granted: &plugin.granted, credentials: &credentials, device };
            call(&**adapter, sandbox, &asked, &checker, &reply)
        };
        Ok(self.run(plugin, export, now, limits, work).await?)
    }

    fn factor(&self, id: &str) -> Result<Arc<Plugin>, Fault> {
        let plugin = self.inner.registry.find(id).filter(|plugin| plugin.descriptor().is_some());
        plugin.ok_or_else(|| Fault::NotInstalled(id.to_owned()))
    }
}

/// A plugin of which the trial is still to come.
struct Draft {
    identity: Arc<Identity>,
    granted: Granted,
    limits: Limits,
    settings: String,
    texts: Texts,
}

impl Draft {
    fn accept(&self, id: &str, version: &str, faults: Faults) -> Result<(), Refused> {
        if self.identity.id != id || self.identity.version != version {
            let Identity { id: manifest, version: of } = &*self.identity;
            let described = crate::fault::readable(&format!("{id} {version}"), 100);
            return Err(Refused::Identity { manifest: format!("{manifest} {of}"), described });
        }
        if faults.is_empty() { Ok(()) } else { Err(Refused::Settings(faults)) }
    }
}

/// The arguments of a call.
struct Question {
    context: Context,
    credentials: Vec<Credential>,
    reply: Reply,
}

/// What came back to an earlier step.
#[derive(Default)]
struct Reply {
    state: Vec<u8>,
    answer: Option<Answer>,
}

impl Reply {
    fn answer(&self) -> Result<&Answer, Cause> {
        self.answer.as_ref().ok_or_else(|| Cause::contract("no answer to give"))
    }
}

impl Inner {
    fn sandbox(&self, identity: Arc<Identity>, now: Timestamp, limits: Limits) -> Result<Sandbox, Cause> {
        let settings = CallSettings {
            identity,
            limits,
            now,
            random: Arc::clone(&self.settings.random),
            stopping: Arc::clone(&self.stopping),
        };
        call::store(&self.engine, settings)
    }
}

#[async_trait]
impl Factors for PluginHost {
    fn list(&self) -> Vec<Arc<Descriptor>> {
        let plugins = self.inner.registry.all();
        let mut factors: Vec<_> = plugins.values().filter_map(|plugin| plugin.descriptor().cloned()).collect();
        factors.sort_by(|one, other| (&one.kind, &one.id).cmp(&(&other.kind, &other.id)));
        factors
    }

    fn find(&self, factor: &str) -> Option<Arc<Descriptor>> {
        self.inner.registry.find(factor).and_then(|plugin| plugin.descriptor().cloned())
    }

    fn text(&self, factor: &str, language: Language, text: &Text) -> String {
        let plugin = self.inner.registry.find(factor);
        plugin.map_or_else(|| text.key.clone(), |plugin| plugin.texts.write(language, text))
    }

    async fn begin_enrolment(&self, factor: &str, context: Context, existing: &[Credential]) -> Result<Step, Fault> {
        let question = Question { context, credentials: existing.to_vec(), reply: Reply::default() };
        self.ceremony(factor, export::BEGIN_ENROLMENT, question, |adapter, sandbox, asked, checker, _| {
            checker.step(adapter.begin_enrolment(sandbox, asked)?)
        })
        .await
    }

    async fn finish_enrolment(
        &self,
        factor: &str,
        context: Context,
        existing: &[Credential],
        state: &[u8],
        answer: Answer,
    ) -> Result<EnrolOutcome, Fault> {
        let reply = Reply { state: state.to_vec(), answer: Some(answer) };
        let question = Question { context, credentials: existing.to_vec(), reply };
        self.ceremony(factor, export::FINISH_ENROLMENT, question, |adapter, sandbox, asked, checker, reply| {
            checker.enrolment(adapter.finish_enrolment(sandbox, asked, &reply.state, reply.answer()?)?)
        })
        .await
    }

    async fn begin_challenge(&self, factor: &str, context: Context, credentials: &[Credential]) -> Result<Step, Fault> {
        let question = Question { context, credentials: credentials.to_vec(), reply: Reply::default() };
        self.ceremony(factor, export::BEGIN_CHALLENGE, question, |adapter, sandbox, asked, checker, _| {
            checker.step(adapter.begin_challenge(sandbox, asked)?)
        })
        .await
    }

    async fn verify(
        &self,
        factor: &str,
        context: Context,
        credentials: &[Credential],
        state: &[u8],
        answer: Answer,
    ) -> Result<VerifyOutcome, Fault> {
        let reply = Reply { state: state.to_vec(), answer: Some(answer) };
        let question = Question { context, credentials: credentials.to_vec(), reply };
        self.ceremony(factor, export::VERIFY, question, |adapter, sandbox, asked, checker, reply| {
            checker.verdict(adapter.verify(sandbox, asked, &reply.state, reply.answer()?)?)
        })
        .await
    }

    async fn import_seeds(
        &self,
        factor: &str,
        file_name: &str,
        file: &[u8],
        secret: Option<&[u8]>,
    ) -> Result<Imported, Fault> {
        let plugin = self.factor(factor)?;
        let imports = matches!(&plugin.role, Role::Factor { adapter, .. } if adapter.imports_seeds());
        if !imports {
            return Err(Fault::NotInstalled(factor.to_owned()));
        }
        if file.len() > SEED_FILE {
            return Err(Fault::Failed("the file is larger than 4 MiB".to_owned()));
        }
        let file = SeedFile { name: file_name.to_owned(), contents: file.to_vec(), secret: secret.map(<[u8]>::to_vec) };
        let work = move |plugin: &Plugin, sandbox: &mut Sandbox| {
            let Role::Factor { adapter, .. } = &plugin.role else {
                return Err(Cause::contract("it is no factor"));
            };
            let checker =
                Checker { identity: &plugin.identity, granted: &plugin.granted, credentials: &[], device: false };
            checker.imported(adapter.import_seeds(sandbox, &plugin.settings, &file)?)
        };
        let now = self.inner.settings.clock.now();
        let limits = self.inner.settings.import;
        Ok(self.run(plugin, export::IMPORT_SEEDS, now, limits, work).await?)
    }
}
