//! The domain of Keyholder: its vocabulary, the sign-in state machine, assurance, and the ports through which the rest of
//! the world is reached.
//!
//! Owns the meaning of a sign-in. Does not own protocols (`keyholder-oidc`), rows (`keyholder-store`), pages
//! (`keyholder-theme`) or HTTP (`keyholder`): there is no I/O and no async runtime here.

pub mod application;
pub mod assurance;
pub mod audit;
pub mod ceremony;
pub mod credential;
pub mod factor;
pub mod flow;
pub mod grant;
pub mod id;
pub mod key;
pub mod link;
pub mod locale;
pub mod lockout;
pub mod logout;
pub mod managed_key;
pub mod membership;
pub mod outbox;
pub mod person;
pub mod plugin;
pub mod policy;
pub mod ports;
pub mod random;
pub mod saml;
pub mod school;
pub mod session;
pub mod time;
pub mod verdict;
