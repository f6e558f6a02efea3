//! The keys that a person could use in a sign-in.

use keyholder_core::flow::dispatcher::KeyAtHand;
use keyholder_core::person::Person;

use crate::app::App;
use crate::web::PageError;

/// Those of installed factors. No factor is installed yet.
#[allow(clippy::unused_async, reason = "reads the person's credentials as soon as factors are installed")]
pub(crate) async fn at_hand(_app: &App, _person: &Person) -> Result<Vec<KeyAtHand>, PageError> {
    Ok(Vec::new())
}
