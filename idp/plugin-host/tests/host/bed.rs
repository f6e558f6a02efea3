//! A host with plugins of `tests/plugins`, and what a call needs.

#![allow(dead_code, unused_imports, unreachable_pub, reason = "shared by test programs that each need a part")]

#[path = "../../../../tests/plugins/guests.rs"]
mod guests;

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::executor::block_on;
use keyholder_core::credential::{Credential, CredentialOwner};
use keyholder_core::factor::{
    Answer, Context, DeviceKey, Evidence, Factors as _, Fault, Occasion, Purpose, Response, VerifyOutcome,
};
use keyholder_core::id::{CredentialId, PersonId};
use keyholder_core::locale::Language;
use keyholder_core::random::Random;
use keyholder_core::time::{Clock, Timestamp};
use keyholder_plugin_host::{
    Allocation, Capability, Code, Granted, HostSettings, Installed, Limits, Locale, Observer, Outcome, PluginHost,
    Refused, World,
};

pub use guests::{guest, std_guest};

pub const NOW: Timestamp = Timestamp::from_millis(1_780_000_000_123);

#[derive(Debug)]
struct Still;
impl Clock for Still {
    fn now(&self) -> Timestamp {
        NOW
    }
}

/// Every byte differs from the one before it.
#[derive(Debug, Default)]
struct Counting(Mutex<u8>);
impl Random for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        let mut next = self.0.lock().unwrap();
        for byte in bytes {
            *next = next.wrapping_add(1);
            *byte = *next;
        }
    }
}

/// Remembers every call: plugin, export, and how it ended.
#[derive(Debug, Default)]
pub struct Calls(pub Mutex<Vec<(String, &'static str, &'static str)>>);
impl Observer for Calls {
    fn called(&self, plugin: &str, export: &'static str, outcome: Outcome<'_>, _: Duration) {
        let ended = match outcome {
            Outcome::Answered => "answered",
            Outcome::Faulted(cause) => cause.label(),
        };
        self.0.lock().unwrap().push((plugin.to_owned(), export, ended));
    }
}

pub fn settings() -> HostSettings {
    HostSettings {
        threads: NonZeroUsize::new(2).unwrap(),
        allocation: Allocation::OnDemand,
        // As long as a slow machine may take: only what loops for ever meets it.
        patience: Duration::from_mins(10),
        ..HostSettings::new(Arc::new(Still), Arc::new(Counting::default()))
    }
}

pub fn host() -> PluginHost {
    PluginHost::new(settings()).unwrap()
}

/// A host, and what it tells of its calls.
pub fn observed(settings: HostSettings) -> (PluginHost, Arc<Calls>) {
    let calls = Arc::new(Calls::default());
    (PluginHost::new(HostSettings { observer: calls.clone(), ..settings }).unwrap(), calls)
}

pub fn all_capabilities() -> BTreeSet<Capability> {
    [Capability::Log, Capability::Random, Capability::Crypto].into()
}

pub fn ceiling() -> Evidence {
    Evidence { possession: true, amr: vec!["otp".into(), "swk".into()], ..Evidence::default() }
}

/// A package of that component, with these settings. Its deadline is far off: what ends a loop is its budget.
pub fn package(host: &PluginHost, wasm: &[u8], id: &str, settings: &str) -> Installed {
    package_of(host.compile(wasm).unwrap(), id, settings)
}

/// The same of compiled code, which serves its own host alone.
pub fn package_of(code: Code, id: &str, settings: &str) -> Installed {
    Installed {
        id: id.into(),
        version: "1.0.0".into(),
        world: World::Factor,
        granted: Granted { ceiling: ceiling(), capabilities: all_capabilities() },
        limits: Limits { deadline: Duration::from_mins(10), ..Limits::PLUGIN },
        settings: settings.into(),
        locales: vec![Locale { language: Language::En, source: "title = A title\n".into() }],
        stored_formats: Vec::new(),
        code,
    }
}

/// A host that is generous with deadlines, so that no slow machine meets one by chance.
pub fn generous() -> HostSettings {
    HostSettings { most: Limits { deadline: Duration::from_mins(10), ..Limits::MOST }, ..settings() }
}

/// A host with the hostile factor, which does this.
pub fn hostile(settings: &str) -> (PluginHost, Arc<Calls>) {
    let (host, calls) = observed(generous());
    let mut package = package(&host, &guest("hostile"), "hostile", settings);
    // So that what it makes of its budget is what fails, and not that it made it.
    package.limits.fuel = Limits::MOST.fuel;
    put(&host, package).unwrap();
    (host, calls)
}

pub fn put(host: &PluginHost, installed: Installed) -> Result<(), Refused> {
    block_on(host.put(installed))
}

pub fn context() -> Context {
    Context {
        now: NOW,
        purpose: Purpose::SignIn,
        user_handle: [7; 32],
        user_name: "a@school.example".into(),
        user_display_name: "A".into(),
        issuer: "https://id.example".into(),
        issuer_name: "Example".into(),
        rp_id: "id.example".into(),
        origins: vec!["https://id.example".into()],
        languages: vec![Language::En],
        occasion: Occasion {
            ceremony: "ceremony-1".into(),
            application: None,
            school: None,
            browser: "Firefox on Windows".into(),
            address: None,
            place: None,
            began_at: NOW,
            number: Some("42".into()),
        },
        diagnose: false,
    }
}

pub fn credential(factor: &str, device: Option<DeviceKey>) -> Credential {
    let random = Counting(Mutex::new(0xa0));
    let person = PersonId::draw(&random, NOW);
    Credential {
        id: CredentialId::draw(&random, NOW),
        owner: CredentialOwner::Person(person),
        holder: Some(person),
        factor: factor.into(),
        lookup: None,
        label: "A key".into(),
        format: 1,
        secret: vec![1],
        device,
        evidence: ceiling(),
        facts: Vec::new(),
        version: 1,
        created_at: NOW,
        last_used_at: None,
    }
}

pub fn typed(prompt: &str, code: &str) -> Answer {
    Answer { prompt: prompt.into(), response: Response::Fields(vec![("code".into(), code.into())]) }
}

/// Verifies a typed code with one key.
pub fn verify(host: &PluginHost, factor: &str) -> Result<VerifyOutcome, Fault> {
    let key = credential(factor, None);
    block_on(host.verify(factor, context(), &[key], b"state", typed("code", "123456")))
}
