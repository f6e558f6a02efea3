//! The operator's settings, as `config.schema.json` describes them.

use keyholder_plugin_sdk::factor::{Context, Fault};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Settings {
    /// What the authenticator is called on the pages.
    pub(crate) app_name: String,
    /// Whether a phone with a key of its own may approve a sign-in.
    pub(crate) approvals: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { app_name: "Keyholder Authenticator".into(), approvals: true }
    }
}

impl Settings {
    pub(crate) fn parse(json: &str) -> Result<Self, String> {
        let settings: Self = serde_json::from_str(json).map_err(|error| error.to_string())?;
        if settings.app_name.trim().is_empty() {
            return Err("app-name: must not be empty".into());
        }
        Ok(settings)
    }

    pub(crate) fn of(ctx: &Context) -> Result<Self, Fault> {
        Self::parse(&ctx.config).map_err(Fault::BadConfig)
    }
}
