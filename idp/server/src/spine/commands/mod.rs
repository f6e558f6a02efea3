//! What the spine writes, each in one transaction.

mod finish;
mod keep;
mod sign_in;
mod sign_out;

pub use finish::FinishFlow;
pub(crate) use keep::{Agree, KeepFlow, Record, RecordAsked, kept};
pub(crate) use sign_in::{End, NEW_BROWSER, Rehash, SignIn, SignedIn};
pub use sign_out::{EndSession, EndSessionsOf};
