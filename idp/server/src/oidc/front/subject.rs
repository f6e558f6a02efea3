//! Under which name an application knows a person (`OpenID` Connect Core 8).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keyholder_core::application::{RelyingApplication, SubjectType};
use keyholder_core::person::Person;
use keyholder_core::ports::{Queries, StoreError};
use keyholder_core::school::School;

use crate::app::App;

/// The `sub` of a person at an application, in a school.
///
/// An application that serves one school gets the person's public subject. One that serves several gets another for each
/// school, so that what two schools know about a person cannot be joined, unless their trust says that it may. A client that
/// asked for pairwise subjects gets its own in any case.
pub async fn subject_of(
    app: &App,
    application: &RelyingApplication,
    person: &Person,
    school: &School,
) -> Result<String, StoreError> {
    // Most applications know a person by the same name whatever the trust says.
    let matters = naming(application, false) != naming(application, true);
    let across_schools = match school.trust.filter(|_| matters) {
        Some(trust) => app.store.find_trust(trust).await?.is_some_and(|trust| trust.one_subject_across_schools),
        None => false,
    };
    // Core 8.1 derives pairwise subjects from a sector; ours is the application, which stays when its addresses change.
    let mut value = [application.id.as_uuid().into_bytes(), person.id.as_uuid().into_bytes()].concat();
    match naming(application, across_schools) {
        Naming::Public => return Ok(person.subject.clone()),
        Naming::ForApplication => {}
        Naming::ForSchool => value.extend_from_slice(school.id.as_uuid().as_bytes()),
    }
    Ok(URL_SAFE_NO_PAD.encode(app.sealer.digest("oidc-subject", &value)))
}

/// Who else knows a person by the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Naming {
    /// Every application with public subjects.
    Public,
    /// This application in all its schools.
    ForApplication,
    /// This application in this school.
    ForSchool,
}

/// The rule of [`subject_of`]. An application for which it changes takes everybody for a stranger.
pub(crate) fn naming(application: &RelyingApplication, across_schools: bool) -> Naming {
    let pairwise = application.client.subject_type == SubjectType::Pairwise;
    match (across_schools, pairwise) {
        (false, true) => Naming::ForSchool,
        (false, false) if application.offered_to.may_be_several() => Naming::ForSchool,
        (true, true) => Naming::ForApplication,
        (_, false) => Naming::Public,
    }
}
