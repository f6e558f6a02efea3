//! Outbox, leases, signing keys, revisions, audit.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, integer, string, string_null, text_null};

use crate::columns::{bytes, id, id_null, index, instant, instant_null, table_with_id, unique};

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // A message without `due_at` is dead: kept for the operator, never tried again.
        manager
            .create_table(
                table_with_id("outbox")
                    .col(bytes("delivery"))
                    .col(instant_null("due_at"))
                    .col(integer("attempts"))
                    .col(instant("created_at"))
                    .col(string_null("claimed_by"))
                    .col(instant_null("claimed_until"))
                    .col(text_null("last_error"))
                    .to_owned(),
            )
            .await?;
        manager.create_index(index("outbox", "outbox_due", &["due_at"])).await?;

        manager
            .create_table(
                Table::create()
                    .table("leases")
                    .col(ColumnDef::new("name").string().not_null().primary_key())
                    .col(string("holder"))
                    .col(instant("expires_at"))
                    .to_owned(),
            )
            .await?;

        manager
            .create_table(
                table_with_id("signing_keys")
                    .col(string("algorithm"))
                    .col(string("state"))
                    .col(bytes("private_key"))
                    .col(instant("created_at"))
                    .col(instant("active_from"))
                    .col(instant_null("published_until"))
                    .to_owned(),
            )
            .await?;

        manager
            .create_table(
                Table::create()
                    .table("revisions")
                    .col(ColumnDef::new("name").string().not_null().primary_key())
                    .col(big_integer("value"))
                    .to_owned(),
            )
            .await?;

        audit(manager).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// Audit rows outlive what they name: no foreign keys. `chain_of` is the school whose chain an event stands in, or the nil
/// uuid for the installation's own, so that the sequence is unique in both. Truncation clears `salt`, `subject_id` and `personal`.
async fn audit(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            table_with_id("audit_events")
                .col(instant("at"))
                .col(string("kind"))
                .col(id("chain_of"))
                .col(id_null("application_id"))
                .col(id_null("subject_id"))
                .col(ColumnDef::new("salt").blob().null().to_owned())
                .col(text_null("personal"))
                .col(big_integer_null("sequence"))
                .col(ColumnDef::new("commitment").blob().null().to_owned())
                .col(ColumnDef::new("chain").blob().null().to_owned())
                .to_owned(),
        )
        .await?;
    manager.create_index(unique("audit_events", "audit_events_sequence", &["chain_of", "sequence"])).await?;
    manager.create_index(index("audit_events", "audit_events_subject", &["subject_id", "at"])).await?;
    // What waits for the sealer is a handful of rows among millions.
    manager
        .create_index(
            index("audit_events", "audit_events_unsealed", &["at", "id"])
                .cond_where(Expr::col("sequence").is_null())
                .to_owned(),
        )
        .await
}
