//! Metadata of service providers that is fetched: from an address, a query server, or a federation's aggregate.
//!
//! Owns which copy comes into force, when the source is looked at again, and what an operator should know of it. Does not own the
//! document (`keyholder_saml::metadata`), what addresses may be asked (`crate::outbound`), the rhythm (`crate::workers`), or the
//! registration (`keyholder apply`). The copy before it stays in force until a better one is there.

mod fetch;
mod health;
mod keep;
mod refresh;

pub(crate) use fetch::{fetch_first, is_ours};
pub(crate) use health::{Level, Provider, findings, list_providers};
pub(crate) use refresh::{Older, Outcome, Renewed, Surroundings, next_look, refresh};

#[cfg(test)]
pub(crate) mod tests;
