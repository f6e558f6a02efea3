//! What a service provider learns of a person: identifiers and attributes, in the school of the grant.

use keyholder_core::application::RelyingApplication;
use keyholder_core::assurance::Assurance;
use keyholder_core::person::Person;
use keyholder_core::ports::{Queries as _, SamlQueries as _, StoreError};
use keyholder_core::random::Random;
use keyholder_core::saml::NameIdOwner;
use keyholder_core::school::School;
use keyholder_core::time::Timestamp;
use keyholder_saml::attributes::{Affiliation, Facts};
use keyholder_saml::subject::draw_opaque;
use keyholder_store::SqlStore;

use super::commands::KeepNameId;
use crate::app::App;
use crate::oidc::front::{Naming, naming};
use crate::spine::Ending;

/// Whose identifier it is: in one school or in all, by the rule that holds for `sub` too.
async fn owner(
    store: &SqlStore,
    application: &RelyingApplication,
    person: &Person,
    school: &School,
) -> Result<(NameIdOwner, Naming), StoreError> {
    let across_schools = match school.trust {
        Some(trust) => store.find_trust(trust).await?.is_some_and(|trust| trust.one_subject_across_schools),
        None => false,
    };
    let naming = naming(application, across_schools);
    let school = (naming == Naming::ForSchool).then_some(school.id);
    Ok((NameIdOwner { application: application.id, person: person.id, school }, naming))
}

/// Whether the application knows the person by this persistent identifier.
pub(crate) async fn knows_as(
    app: &App,
    application: &RelyingApplication,
    person: &Person,
    school: &School,
    name_id: &str,
) -> Result<bool, StoreError> {
    let (owner, _) = owner(&app.store, application, person, school).await?;
    Ok(app.store.find_name_id(owner).await?.as_deref() == Some(name_id))
}

/// The persistent identifier of a person at an application, which is made where there is none: for those who have to know it before
/// the first sign-in.
pub(crate) async fn persistent(
    store: &SqlStore,
    random: &dyn Random,
    (application, person, school): (&RelyingApplication, &Person, &School),
    now: Timestamp,
) -> Result<String, StoreError> {
    let (owner, _) = owner(store, application, person, school).await?;
    find_or_make(store, random, owner, now).await
}

async fn find_or_make(
    store: &SqlStore,
    random: &dyn Random,
    owner: NameIdOwner,
    now: Timestamp,
) -> Result<String, StoreError> {
    match store.find_name_id(owner).await? {
        Some(value) => Ok(value),
        None => store.execute(KeepNameId { owner, value: draw_opaque(random), now }).await,
    }
}

/// The person's facts, with the persistent identifier, which is made at the first sign-in and kept for good.
pub(super) async fn facts(app: &App, ending: &Ending<'_>, assurance: Assurance) -> Result<Facts, StoreError> {
    let (person, school) = (ending.person, &ending.member.school);
    let (owner, naming) = owner(&app.store, ending.application, person, school).await?;
    let persistent = find_or_make(&app.store, app.random.as_ref(), owner, app.now()).await?;
    let subject = subject(app, &owner, naming);
    let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    Ok(Facts {
        persistent,
        // Drawn from the person alone, so that nobody else ever gets it.
        principal: Some(subject.clone()),
        subject,
        scope: super::scope(app),
        // An address counts once it answered a mail (design, Decisions).
        email: person.email_verified_at.map(|_| person.email.as_str().to_owned()),
        display_name: some(&person.display_name()),
        given_name: some(&person.given_name),
        family_name: some(&person.family_name),
        affiliations: vec![Affiliation::Member],
        school_urn: school.urn.clone(),
        school_ukprn: school.ukprn.clone(),
        groups: ending.permit.groups.clone(),
        pupil_scopes: Some(ending.permit.pupil_scopes.clone()),
        assurance,
    })
}

/// The public identifier, as far as the application may join what it knows: letters and digits, in lower case.
fn subject(app: &App, owner: &NameIdOwner, naming: Naming) -> String {
    let mut value = owner.person.as_uuid().into_bytes().to_vec();
    match naming {
        Naming::Public => {}
        Naming::ForApplication => value.extend(owner.application.as_uuid().into_bytes()),
        Naming::ForSchool => {
            value.extend(owner.application.as_uuid().into_bytes());
            value.extend(owner.school.map(|school| school.as_uuid().into_bytes()).unwrap_or_default());
        }
    }
    let digest = app.sealer.digest("saml-subject", &value);
    digest
        .iter()
        .take(20)
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|nibble| char::from_digit(nibble.into(), 16))
        .collect()
}
