//! The HTTP endpoints of the `OpenID` provider.

pub mod back;
pub mod front;
