//! The table `saml` of `[[application]]`: a SAML service provider as it is registered.
//!
//! What it says about itself comes from its metadata, from a template that knows it, or from two addresses by hand; how it is answered
//! comes from a template, key by key overridden. Metadata from elsewhere is fetched later ([`super::saml_fetch`]).

use keyholder_core::application::RelyingApplication;
use keyholder_core::saml::{MetadataSource, SamlMetadata, ServiceProvider as Stored};
use keyholder_saml::attributes::{Fact, Release};
use keyholder_saml::certificate::Certificate;
use keyholder_saml::messages::NameIdFormat;
use keyholder_saml::metadata::{MetadataError, Trust, query_address, read_entity};
use keyholder_saml::service_provider::{
    Encrypt, EntityIdOf, IdpInitiated, MultiFactorClass, RequestSignature, Requested, ServiceProvider, Settings, Sign,
    SingleFactorClass, SpMetadata,
};
use keyholder_saml::templates::{Template, google_workspace_metadata, microsoft_entra_metadata};
use serde_json::Value as Json;
use url::Url;

use super::document::{Entry, Located};
use super::uris::check_address;
use super::wanted::Surroundings;
use crate::saml::source::is_ours;

/// A service provider as the file has it.
#[derive(Debug, Clone)]
pub(super) struct WantedSaml {
    pub(super) metadata: WantedMetadata,
    settings: Settings,
}

/// What it says about itself.
#[derive(Debug, Clone)]
pub(super) enum WantedMetadata {
    /// In the file, beside it, or known; and where its entity id stands.
    Given(Located<Box<SpMetadata>>),
    /// To be had elsewhere.
    Elsewhere(Located<MetadataSource>),
    /// It was fetched there just now.
    Fetched { metadata: Located<Box<SpMetadata>>, row: SamlMetadata },
    /// It is fetched there already: what is stored counts on.
    Kept(Located<MetadataSource>),
}

impl WantedSaml {
    /// Its entity id and where that stands, once it is known.
    pub(super) fn entity_id(&self) -> Option<Located<String>> {
        match &self.metadata {
            WantedMetadata::Given(metadata) | WantedMetadata::Fetched { metadata, .. } => {
                Some(metadata.with(metadata.value.entity_id.clone()))
            }
            WantedMetadata::Elsewhere(source) | WantedMetadata::Kept(source) => {
                source.value.entity_id.clone().map(|entity_id| source.with(entity_id))
            }
        }
    }

    /// As it is stored; `None` where it counts on what is stored, and nothing is.
    pub(super) fn stored(&self, before: Option<&RelyingApplication>) -> Option<Stored> {
        let metadata = match &self.metadata {
            WantedMetadata::Given(metadata) | WantedMetadata::Fetched { metadata, .. } => (*metadata.value).clone(),
            WantedMetadata::Elsewhere(_) => return None,
            WantedMetadata::Kept(_) => stored_metadata(before?)?,
        };
        Some(Stored {
            entity_id: metadata.entity_id.clone(),
            // Names, numbers and lists alone: nothing in it can fail to be written.
            registration: serde_json::to_value(ServiceProvider { metadata, settings: self.settings.clone() })
                .unwrap_or(Json::Null),
        })
    }

    /// Where its metadata is fetched.
    pub(super) fn source(&self) -> Option<&Located<MetadataSource>> {
        match &self.metadata {
            WantedMetadata::Elsewhere(source) | WantedMetadata::Kept(source) => Some(source),
            WantedMetadata::Given(_) | WantedMetadata::Fetched { .. } => None,
        }
    }
}

/// What a registered service provider says about itself.
pub(super) fn stored_metadata(application: &RelyingApplication) -> Option<SpMetadata> {
    let registration = application.saml.as_ref()?.registration.clone();
    serde_json::from_value::<ServiceProvider>(registration).ok().map(|provider| provider.metadata)
}

/// Reads the table, where there is one.
pub(super) fn read_saml(application: &Entry<'_>, around: &Surroundings<'_>) -> Option<WantedSaml> {
    let entry = application.table("saml")?;
    let names: Vec<&str> = Template::ALL.iter().map(|template| template.name()).collect();
    let template = entry.choice::<Template>("template", &names).map(|template| template.value).unwrap_or_default();
    let metadata = read_metadata(&entry, template, around);
    let settings = read_settings(&entry, template.settings());
    entry.finish();
    Some(WantedSaml { metadata: metadata?, settings })
}

const EXPECTED: &str = "expected one of `metadata_file`, `metadata_url`, `metadata_query` with `entity_id`, \
    `assertion_consumer_service` with `entity_id`, `domain` with the template `google-workspace`, or the template `microsoft-entra`";

fn read_metadata(entry: &Entry<'_>, template: Template, around: &Surroundings<'_>) -> Option<WantedMetadata> {
    let file = entry.text("metadata_file");
    let url = entry.text("metadata_url");
    let query = entry.text("metadata_query");
    let service = entry.text("assertion_consumer_service");
    let domain = entry.text("domain");
    let entity_id = entry.text("entity_id");
    let from_elsewhere = entry.has("metadata_url") || entry.has("metadata_query");
    let certificates = read_certificates(entry, from_elsewhere, around);
    match (file, url, query, service, domain) {
        (Some(file), None, None, None, None) => read_file(entry, &file, entity_id.as_ref(), around),
        (None, Some(url), None, None, None) => {
            let address = checked(entry, &url)?;
            let entity_id = entity_id.map(|entity_id| entity_id.value);
            Some(WantedMetadata::Elsewhere(url.with(MetadataSource {
                address,
                entity_id,
                certificates: certificates?,
            })))
        }
        (None, None, Some(query), None, None) => {
            let Some(entity_id) = entity_id else {
                entry.fault("entity_id", "it is missing; expected the entity id by which `metadata_query` is asked");
                return None;
            };
            let address = checked(entry, &query.with(query_address(&query.value, &entity_id.value)))?;
            let entity_id = Some(entity_id.value);
            Some(WantedMetadata::Elsewhere(query.with(MetadataSource {
                address,
                entity_id,
                certificates: certificates?,
            })))
        }
        (None, None, None, Some(service), None) => {
            let Some(entity_id) = entity_id else {
                entry.fault("entity_id", "it is missing; expected the entity id of the application");
                return None;
            };
            checked(entry, &service)?;
            if is_ours(around.saml_entity_id, &entity_id.value) {
                entry.refuse(&entity_id, "it is Keyholder's own entity id");
                return None;
            }
            Some(given(&entity_id, SpMetadata::by_hand(entity_id.value.clone(), service.value)))
        }
        (None, None, None, None, Some(domain)) if template == Template::GoogleWorkspace && entity_id.is_none() => {
            Some(given(&domain, google_workspace_metadata(&domain.value)))
        }
        (None, None, None, None, None) if template == Template::MicrosoftEntra && entity_id.is_none() => {
            Some(given(&entry.here(), microsoft_entra_metadata()))
        }
        (None, None, None, None, None) if template == Template::GoogleWorkspace && entity_id.is_none() => {
            entry.fault(
                "domain",
                "it is missing; expected the domain of the Google Workspace, such as `oakfield.example`",
            );
            None
        }
        _ => {
            entry.fault("metadata_file", EXPECTED);
            None
        }
    }
}

fn given<T>(place: &Located<T>, metadata: SpMetadata) -> WantedMetadata {
    WantedMetadata::Given(place.with(Box::new(metadata)))
}

fn checked(entry: &Entry<'_>, address: &Located<String>) -> Option<Url> {
    check_address(&address.value).map_err(|problem| entry.refuse(address, problem)).ok()
}

/// The keys of which one signs what is fetched; an empty list where the operator says that nobody does.
fn read_certificates(entry: &Entry<'_>, from_elsewhere: bool, around: &Surroundings<'_>) -> Option<Vec<String>> {
    let file = entry.text("metadata_certificate");
    let unsigned = entry.switch("metadata_unsigned");
    if !from_elsewhere {
        for name in ["metadata_certificate", "metadata_unsigned"] {
            if entry.has(name) {
                entry.fault(name, "it goes with `metadata_url` and `metadata_query` alone");
            }
        }
        return None;
    }
    match (file, unsigned) {
        (Some(file), None | Some(false)) => read_pem(entry, &file, around),
        (None, Some(true)) => Some(Vec::new()),
        (Some(_), Some(true)) => {
            entry.fault("metadata_unsigned", "there is a `metadata_certificate`: what it signs is not unsigned");
            None
        }
        (None, None | Some(false)) => {
            // One that is of another type was told.
            if !entry.has("metadata_certificate") {
                entry.fault(
                    "metadata_certificate",
                    "it is missing; expected a file with the certificate of whoever signs the metadata, \
                     or `metadata_unsigned = true` where TLS alone shall vouch for it",
                );
            }
            None
        }
    }
}

fn read_pem(entry: &Entry<'_>, file: &Located<String>, around: &Surroundings<'_>) -> Option<Vec<String>> {
    let path = around.folder.join(&file.value);
    let refuse = |problem: String| entry.refuse(file, format!("{} {problem}", path.display()));
    let text = std::fs::read_to_string(&path)
        .map_err(|error| refuse(format!("cannot be read: {}", crate::config::load::describe(&error))))
        .ok()?;
    let certificates = match Certificate::from_pem_file(&text) {
        Ok(certificates) if !certificates.is_empty() => certificates,
        Ok(_) => {
            refuse("has no certificate; expected one that begins with `-----BEGIN CERTIFICATE-----`".to_owned());
            return None;
        }
        Err(error) => {
            refuse(format!("has a certificate that cannot be read: {error}"));
            return None;
        }
    };
    if let Some(error) = certificates.iter().find_map(|certificate| certificate.public_key().err()) {
        refuse(format!("has a key that cannot be used: {error}"));
        return None;
    }
    Some(certificates.iter().map(Certificate::to_base64).collect())
}

fn read_file(
    entry: &Entry<'_>,
    file: &Located<String>,
    entity_id: Option<&Located<String>>,
    around: &Surroundings<'_>,
) -> Option<WantedMetadata> {
    let path = around.folder.join(&file.value);
    let document = std::fs::read(&path).map_err(|error| {
        let problem = crate::config::load::describe(&error);
        entry.refuse(file, format!("{} cannot be read: {problem}", path.display()));
    });
    let own = [around.saml_entity_id.to_owned()];
    let expected = entity_id.map(|entity_id| entity_id.value.as_str());
    // An administrator brought the file and vouches for it.
    let problem = match read_entity(&document.ok()?, expected, &Trust::uploaded(&own, around.now)) {
        Ok(metadata) if !is_ours(around.saml_entity_id, &metadata.entity_id) => return Some(given(file, metadata)),
        Ok(_) => MetadataError::OwnEntityId,
        Err(error) => error,
    };
    entry.refuse(file, format!("{} is not metadata that can be used: {problem}", path.display()));
    None
}

fn read_settings(entry: &Entry<'_>, template: Settings) -> Settings {
    let facts: Vec<String> = Fact::ALL.iter().filter_map(word).collect();
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
    if let Some(class) = entry.choice::<MultiFactorClass>("multi_factor_class", &["refeds", "microsoft"]) {
        settings.contexts.multi_factor = class.value;
    }
    let owners = ["installation", "application", "school"];
    if let Some(owner) = entry.choice::<EntityIdOf>("entity_id_of", &owners) {
        settings.entity_id_of = owner.value;
    }
    if let Some(seconds) = entry.whole("clock_skew_seconds", 0..=600) {
        settings.clock_skew_seconds = seconds;
    }
    if let Some(seconds) = entry.whole("assertion_seconds", 30..=3600) {
        settings.assertion_seconds = seconds;
    }
    let relay_state = entry.text("relay_state");
    settings.idp_initiated = match (entry.switch("idp_initiated"), relay_state) {
        (Some(true), relay_state) => IdpInitiated::Allowed { relay_state: relay_state.map(|text| text.value) },
        (None | Some(false), None) => IdpInitiated::Refused,
        (None | Some(false), Some(relay_state)) => {
            entry.refuse(&relay_state, "it goes with `idp_initiated = true` alone");
            IdpInitiated::Refused
        }
    };
    settings
}

/// The name of a variant, as serde writes it.
fn word<T: serde::Serialize>(value: &T) -> Option<String> {
    match serde_json::to_value(value) {
        Ok(Json::String(word)) => Some(word),
        _ => None,
    }
}
