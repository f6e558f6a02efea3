//! The keys that a person could use in a sign-in.

use keyholder_core::flow::dispatcher::KeyAtHand;
use keyholder_core::person::Person;
use keyholder_core::ports::Queries as _;

use crate::app::App;
use crate::factors;
use crate::web::PageError;

/// Those of installed factors.
pub(crate) async fn at_hand(app: &App, person: &Person) -> Result<Vec<KeyAtHand>, PageError> {
    Ok(factors::at_hand(app, &app.store.list_credentials(person.id).await?))
}
