//! The world `policy`: what a sign-in may get.

pub use crate::bindings::policy::exports::keyholder::policy::policy::Guest as Policy;
pub use crate::bindings::policy::keyholder::policy::types::*;

/// Makes the type a plugin: `export_policy!(SchoolDay);`, once in a crate.
#[macro_export]
macro_rules! export_policy {
    ($plugin:ident) => {
        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, reason = "the exports that the contract asks for")]
        const _: () = {
            use $crate::private::policy_bindings::export_policy_world;
    export_policy_world!($plugin with_types_in $crate::private::policy_bindings);
        };
    };
}

impl Message {
    /// A text of the package by its key.
    pub fn key(key: &str) -> Self {
        Self { key: key.into(), args: Vec::new(), detail: None }
    }

    /// A value for a placeholder of the text.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.args.push((name.into(), value.to_string()));
        self
    }

    /// For the audit log alone.
    #[must_use]
    pub fn detail(mut self, detail: &str) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

impl Default for Permit {
    /// All that the person's group gives, and nothing to do.
    fn default() -> Self {
        Self {
            groups: Selection::All,
            pupil_scopes: Selection::All,
            offer: None,
            claims: Vec::new(),
            session_max_ms: None,
            obligations: Vec::new(),
            extra: Vec::new(),
        }
    }
}

impl Requirement {
    /// Nothing is given below this.
    pub fn assurance(assurance: Assurance, reason: Message) -> Self {
        Self { assurance, factors: Vec::new(), max_age_ms: None, reason }
    }
}

impl Denial {
    /// With a code for the audit log and a sentence for the person.
    pub fn new(code: &str, reason: Message) -> Self {
        Self { code: code.into(), reason, retry_after_ms: None }
    }
}
