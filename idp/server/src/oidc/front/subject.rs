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
    let across_schools = match school.trust {
        Some(trust) => app.store.find_trust(trust).await?.is_some_and(|trust| trust.one_subject_across_schools),
        None => false,
    };
    let pairwise = application.client.subject_type == SubjectType::Pairwise;
    let by_school = !across_schools && (pairwise || application.offered_to.may_be_several());
    if !pairwise && !by_school {
        return Ok(person.subject.clone());
    }
    // Core 8.1 derives pairwise subjects from a sector; ours is the application, which stays when its addresses change.
    let mut value = [application.id.as_uuid().into_bytes(), person.id.as_uuid().into_bytes()].concat();
    if by_school {
        value.extend_from_slice(school.id.as_uuid().as_bytes());
    }
    Ok(URL_SAFE_NO_PAD.encode(app.sealer.digest("oidc-subject", &value)))
}
