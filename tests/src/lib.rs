//! The actors of the end-to-end tests: a running [`Keyholder`], a [`Browser`] without scripts, a [`RelyingApplication`] that
//! does the code flow by hand, the example application ([`Safeguarding`]), and the [`Mailbox`].
//!
//! Owns how tests speak; each file in `tests/` owns a subject. Everything starts on free loopback ports and stops with its
//! actor. What only a real browser or a real relying party can show is in `tests/web`.

mod browser;
mod cookies;
mod keyholder;
mod mailbox;
mod relying_application;
mod safeguarding;

pub use browser::{Browser, Form, Page};
pub use keyholder::{Keyholder, PASSWORD, built};
pub use mailbox::{Letter, Mailbox};
pub use relying_application::{Answer, AuthorizationRequest, RelyingApplication, SignedIn};
pub use safeguarding::Safeguarding;
