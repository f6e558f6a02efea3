//! Rows and short-lived values: the adapters behind the ports of `keyholder-core`.
//!
//! Owns how the domain's things stand in tables (`entities`, `rows`), the SQLite file with its lock, its migrations and its
//! one writer (`sqlite`), the master key under which secret columns are sealed ([`seal`]), and the short-lived store
//! in this process ([`short_lived`]). Does not own the schema (`keyholder-migrations`), nor any rule of the domain: what
//! a thing means is decided in `keyholder-core`, and what belongs into one transaction by the [`Command`] that runs in it.
//!
//! A read goes to one of a few connections that are kept warm. A write is a [`Command`]: the writer runs many of them in one
//! transaction, each undone by itself where it fails, and answers after the shared commit, so that one fsync serves them all.
//!
//! What any back end must keep is in [`conformance`].
//!
//! Invariant: nothing is acknowledged before it is durable. Invariant: no statement here is of one database only, outside
//! `sqlite`. Invariant: no secret leaves for the disk unsealed or unhashed.
//!
//! [`Command`]: keyholder_core::ports::Command

pub mod conformance;
mod entities;
mod error;
pub mod operation;
mod ports;
mod rows;
pub mod seal;
pub mod short_lived;
mod sqlite;
mod store;

pub use sqlite::copy::{DatabaseLock, Inspection, compact, copy, files_of, inspect, remove};
pub use sqlite::figures::{BATCH_BOUNDS, Statements, WriterFigures};
pub use sqlite::open::{Access, OpenError, SqliteOptions};
pub use store::SqlStore;
