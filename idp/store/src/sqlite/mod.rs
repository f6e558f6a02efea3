//! Everything that is SQLite's: the file and its lock, connections, the one writer.

pub(crate) mod connection;
pub(crate) mod copy;
pub(crate) mod figures;
pub(crate) mod migrate;
pub(crate) mod open;
pub(crate) mod readers;
pub(crate) mod record;
pub(crate) mod transaction;
pub(crate) mod writer;

#[cfg(test)]
mod tests;
