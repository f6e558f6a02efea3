//! The domain of Keyholder: its vocabulary, the sign-in state machine, assurance, and the ports through which the rest of
//! the world is reached.
//!
//! Owns the meaning of a sign-in. Does not own protocols (`keyholder-oidc`), rows (`keyholder-store`), pages
//! (`keyholder-theme`) or HTTP (`keyholder`): there is no I/O and no async runtime here.

pub mod locale;
pub mod random;
pub mod time;
