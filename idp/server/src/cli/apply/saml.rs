//! The table `saml` of `[[application]]`: a SAML service provider as it is registered.
//!
//! What it says about itself comes from its metadata, from a template that knows it, or from two addresses by hand; how it is answered
//! comes from a template, key by key overridden.

use keyholder_core::saml::ServiceProvider as Stored;
use keyholder_saml::attributes::{Fact, Release};
use keyholder_saml::messages::NameIdFormat;
use keyholder_saml::metadata::{Trust, read_entity};
use keyholder_saml::service_provider::{
    Encrypt, IdpInitiated, RequestSignature, Requested, ServiceProvider, Settings, Sign, SingleFactorClass, SpMetadata,
};
use keyholder_saml::templates::{Template, google_workspace_metadata, microsoft_entra_metadata};
use serde_json::Value as Json;

use super::document::{Entry, Located};
use super::uris::check_address;
use super::wanted::Surroundings;

/// A service provider as the file has it.
#[derive(Debug, Clone)]
pub(super) struct WantedSaml {
    /// Its entity id and where that stands.
    pub(super) entity_id: Located<String>,
    provider: ServiceProvider,
}

impl WantedSaml {
    /// As it is stored.
    pub(super) fn stored(&self) -> Stored {
        Stored {
            entity_id: self.entity_id.value.clone(),
            // Names, numbers and lists alone: nothing in it can fail to be written.
            registration: serde_json::to_value(&self.provider).unwrap_or(Json::Null),
        }
    }
}

/// Reads the table, where there is one.
pub(super) fn read_saml(application: &Entry<'_>, around: &Surroundings<'_>) -> Option<WantedSaml> {
    let entry = application.table("saml")?;
    let names: Vec<&str> = Template::ALL.iter().map(|template| template.name()).collect();
    let template = entry.choice::<Template>("template", &names).map(|template| template.value).unwrap_or_default();
    let metadata = read_metadata(&entry, template, around);
    let settings = read_settings(&entry, template.settings());
    entry.finish();
    let metadata = metadata?;
    let entity_id = metadata.with(metadata.value.entity_id.clone());
    Some(WantedSaml { entity_id, provider: ServiceProvider { metadata: metadata.value, settings } })
}

fn read_metadata(entry: &Entry<'_>, template: Template, around: &Surroundings<'_>) -> Option<Located<SpMetadata>> {
    let file = entry.text("metadata_file");
    let entity_id = entry.text("entity_id");
    let service = entry.text("assertion_consumer_service");
    let domain = entry.text("domain");
    match (file, entity_id, service, domain) {
        (Some(file), None, None, None) => read_file(entry, &file, around),
        (None, Some(entity_id), Some(service), None) => {
            if let Err(problem) = check_address(&service.value) {
                entry.refuse(&service, problem);
                return None;
            }
            if around.saml_entity_id == entity_id.value {
                entry.refuse(&entity_id, "it is Keyholder's own entity id");
                return None;
            }
            Some(entity_id.with(SpMetadata::by_hand(entity_id.value.clone(), service.value)))
        }
        (None, None, None, Some(domain)) if template == Template::GoogleWorkspace => {
            Some(domain.with(google_workspace_metadata(&domain.value)))
        }
        (None, None, None, None) if template == Template::MicrosoftEntra => {
            Some(entry.here().with(microsoft_entra_metadata()))
        }
        (None, None, None, None) if template == Template::GoogleWorkspace => {
            entry.fault(
                "domain",
                "it is missing; expected the domain of the Google Workspace, such as `oakfield.example`",
            );
            None
        }
        _ => {
            entry.fault(
                "metadata_file",
                "expected either `metadata_file`, or `entity_id` and `assertion_consumer_service`, \
                 or `domain` with the template `google-workspace`, or the template `microsoft-entra`",
            );
            None
        }
    }
}

fn read_file(entry: &Entry<'_>, file: &Located<String>, around: &Surroundings<'_>) -> Option<Located<SpMetadata>> {
    let path = around.folder.join(&file.value);
    let document = std::fs::read(&path).map_err(|error| {
        let problem = crate::config::load::describe(&error);
        entry.refuse(file, format!("{} cannot be read: {problem}", path.display()));
    });
    let own = [around.saml_entity_id.to_owned()];
    // An administrator brought the file and vouches for it.
    match read_entity(&document.ok()?, None, &Trust::uploaded(&own, around.now)) {
        Ok(metadata) => Some(file.with(metadata)),
        Err(error) => {
            entry.refuse(file, format!("{} is not metadata that can be used: {error}", path.display()));
            None
        }
    }
}

fn read_settings(entry: &Entry<'_>, template: Settings) -> Settings {
    let facts: Vec<String> = Fact::ALL.iter().filter_map(|fact| word(fact)).collect();
    let facts: Vec<&str> = facts.iter().map(String::as_str).collect();
    let release: Vec<Located<Fact>> = entry.choices("release", &facts);
    let release = if entry.has("release") {
        // A fact that the template names otherwise keeps its name.
        let known = |fact: Fact| template.release.iter().find(|release| release.fact == fact).cloned();
        release.into_iter().map(|fact| known(fact.value).unwrap_or_else(|| Release::from(fact.value))).collect()
    } else {
        template.release.clone()
    };
    let mut settings = Settings { release, ..template };
    if let Some(format) = entry.choice::<NameIdFormat>("name_id", &["persistent", "transient", "email-address"]) {
        settings.name_id = format.value;
    }
    if let Some(sign) = entry.choice::<Sign>("sign", &["response", "assertion", "both"]) {
        settings.sign = sign.value;
    }
    if let Some(encrypt) = entry.choice::<Encrypt>("encrypt", &["when-possible", "always", "never", "legacy-cbc"]) {
        settings.encrypt = encrypt.value;
    }
    match entry.switch("require_signed_requests") {
        Some(true) => settings.requests = RequestSignature::Required,
        Some(false) => settings.requests = RequestSignature::AsMetadataSays,
        None => {}
    }
    if let Some(requested) = entry.choice::<Requested>("requested_authn_context", &["honoured", "ignored"]) {
        settings.contexts.requested = requested.value;
    }
    let classes = ["refeds", "password-protected-transport"];
    if let Some(class) = entry.choice::<SingleFactorClass>("single_factor_class", &classes) {
        settings.contexts.single_factor = class.value;
    }
    if let Some(seconds) = entry.whole("clock_skew_seconds", 0..=600) {
        settings.clock_skew_seconds = seconds;
    }
    if let Some(seconds) = entry.whole("assertion_seconds", 30..=3600) {
        settings.assertion_seconds = seconds;
    }
    settings.idp_initiated = IdpInitiated::Refused;
    settings
}

/// The name of a variant, as serde writes it.
fn word<T: serde::Serialize>(value: &T) -> Option<String> {
    match serde_json::to_value(value) {
        Ok(Json::String(word)) => Some(word),
        _ => None,
    }
}
