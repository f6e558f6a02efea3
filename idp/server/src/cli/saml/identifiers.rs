//! `keyholder saml identifiers`: the persistent identifiers by which an application knows people, for those who have to enter them
//! there before the first sign-in.

use keyholder_core::application::RelyingApplication;
use keyholder_core::person::Person;
use keyholder_core::ports::{PersonFilter, Queries as _};
use keyholder_core::school::School;
use keyholder_saml::messages::NameIdFormat;
use keyholder_saml::service_provider::ServiceProvider;
use keyholder_store::SqlStore;

use super::super::context::Context;
use super::super::error::CliError;
use crate::config::faults::suggestion;
use crate::saml::persistent;

/// One line for each person and school: address, identifier, school. Who has no identifier yet is given one.
pub(super) async fn list(context: &Context, store: &SqlStore, client_id: &str) -> Result<Vec<String>, CliError> {
    let application = load(store, client_id).await?;
    let now = context.clock.now();
    let mut lines = Vec::new();
    for school in store.list_schools().await? {
        if !application.offered_to.serves(&school) {
            continue;
        }
        for person in members(store, &school, now).await? {
            let whom = (&application, &person, &school);
            let identifier = persistent(store, context.random.as_ref(), whom, now).await?;
            lines.push(format!("{}\t{identifier}\t{}", person.email.as_str(), school.slug));
        }
    }
    Ok(lines)
}

/// An application that knows people by persistent identifiers.
async fn load(store: &SqlStore, client_id: &str) -> Result<RelyingApplication, CliError> {
    let applications = store.list_applications().await?;
    let speaks_saml = |application: &&RelyingApplication| application.saml.is_some();
    let Some(application) = applications.iter().filter(speaks_saml).find(|one| one.client.client_id == client_id)
    else {
        let names = applications.iter().filter(speaks_saml).map(|one| one.client.client_id.as_str());
        let hint = suggestion(client_id, names);
        return Err(CliError::Refused(format!("there is no service provider `{client_id}`{hint}")));
    };
    let registration = application.saml.as_ref().map(|saml| saml.registration.clone()).unwrap_or_default();
    match serde_json::from_value::<ServiceProvider>(registration) {
        Ok(provider) if provider.settings.name_id != NameIdFormat::Persistent => {
            let problem = format!("`{client_id}` does not know people by persistent identifiers (`name_id`)");
            Err(CliError::Refused(problem))
        }
        Ok(_) => Ok(application.clone()),
        Err(_) => {
            Err(CliError::Refused(format!("the registration of `{client_id}` cannot be read: apply its file again")))
        }
    }
}

/// Who belongs to the school today.
async fn members(
    store: &SqlStore,
    school: &School,
    now: keyholder_core::time::Timestamp,
) -> Result<Vec<Person>, CliError> {
    let mut members = Vec::new();
    for person in store.list_people(PersonFilter::OfSchool(school.id)).await? {
        let memberships = store.list_memberships(person.id).await?;
        let belongs = memberships.iter().any(|one| one.school.id == school.id && one.membership.is_active(now));
        if belongs && person.disabled_at.is_none() {
            members.push(person);
        }
    }
    Ok(members)
}
