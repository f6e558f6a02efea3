//! The actors of the end-to-end tests: a running [`Keyholder`], a [`Browser`] without scripts, a [`RelyingApplication`] that
//! does the code flow by hand, the example application ([`Safeguarding`]), the [`Mailbox`], a [`Holder`] of a key from their school, and
//! a [`Publisher`] of plugins.
//!
//! Owns how tests speak; each file in `tests/` owns a subject. Everything starts on free loopback ports and stops with its
//! actor. What only a real browser or a real relying party can show is in `tests/web`.

mod browser;
mod cookies;
mod holder;
mod keyholder;
mod mailbox;
mod publisher;
mod relying_application;
mod safeguarding;

pub use browser::{Browser, Form, Page};
pub use holder::{Holder, hand_out};
pub use keyholder::{Keyholder, PASSWORD, built};
pub use mailbox::{Letter, Mailbox};
pub use publisher::{Files, Publisher, bundled_as};
pub use relying_application::{Answer, AuthorizationRequest, RelyingApplication, SignedIn};
pub use safeguarding::Safeguarding;
