//! The database schema of Keyholder, as an ordered list of migrations.
//!
//! Owns tables, keys and indexes. Does not own what stands in the rows, nor when migrations run: that is `keyholder-store`,
//! which copies the file first and runs everything that is pending in one transaction.
//!
//! Nothing here is of one database only: identifiers are uuids, instants are big integers (milliseconds since 1970), what is
//! structured is JSON in text columns. A released migration is never changed; a mend is a new one.

mod columns;
mod m0001_schools;
mod m0002_people;
mod m0003_applications;
mod m0004_sign_in;
mod m0005_operation;
mod m0006_browser_names;
mod m0007_outbox_lanes;
mod m0008_factors;
mod m0009_plugins;
mod m0010_first_key;
mod m0011_managed_keys;
mod m0012_saml;
mod m0013_saml_metadata;
mod m0014_first_key_bars;

use sea_orm_migration::prelude::*;

/// Every migration, in order.
#[derive(Debug, Clone, Copy)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_schools::Migration),
            Box::new(m0002_people::Migration),
            Box::new(m0003_applications::Migration),
            Box::new(m0004_sign_in::Migration),
            Box::new(m0005_operation::Migration),
            Box::new(m0006_browser_names::Migration),
            Box::new(m0007_outbox_lanes::Migration),
            Box::new(m0008_factors::Migration),
            Box::new(m0009_plugins::Migration),
            Box::new(m0010_first_key::Migration),
            Box::new(m0011_managed_keys::Migration),
            Box::new(m0012_saml::Migration),
            Box::new(m0013_saml_metadata::Migration),
            Box::new(m0014_first_key_bars::Migration),
        ]
    }
}
