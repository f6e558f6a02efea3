//! `keyholder saml`: service providers, what their messages say, and the keys that answer them.

mod identifiers;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::{Args, Subcommand, ValueEnum};
use keyholder_core::key::KeyState;
use keyholder_core::ports::SamlQueries as _;
use keyholder_core::saml::{SamlKey, SamlKeyPurpose};
use keyholder_saml::decode::{self, Against};
use keyholder_store::SqlStore;

use super::apply::{self, Mode, Unlisted};
use super::context::Context;
use super::error::CliError;
use super::london::{date_of, utc};
use crate::config::faults::{Fault, Faults, Origin, suggestion};
use crate::outbound::Fetcher;
use crate::saml::keys::{self, SamlKeyError};
use crate::saml::source::{Level, Older, Provider, Renewed, Surroundings, findings, list_providers, refresh};
use crate::saml::{Entity, entity_id};
use crate::workers::describe;

/// More than any message has, in bytes.
const LONGEST_MESSAGE: u64 = 1024 * 1024;

/// `keyholder saml ...`.
#[derive(Debug, Subcommand)]
pub(super) enum SamlCommand {
    /// Register a service provider by its metadata; `apply` registers them as well, with every setting.
    Add(AddArguments),
    /// Fetch metadata again now, whether it is due or not: of one application, or of all whose metadata is fetched.
    Refresh {
        client_id: Option<String>,
        /// Take a signed document that counts for less long than the copy in force. Ask its publisher first: it may be replayed.
        #[arg(long)]
        accept_older: bool,
    },
    /// Print the persistent identifiers by which an application knows people, made where there are none yet: address, identifier
    /// and school, with tabs between them.
    Identifiers { client_id: String },
    /// List service providers, and what will go wrong with them.
    List,
    /// Explain a message: an address, a form's field, base64, or XML; from standard input where it is left out.
    Decode { message: Option<String> },
    /// Look at and replace the keys that sign responses and metadata, and the one that opens what is encrypted.
    #[command(subcommand)]
    Key(SamlKeyCommand),
}

/// `keyholder saml add ...`.
#[derive(Debug, Args)]
pub(super) struct AddArguments {
    /// The service provider's metadata: a file, or an address that begins with `https://`.
    metadata: String,
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
    /// Which service provider, where the metadata has several.
    #[arg(long)]
    entity_id: Option<String>,
    /// The address is that of a metadata query server, which is asked for the entity id.
    #[arg(long, requires = "entity_id")]
    query: bool,
    /// The certificate of whoever signs the metadata at the address.
    #[arg(long, conflicts_with = "unsigned")]
    certificate: Option<PathBuf>,
    /// Nobody signs it: TLS alone vouches for it.
    #[arg(long)]
    unsigned: bool,
}

/// `keyholder saml key ...`.
#[derive(Debug, Subcommand)]
pub(super) enum SamlKeyCommand {
    /// List the keys.
    List,
    /// Print the certificate of the key that signs messages, as PEM: for applications that read no metadata.
    Certificate {
        /// That of the successor.
        #[arg(long)]
        next: bool,
        /// That of the key that signs the metadata: for applications that fetch it.
        #[arg(long, conflicts_with = "next")]
        metadata: bool,
        /// That of the key for which applications encrypt identifiers.
        #[arg(long, conflicts_with = "metadata")]
        encryption: bool,
    },
    /// Make a successor and publish it in the metadata, beside the key in use.
    Prepare {
        /// Of which key.
        #[arg(long = "for", default_value = "signing")]
        purpose: Replaced,
    },
    /// Put the successor in use, once every service provider has read it.
    Switch {
        /// Of which key.
        #[arg(long = "for", default_value = "signing")]
        purpose: Replaced,
    },
}

/// A key that can be replaced. That of the metadata is pinned by applications, and stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Replaced {
    /// It signs responses, assertions and messages about logout.
    Signing,
    /// Applications encrypt identifiers for it.
    Encryption,
}

impl From<Replaced> for SamlKeyPurpose {
    fn from(replaced: Replaced) -> Self {
        match replaced {
            Replaced::Signing => Self::Messages,
            Replaced::Encryption => Self::Encryption,
        }
    }
}

pub(super) async fn run(context: &mut Context, command: SamlCommand) -> Result<(), CliError> {
    let message = match &command {
        SamlCommand::Decode { message: Some(message) } => message.clone(),
        SamlCommand::Decode { message: None } => {
            let mut text = String::new();
            std::io::stdin().take(LONGEST_MESSAGE).read_to_string(&mut text)?;
            text
        }
        SamlCommand::Add(arguments) => {
            let text = arguments.as_file()?;
            let added = apply::run_text(context, &text, Path::new(""), Unlisted::Keep, Mode::Write).await;
            return added.map_err(without_places);
        }
        _ => String::new(),
    };
    let store = context.open_store().await?;
    let done = match command {
        SamlCommand::Add(_) => Ok(Done::default()),
        SamlCommand::Refresh { client_id, accept_older } => {
            let older = if accept_older { Older::Accepted } else { Older::Refused };
            renew(context, &store, client_id.as_deref(), older).await
        }
        SamlCommand::Identifiers { client_id } => identifiers::list(context, &store, &client_id).await.map(Done::well),
        SamlCommand::List => list(context, &store).await.map(Done::well),
        SamlCommand::Decode { .. } => explain(context, &store, &message).await.map(Done::well),
        SamlCommand::Key(command) => key(context, &store, command).await.map(Done::well),
    };
    store.close().await;
    let done = done?;
    for line in done.lines {
        context.say(&line)?;
    }
    done.refused.map_or(Ok(()), |refused| Err(CliError::Refused(refused)))
}

/// What is printed, and what went wrong after all.
#[derive(Debug, Default)]
struct Done {
    lines: Vec<String>,
    refused: Option<String>,
}

impl Done {
    fn well(lines: Vec<String>) -> Self {
        Self { lines, refused: None }
    }
}

/// Mistakes without their places: nobody sees the file that the arguments stand for.
fn without_places(error: CliError) -> CliError {
    let CliError::Faults(Faults { faults, .. }) = error else { return error };
    let faults = faults.into_iter().map(|fault| Fault { origin: Origin::Nowhere, ..fault }).collect();
    CliError::Faults(Faults { file: None, faults })
}

impl AddArguments {
    /// As `apply` would read it: a string of JSON is one of TOML.
    fn as_file(&self) -> Result<String, CliError> {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let absolute =
            |path: &Path| -> Result<String, CliError> { Ok(quoted(&std::path::absolute(path)?.to_string_lossy())) };
        let mut saml = vec![format!("template = {}", quoted(&self.template))];
        let is_address = self.metadata.starts_with("https://") || self.metadata.starts_with("http://");
        saml.push(match (self.query, is_address) {
            (true, _) => format!("metadata_query = {}", quoted(&self.metadata)),
            (false, true) => format!("metadata_url = {}", quoted(&self.metadata)),
            (false, false) => format!("metadata_file = {}", absolute(Path::new(&self.metadata))?),
        });
        saml.extend(self.entity_id.as_ref().map(|entity_id| format!("entity_id = {}", quoted(entity_id))));
        if let Some(certificate) = &self.certificate {
            saml.push(format!("metadata_certificate = {}", absolute(certificate)?));
        }
        if self.unsigned {
            saml.push("metadata_unsigned = true".to_owned());
        }
        let schools: Vec<String> = self.schools.iter().map(|school| quoted(school)).collect();
        Ok(format!(
            "[[application]]\nclient_id = {}\nname = {}\nschools = [{}]\nconsent = \"first-party\"\nsaml = {{ {} }}\n",
            quoted(&self.client_id),
            quoted(&self.name),
            schools.join(", "),
            saml.join(", "),
        ))
    }
}

async fn list(context: &Context, store: &SqlStore) -> Result<Vec<String>, CliError> {
    let mut lines = Vec::new();
    for provider in list_providers(store).await? {
        lines.push(format!("{}  {}", provider.client_id, provider.entity_id));
        if let Some(row) = &provider.source {
            let (fetched, next) = (utc(row.fetched_at), utc(row.next_refresh));
            let signed = if row.source.certificates.is_empty() { ", not signed" } else { "" };
            lines.push(format!("  from {}{signed}; fetched {fetched}, again {next}", row.source.address));
        }
        for (level, finding) in findings(&provider, context.clock.now()) {
            let word = match level {
                Level::Note => "note",
                Level::Warning => "warning",
                Level::Failed => "failed",
            };
            lines.push(format!("  {word}: {finding}"));
        }
    }
    Ok(lines)
}

async fn renew(context: &Context, store: &SqlStore, client_id: Option<&str>, older: Older) -> Result<Done, CliError> {
    let providers = list_providers(store).await?;
    if let Some(client_id) = client_id {
        let Some(named) = providers.iter().find(|provider| provider.client_id == client_id) else {
            let hint = suggestion(client_id, providers.iter().map(|provider| provider.client_id.as_str()));
            return Err(CliError::Refused(format!("there is no service provider `{client_id}`{hint}")));
        };
        if named.source.is_none() {
            let problem = format!("the metadata of `{client_id}` is not fetched: apply its file again");
            return Err(CliError::Refused(problem));
        }
    }
    let wanted = |provider: &Provider| client_id.is_none_or(|client_id| provider.client_id == client_id);
    let rows = providers.into_iter().filter(wanted).filter_map(|provider| provider.source).collect();
    let fetcher = Fetcher::new(&context.config.outbound).map_err(|error| CliError::Refused(describe(&error)))?;
    let own = entity_id(&context.config);
    let around =
        Surroundings { store, fetcher: &fetcher, random: context.random.as_ref(), own: &own, now: context.clock.now() };
    let mut outcomes = refresh(&around, rows, older).await?;
    outcomes.sort_by(|one, other| one.client_id.cmp(&other.client_id));
    let mut done = Done::default();
    let mut failed = 0;
    for outcome in &outcomes {
        let words = match &outcome.result {
            Ok(Renewed::Changed) => "it says something else than before, which counts within a second".to_owned(),
            Ok(Renewed::Unchanged) => "it says the same as before".to_owned(),
            Ok(Renewed::Gone) => "it was registered anew in the meantime".to_owned(),
            Err(error) => {
                failed += 1;
                format!("not renewed: {error}")
            }
        };
        done.lines.push(format!("{}  {}  {words}", outcome.client_id, outcome.entity_id));
    }
    if failed > 0 {
        done.refused =
            Some(format!("{failed} of {} could not be renewed; the copies before stay in force", outcomes.len()));
    }
    Ok(done)
}

async fn explain(context: &Context, store: &SqlStore, message: &str) -> Result<Vec<String>, CliError> {
    let sender = decode::sender(message);
    let registered = list_providers(store).await?.into_iter();
    let mut registered = registered.filter_map(|provider| Some((provider.client_id, provider.registered?)));
    let provider = registered.find(|(_, provider)| Some(&provider.metadata.entity_id) == sender.as_ref());
    let config = &context.config;
    let entity = provider.as_ref().map_or(Entity::Installation, |(client_id, provider)| {
        Entity::sent_to(decode::destination(message).as_deref(), client_id, provider, config)
    });
    let provider = provider.map(|(_, provider)| provider);
    let (issuer, single_sign_on, single_logout) =
        (entity.id(config), entity.single_sign_on(config), entity.single_logout(config));
    let decryption = keys::decryption(store, context.clock.now()).await;
    let decryption = decryption.map_err(|error| CliError::Refused(error.to_string()))?;
    let against = provider.as_ref().map(|provider| Against {
        provider,
        issuer: &issuer,
        single_sign_on: &single_sign_on,
        single_logout: &single_logout,
        decryption: &decryption,
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
        SamlKeyCommand::Certificate { next, metadata, encryption } => {
            let state = if next { KeyState::Next } else { KeyState::Active };
            let purpose = match (metadata, encryption) {
                (true, _) => SamlKeyPurpose::Metadata,
                (false, true) => SamlKeyPurpose::Encryption,
                (false, false) => SamlKeyPurpose::Messages,
            };
            keys::make_missing(store, random, now, host).await.map_err(refused)?;
            let keys = store.list_saml_keys().await?;
            let meant = |key: &&SamlKey| key.purpose == purpose && key.state == state;
            let missing = || CliError::Refused(SamlKeyError::NoSuccessor.to_string());
            Ok(pem(&keys.iter().find(meant).ok_or_else(missing)?.certificate))
        }
        SamlKeyCommand::Prepare { purpose } => {
            keys::make_missing(store, random, now, host).await.map_err(refused)?;
            keys::prepare(store, random, now, host, purpose.into()).await.map_err(refused)?;
            let command = match purpose {
                Replaced::Signing => "keyholder saml key switch",
                Replaced::Encryption => "keyholder saml key switch --for encryption",
            };
            Ok(vec![format!(
                "a successor was made and is in the metadata; `{command}` once every service provider has read it"
            )])
        }
        SamlKeyCommand::Switch { purpose } => {
            keys::switch(store, random.as_ref(), now, purpose.into()).await.map_err(refused)?;
            let done = match purpose {
                Replaced::Signing => "the successor signs; the former key stays in the metadata for 30 days",
                Replaced::Encryption => {
                    "the successor stands first in the metadata; what is encrypted for the former key is read for another 30 days"
                }
            };
            Ok(vec![done.to_owned()])
        }
    }
}

/// RFC 7468 5.1, line by line.
fn pem(der: &[u8]) -> Vec<String> {
    let text = STANDARD.encode(der).into_bytes();
    let lines = text.chunks(64).map(|line| String::from_utf8_lossy(line).into_owned());
    let (begin, end) = ("-----BEGIN CERTIFICATE-----".to_owned(), "-----END CERTIFICATE-----".to_owned());
    std::iter::once(begin).chain(lines).chain(std::iter::once(end)).collect()
}

async fn list_keys(store: &SqlStore) -> Result<Vec<String>, CliError> {
    let keys = store.list_saml_keys().await?;
    let line = |key: &SamlKey| {
        let purpose = match key.purpose {
            SamlKeyPurpose::Messages => "messages",
            SamlKeyPurpose::Metadata => "metadata",
            SamlKeyPurpose::Encryption => "encryption",
        };
        let state = match key.state {
            KeyState::Next => "next",
            KeyState::Active => "active",
            KeyState::Retired => "retired",
        };
        let does = if key.purpose == SamlKeyPurpose::Encryption { "opens" } else { "published" };
        let until = key.published_until.map(|until| format!(", {does} until {}", date_of(until)));
        let made = date_of(key.created_at);
        format!("{}  {purpose:<10}  {state:<7}  made on {made}{}", key.id, until.unwrap_or_default())
    };
    Ok(keys.iter().map(line).collect())
}
