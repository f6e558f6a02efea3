//! The names by which service providers know us: one of the installation, and those that an application or a school has for itself.
//!
//! Some software takes each entity id for another party, and one party for one domain (Microsoft Entra refuses one `IssuerUri` for two). An entity is
//! a name and the addresses below it, nothing more: keys, people and sessions are the installation's. The entity travels with the
//! request; where nobody asked, it follows from the school of the sign-in.

use actix_web::HttpRequest;
use keyholder_core::ports::{Queries as _, StoreError};
use keyholder_core::school::School;
use keyholder_saml::service_provider::{EntityIdOf, ServiceProvider};

use super::path;
use crate::app::App;
use crate::applications::Registered;
use crate::config::Config;

/// Who speaks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Entity {
    Installation,
    /// By the slug of the school.
    School(String),
    /// By the client id of the application.
    Application(String),
}

impl Entity {
    /// To whom a request was sent, by its path.
    pub(super) fn asked(request: &HttpRequest) -> Self {
        let part = |name: &str| request.match_info().get(name).map(str::to_owned);
        match (part("school"), part("application")) {
            (Some(slug), _) => Self::School(slug),
            (None, Some(client_id)) => Self::Application(client_id),
            (None, None) => Self::Installation,
        }
    }

    /// Who speaks to a service provider of somebody in this school.
    pub(crate) fn towards(registered: &Registered, school: &School) -> Self {
        match registered.provider.settings.entity_id_of {
            EntityIdOf::Installation => Self::Installation,
            EntityIdOf::Application => Self::Application(registered.application.client.client_id.clone()),
            EntityIdOf::School => Self::School(school.slug.clone()),
        }
    }

    /// To whom a service provider sent a message that says where it goes: of schools, the one that it names.
    pub(crate) fn sent_to(
        destination: Option<&str>,
        client_id: &str,
        provider: &ServiceProvider,
        config: &Config,
    ) -> Self {
        match provider.settings.entity_id_of {
            EntityIdOf::Installation => Self::Installation,
            EntityIdOf::Application => Self::Application(client_id.to_owned()),
            EntityIdOf::School => {
                let below = format!("{}{}/", config.issuer(), path::OF_SCHOOLS);
                let slug = destination.and_then(|address| address.strip_prefix(&below)?.split('/').next());
                slug.map_or(Self::Installation, |slug| Self::School(slug.to_owned()))
            }
        }
    }

    /// The entity id: the address of the metadata (saml-metadata-2.0-os 4.1).
    pub(crate) fn id(&self, config: &Config) -> String {
        match self {
            Self::Installation => super::entity_id(config),
            Self::School(_) | Self::Application(_) => format!("{}{}", config.issuer(), self.folder()),
        }
    }

    /// Where it takes requests for a sign-in.
    pub(crate) fn single_sign_on(&self, config: &Config) -> String {
        format!("{}{}/sso", config.issuer(), self.folder())
    }

    /// Where it takes messages about logout.
    pub(crate) fn single_logout(&self, config: &Config) -> String {
        format!("{}{}/slo", config.issuer(), self.folder())
    }

    /// What its paths begin with. Slugs and client ids have no character that an address would escape.
    fn folder(&self) -> String {
        match self {
            Self::Installation => path::FOLDER.to_owned(),
            Self::School(slug) => format!("{}/{slug}", path::OF_SCHOOLS),
            Self::Application(client_id) => format!("{}/{client_id}", path::OF_APPLICATIONS),
        }
    }

    /// The slug of the one school for which it speaks.
    pub(super) fn school(&self) -> Option<&str> {
        match self {
            Self::School(slug) => Some(slug),
            Self::Installation | Self::Application(_) => None,
        }
    }

    /// Whether a service provider knows us by this name.
    pub(super) async fn is_known_to(&self, app: &App, registered: &Registered) -> Result<bool, StoreError> {
        Ok(self.is_name_for(self.find_school(app).await?.as_ref(), registered))
    }

    /// Whether anybody knows us by it: metadata of the others would promise what does not work.
    pub(super) async fn is_used(&self, app: &App) -> Result<bool, StoreError> {
        if *self == Self::Installation {
            return Ok(true);
        }
        let school = self.find_school(app).await?;
        let providers = app.applications.list_providers(app).await?;
        Ok(providers.iter().any(|registered| self.is_name_for(school.as_ref(), registered)))
    }

    /// The school for which it speaks, if there is such.
    pub(super) async fn find_school(&self, app: &App) -> Result<Option<School>, StoreError> {
        match self.school() {
            Some(slug) => app.store.find_school_by_slug(slug).await,
            None => Ok(None),
        }
    }

    /// `school`: the one for which it speaks, if there is such.
    fn is_name_for(&self, school: Option<&School>, registered: &Registered) -> bool {
        let application = &registered.application;
        match (self, registered.provider.settings.entity_id_of) {
            (Self::Installation, EntityIdOf::Installation) => true,
            (Self::Application(client_id), EntityIdOf::Application) => *client_id == application.client.client_id,
            (Self::School(_), EntityIdOf::School) => school.is_some_and(|school| application.offered_to.serves(school)),
            _ => false,
        }
    }
}
