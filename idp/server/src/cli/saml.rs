//! `keyholder saml`: service providers, what their messages say, and the keys that answer them.

use std::io::Read as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::Subcommand;
use keyholder_core::key::KeyState;
use keyholder_core::ports::{Queries as _, SamlQueries as _};
use keyholder_core::saml::SamlKeyPurpose;
use keyholder_saml::decode::{self, Against};
use keyholder_saml::metadata::{Warning, warnings};
use keyholder_saml::service_provider::ServiceProvider;
use keyholder_store::SqlStore;

use super::apply::{self, Mode, Unlisted};
use super::context::Context;
use super::error::CliError;
use super::london::date_of;
use crate::saml::keys::{self, SamlKeyError};
use crate::saml::{entity_id, path};

/// How far ahead `list` warns.
const AHEAD: Duration = Duration::from_hours(24 * 30);
/// More than any message has, in bytes.
const LONGEST_MESSAGE: u64 = 1024 * 1024;

/// `keyholder saml ...`.
#[derive(Debug, Subcommand)]
pub(super) enum SamlCommand {
    /// Register a service provider by its metadata; `apply` registers them as well, with every setting.
    Add {
        /// The service provider's metadata.
        metadata: PathBuf,
        /// A name for files and commands.
        #[arg(long)]
        client_id: String,
        /// What people read while they sign in.
        #[arg(long)]
        name: String,
        /// A school that it serves; may be given several times.
        #[arg(long = "school", required = true)]
        schools: Vec<String>,
        /// The settings to begin with: `generic`, `google-workspace`, `microsoft-entra`, `shibboleth`, `safeguarding`.
        #[arg(long, default_value = "generic")]
        template: String,
    },
    /// List service providers, and what will go wrong with them.
    List,
    /// Explain a message: an address, a form's field, base64, or XML; from standard input where it is left out.
    Decode { message: Option<String> },
    /// Look at and replace the keys that sign responses and metadata.
    #[command(subcommand)]
    Key(SamlKeyCommand),
}

/// `keyholder saml key ...`.
#[derive(Debug, Subcommand)]
pub(super) enum SamlKeyCommand {
    /// List the keys.
    List,
    /// Make a successor and publish it in the metadata, beside the key that signs.
    Prepare,
    /// Let the successor sign, once every service provider has read it.
    Switch,
}

pub(super) async fn run(context: &mut Context, command: SamlCommand) -> Result<(), CliError> {
    let command = match command {
        SamlCommand::Add { metadata, client_id, name, schools, template } => {
            // As `apply` would read it: a string of JSON is one of TOML.
            let quoted = |text: &str| serde_json::Value::from(text).to_string();
            let schools: Vec<String> = schools.iter().map(|school| quoted(school)).collect();
            let text = format!(
                "[[application]]\nclient_id = {}\nname = {}\nschools = [{}]\nconsent = \"first-party\"\n\
                 saml = {{ metadata_file = {}, template = {} }}\n",
                quoted(&client_id),
                quoted(&name),
                schools.join(", "),
                quoted(&metadata.file_name().unwrap_or_default().to_string_lossy()),
                quoted(&template),
            );
            return apply::run_text(context, &text, &metadata, Unlisted::Keep, Mode::Write).await;
        }
        other => other,
    };
    let message = match &command {
        SamlCommand::Decode { message: Some(message) } => message.clone(),
        SamlCommand::Decode { message: None } => {
            let mut text = String::new();
            std::io::stdin().take(LONGEST_MESSAGE).read_to_string(&mut text)?;
            text
        }
        _ => String::new(),
    };
    let store = context.open_store().await?;
    let lines = match command {
        SamlCommand::Add { .. } => Ok(Vec::new()),
        SamlCommand::List => list(context, &store).await,
        SamlCommand::Decode { .. } => explain(context, &store, &message).await,
        SamlCommand::Key(command) => key(context, &store, command).await,
    };
    store.close().await;
    for line in lines? {
        context.say(&line)?;
    }
    Ok(())
}

/// The service providers that are registered, with the names of their applications.
async fn providers(store: &SqlStore) -> Result<Vec<(String, ServiceProvider)>, CliError> {
    let applications = store.list_applications().await?;
    let read = |application: keyholder_core::application::RelyingApplication| {
        let saml = application.saml?;
        Some((application.client.client_id, serde_json::from_value(saml.registration).ok()?))
    };
    Ok(applications.into_iter().filter_map(read).collect())
}

async fn list(context: &Context, store: &SqlStore) -> Result<Vec<String>, CliError> {
    let mut lines = Vec::new();
    for (name, provider) in providers(store).await? {
        lines.push(format!("{name}  {}", provider.metadata.entity_id));
        for warning in warnings(&provider.metadata, context.clock.now(), AHEAD) {
            lines.push(format!("  warning: {}", sentence(warning)));
        }
    }
    Ok(lines)
}

fn sentence(warning: Warning) -> String {
    use keyholder_saml::metadata::Use;
    let word = |used_for| match used_for {
        Use::Signing => "signing",
        Use::Encryption => "encryption",
    };
    match warning {
        Warning::MetadataEnds { at } => {
            format!("its metadata counts until {}; then nobody can sign in to it", date_of(at))
        }
        Warning::CertificateEnds { used_for, at } => {
            format!("its {} certificate ends on {}; it probably gets another", word(used_for), date_of(at))
        }
        Warning::KeyNotUsable { used_for, error } => format!("its {} key cannot be used: {error}", word(used_for)),
        Warning::NoSigningKey => "it says that it signs its requests, and has no key that could verify one".to_owned(),
        Warning::NoLogout => "it has no logout service: it is not told when people sign out".to_owned(),
    }
}

async fn explain(context: &Context, store: &SqlStore, message: &str) -> Result<Vec<String>, CliError> {
    let sender = decode::sender(message);
    let registered = providers(store).await?.into_iter().map(|(_, provider)| provider);
    let provider = registered.into_iter().find(|provider| Some(&provider.metadata.entity_id) == sender.as_ref());
    let (issuer, base) = (entity_id(&context.config), context.config.issuer().to_owned());
    let (single_sign_on, single_logout) = (format!("{base}{}", path::SSO), format!("{base}{}", path::SLO));
    let against = provider.as_ref().map(|provider| Against {
        provider,
        issuer: &issuer,
        single_sign_on: &single_sign_on,
        single_logout: &single_logout,
    });
    let explanation = decode::explain(message, against.as_ref(), context.clock.now());
    Ok(explanation.to_string().lines().map(str::to_owned).collect())
}

async fn key(context: &Context, store: &SqlStore, command: SamlKeyCommand) -> Result<Vec<String>, CliError> {
    let (random, now) = (&context.random, context.clock.now());
    let host = context.config.issuer.host_str().unwrap_or_default();
    let refused = |error: SamlKeyError| match error {
        SamlKeyError::Store(error) => CliError::from(error),
        other => CliError::Refused(other.to_string()),
    };
    match command {
        SamlKeyCommand::List => list_keys(store).await,
        SamlKeyCommand::Prepare => {
            keys::make_missing(store, random, now, host).await.map_err(refused)?;
            keys::prepare(store, random, now, host).await.map_err(refused)?;
            Ok(vec![
                "a successor was made and is in the metadata; `keyholder saml key switch` once every service provider has read it"
                    .to_owned(),
            ])
        }
        SamlKeyCommand::Switch => {
            keys::switch(store, random.as_ref(), now).await.map_err(refused)?;
            Ok(vec!["the successor signs; the former key stays in the metadata for 30 days".to_owned()])
        }
    }
}

async fn list_keys(store: &SqlStore) -> Result<Vec<String>, CliError> {
    let keys = store.list_saml_keys().await?;
    let line = |key: &keyholder_core::saml::SamlKey| {
        let purpose = match key.purpose {
            SamlKeyPurpose::Messages => "messages",
            SamlKeyPurpose::Metadata => "metadata",
        };
        let state = match key.state {
            KeyState::Next => "next",
            KeyState::Active => "active",
            KeyState::Retired => "retired",
        };
        let until = key.published_until.map(|until| format!(", published until {}", date_of(until)));
        let made = date_of(key.created_at);
        format!("{}  {purpose}  {state:<7}  made on {made}{}", key.id, until.unwrap_or_default())
    };
    Ok(keys.iter().map(line).collect())
}
