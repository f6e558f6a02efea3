//! Fakes for tests on the author's machine: what the host lends, a context, a phone.
//!
//! A fake belongs to the thread, and a test has a thread of its own: nothing is shared between tests. Random bytes are a fixed
//! sequence, the same in each run; nothing in here is fit for anything but tests.

#[cfg(feature = "factor")]
mod context;
pub mod host;
#[cfg(feature = "factor")]
mod phone;
#[cfg(feature = "policy")]
pub mod policy;
#[cfg(feature = "factor")]
mod texts;
#[cfg(feature = "factor")]
pub mod vectors;

#[cfg(feature = "factor")]
pub use context::{answer, cancelled, context, credential, device_answer, stored};
pub use host::{LogLine, take_log};
#[cfg(feature = "factor")]
pub use phone::Phone;
#[cfg(feature = "factor")]
pub use texts::{messages, missing_texts, texts_of};
