//! `keyholder key`: the keys that sign tokens, and the master key that seals what is stored.

use clap::Subcommand;
use keyholder_core::key::KeyState;
use keyholder_core::ports::Queries as _;

use super::context::Context;
use super::error::CliError;
use super::london::date_of;
use crate::keys::KeyRing;
use crate::keys::schedule::{Schedule, Urgency};

/// `keyholder key ...`.
#[derive(Debug, Subcommand)]
pub(super) enum KeyCommand {
    /// List the signing keys.
    List,
    /// Replace the signing keys before their time.
    Rotate {
        /// They are known to somebody else: the successors sign at once, and what the former ones signed counts no more.
        #[arg(long)]
        compromised: bool,
    },
    /// Replace the master key and seal everything anew.
    RotateMaster,
    /// Remove former master keys from the file (the server must be stopped).
    ForgetMaster,
}

pub(super) async fn run(context: &mut Context, command: KeyCommand) -> Result<(), CliError> {
    match command {
        KeyCommand::List => list(context).await,
        KeyCommand::Rotate { compromised } => rotate(context, compromised).await,
        KeyCommand::RotateMaster => super::master::rotate(context).await,
        KeyCommand::ForgetMaster => super::master::forget_former(context).await,
    }
}

async fn list(context: &mut Context) -> Result<(), CliError> {
    let store = context.open_store().await?;
    let keys = store.list_signing_keys().await;
    store.close().await;
    for key in keys? {
        let state = match key.state {
            KeyState::Next => "next",
            KeyState::Active => "active",
            KeyState::Retired => "retired",
        };
        let until =
            key.published_until.map(|until| format!(", published until {}", date_of(until))).unwrap_or_default();
        let from = date_of(key.active_from);
        context.say(&format!("{}  {:<5}  {state:<7}  signs from {from}{until}", key.id, key.algorithm.name()))?;
    }
    Ok(())
}

async fn rotate(context: &mut Context, compromised: bool) -> Result<(), CliError> {
    let store = context.open_store().await?;
    let schedule = Schedule::from_config(&context.config);
    let urgency = if compromised { Urgency::Compromised } else { Urgency::AfterOverlap };
    let done = KeyRing::rotate(&store, &schedule, urgency, context.random.as_ref(), context.clock.now()).await;
    store.close().await;
    done?;
    context.say(if compromised {
        "the signing keys were replaced; tokens signed by the former ones no longer count"
    } else {
        "new signing keys were made; they sign once every application can know them"
    })
}
