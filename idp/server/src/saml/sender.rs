//! Who sent a message, as the message says; its signature is looked at later.

use std::sync::Arc;

use actix_web::HttpRequest;
use keyholder_saml::checks;
use keyholder_saml::inbound::Inbound;

use super::{Entity, untrusted};
use crate::app::App;
use crate::applications::Registered;
use crate::web::PageError;

/// A registered service provider, and the name by which it knows us.
pub(super) struct Sender {
    pub(super) registered: Arc<Registered>,
    pub(super) entity: Entity,
}

impl Sender {
    /// Finds it by the message's Issuer and the address that the message was sent to.
    pub(super) async fn find(app: &App, request: &HttpRequest, message: &Inbound) -> Result<Self, PageError> {
        let name = checks::issuer_of(message).map_err(|error| untrusted(&error, None))?;
        let registered = app.applications.find_provider(app, &name).await?;
        let registered = registered.ok_or_else(|| untrusted(&"no such service provider is registered", Some(&name)))?;
        let entity = Entity::asked(request);
        if !entity.is_known_to(app, &registered).await? {
            return Err(untrusted(&"it knows us by another entity id", Some(&name)));
        }
        Ok(Self { registered, entity })
    }

    /// Its entity id.
    pub(super) fn name(&self) -> &str {
        &self.registered.provider.metadata.entity_id
    }
}
