//! The plugins that are switched on.
//!
//! Owns the exchange of one version for another under load: a call holds on to the version that it began with.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use keyholder_core::factor::Descriptor;

use crate::adapter::{Factor, Policy};
use crate::bindings::since_0_9::policy;
use crate::call::Identity;
use crate::installed::Granted;
use crate::limits::Limits;
use crate::texts::Texts;
use crate::workers::Share;

/// One version of a plugin, tried and ready.
pub(crate) struct Plugin {
    pub(crate) identity: Arc<Identity>,
    pub(crate) granted: Granted,
    pub(crate) limits: Limits,
    pub(crate) settings: String,
    pub(crate) texts: Texts,
    pub(crate) share: Arc<Share>,
    pub(crate) role: Role,
}

/// Which contract it fulfils.
pub(crate) enum Role {
    Factor { adapter: Box<dyn Factor>, descriptor: Arc<Descriptor> },
    Policy { adapter: Box<dyn Policy>, descriptor: Arc<policy::Descriptor> },
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Plugin").field("identity", &self.identity).finish_non_exhaustive()
    }
}

impl Plugin {
    pub(crate) fn descriptor(&self) -> Option<&Arc<Descriptor>> {
        match &self.role {
            Role::Factor { descriptor, .. } => Some(descriptor),
            Role::Policy { .. } => None,
        }
    }

    pub(crate) fn policy_descriptor(&self) -> Option<&Arc<policy::Descriptor>> {
        match &self.role {
            Role::Policy { descriptor, .. } => Some(descriptor),
            Role::Factor { .. } => None,
        }
    }
}

type Plugins = BTreeMap<String, Arc<Plugin>>;

/// The plugins by id.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    plugins: ArcSwap<Plugins>,
    /// The share of the threads that each id has, which outlives its versions.
    shares: Mutex<BTreeMap<String, Arc<Share>>>,
}

impl Registry {
    pub(crate) fn find(&self, id: &str) -> Option<Arc<Plugin>> {
        self.plugins.load().get(id).cloned()
    }

    pub(crate) fn all(&self) -> Arc<Plugins> {
        self.plugins.load_full()
    }

    /// From now on this version is called; the former, which is returned, ends with its last call.
    pub(crate) fn put(&self, plugin: &Arc<Plugin>) -> Option<Arc<Plugin>> {
        let id = plugin.identity.id.clone();
        let former = self.change(|plugins| {
            plugins.insert(id.clone(), Arc::clone(plugin));
        });
        former.get(&id).cloned()
    }

    pub(crate) fn remove(&self, id: &str) -> Option<Arc<Plugin>> {
        let former = self.change(|plugins| {
            plugins.remove(id);
        });
        former.get(id).cloned()
    }

    fn change(&self, change: impl Fn(&mut Plugins)) -> Arc<Plugins> {
        self.plugins.rcu(|plugins| {
            let mut changed = Plugins::clone(plugins);
            change(&mut changed);
            changed
        })
    }

    pub(crate) fn share(&self, id: &str) -> Arc<Share> {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(shares.entry(id.to_owned()).or_default())
    }
}
