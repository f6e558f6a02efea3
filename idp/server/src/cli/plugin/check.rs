//! `keyholder plugin check`: everything that admission does, and nothing is installed.

use std::path::Path;
use std::sync::Arc;

use keyholder_core::factor::Evidence;
use keyholder_core::plugin::{Origin, PublisherKey};
use keyholder_core::ports::PluginQueries as _;
use keyholder_plugin_host::admission::{
    Admission, AdmissionError, Admitted, Terms, Trusted, Unsigned, origin_of, requested,
};
use keyholder_plugin_host::compile::Compiler;
use keyholder_plugin_host::package::{Package, read};
use keyholder_plugin_host::{Allocation, HostSettings, PluginHost};
use keyholder_store::SqlStore;
use serde_json::{Map, Value};

use super::super::context::Context;
use super::super::error::CliError;
use crate::plugins::bundled_digests;
use crate::workers::describe;

/// Reads a package, and what is wrong with it in a sentence.
pub(super) fn load(path: &Path) -> Result<Package, CliError> {
    let package = read(path).and_then(Package::from_files);
    package.map_err(|error| CliError::Refused(format!("{}: {}", path.display(), describe(&error))))
}

/// Why a package is not let in, in a sentence.
pub(super) fn refused(package: &Package, error: &AdmissionError) -> CliError {
    let manifest = &package.manifest;
    CliError::Refused(format!("{} {}: {}", manifest.id, manifest.version, describe(error)))
}

/// A sandbox for one command: two threads, no address space reserved, nothing kept on disk.
pub(super) fn small_admission(
    context: &Context,
    random: Arc<dyn keyholder_core::random::Random>,
) -> Result<Admission, CliError> {
    let mut settings = HostSettings::new(context.clock.clone(), random);
    settings.threads = std::num::NonZeroUsize::MIN.saturating_add(1);
    settings.allocation = Allocation::OnDemand;
    Ok(Admission::new(PluginHost::new(settings)?, Arc::new(Compiler::this_program()), None))
}

pub(super) async fn run(context: &mut Context, path: &Path, settings: Option<&Path>) -> Result<(), CliError> {
    let package = load(path)?;
    // A data directory is not needed to check a package: with one, its publishers and stored keys are known.
    let store = if context.data().must_exist().is_ok() { Some(context.open_store().await?) } else { None };
    let known = match &store {
        Some(store) => known(store, &package).await,
        None => Ok(Known::default()),
    };
    if let Some(store) = store {
        store.close().await;
    }
    let known = known?;
    let settings = match settings {
        Some(file) => read_settings(file)?,
        None => known.settings.clone(),
    };
    for line in summary(&package) {
        context.say(&line)?;
    }
    context.say(&origin(&package, &known).map_err(|error| refused(&package, &error))?)?;
    let admission = small_admission(context, context.random.clone())?;
    let terms = Terms { grant: &requested(&package), settings: &settings, stored_formats: &known.formats };
    let Admitted { .. } = admission.admit(&package, terms).await.map_err(|error| refused(&package, &error))?;
    context.say("good: it compiles within its limits, keeps to the contract, and describes itself as its manifest does")
}

/// What is stored that bears on a package.
#[derive(Default)]
struct Known {
    publishers: Vec<PublisherKey>,
    formats: Vec<u32>,
    settings: Map<String, Value>,
}

async fn known(store: &SqlStore, package: &Package) -> Result<Known, CliError> {
    let name = &package.manifest.id;
    let plugin = store.find_plugin(name).await?;
    Ok(Known {
        publishers: store.list_publishers().await?,
        formats: store.count_credentials_by_format(name).await?.into_iter().map(|(format, _)| format).collect(),
        settings: plugin.map(|plugin| plugin.settings).unwrap_or_default(),
    })
}

/// By what it is trusted. That nobody signed it yet is no fault of a package that is only checked; a wrong signature is.
fn origin(package: &Package, known: &Known) -> Result<String, AdmissionError> {
    let bundled = bundled_digests();
    let trusted = Trusted { bundled: &bundled, publishers: &known.publishers, unsigned: Unsigned::Refused };
    match origin_of(package, &trusted) {
        Ok(Origin::Publisher { key }) => {
            let publisher = known.publishers.iter().find(|publisher| publisher.key == key);
            let name = publisher.map_or("?", |publisher| publisher.name.as_str());
            Ok(format!("  signed     by {name} ({key})"))
        }
        Ok(_) => Ok("  trusted    it comes with this server".into()),
        Err(AdmissionError::Unsigned) => Ok("  note       it is not signed: `keyholder plugin sign`".into()),
        Err(AdmissionError::UnknownPublisher(key)) => {
            Ok(format!("  note       it is signed with the key {key}, which is nobody's that is trusted here"))
        }
        Err(error) => Err(error),
    }
}

/// What a package says of itself.
pub(super) fn summary(package: &Package) -> Vec<String> {
    let manifest = &package.manifest;
    let mut lines = vec![
        format!("{} {}: {}", manifest.id, manifest.version, manifest.name),
        format!("  licence    {}", manifest.licence),
        format!("  contract   {}", manifest.contract),
        format!("  proves     at most {}", evidence(&manifest.ceiling)),
    ];
    for request in &manifest.requests {
        lines.push(format!("  requests   {}: {}", request.capability.name(), request.reason));
    }
    let formats: Vec<String> = manifest.formats.reads.iter().map(ToString::to_string).collect();
    if !formats.is_empty() {
        lines.push(format!("  formats    reads {}, writes {}", formats.join(", "), manifest.formats.writes));
    }
    lines
}

/// What is proved, in words.
pub(super) fn evidence(evidence: &Evidence) -> String {
    let properties = [
        ("knowledge", evidence.knowledge),
        ("possession", evidence.possession),
        ("inherence", evidence.inherence),
        ("phishing-resistant", evidence.phishing_resistant),
        ("hardware-bound", evidence.hardware_bound),
        ("user verified", evidence.user_verified),
        ("for recovery only", evidence.recovery_only),
    ];
    let mut words: Vec<&str> = properties.into_iter().filter(|(_, is)| *is).map(|(word, _)| word).collect();
    words.extend(evidence.amr.iter().map(String::as_str));
    if words.is_empty() { "nothing".into() } else { words.join(", ") }
}

fn read_settings(file: &Path) -> Result<Map<String, Value>, CliError> {
    let wrong = |problem: String| CliError::Refused(format!("{}: {problem}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| wrong(format!("expected a JSON object: {error}")))
}
