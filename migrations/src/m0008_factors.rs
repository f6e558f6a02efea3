//! Second factors: what a key shows and proves, ceremonies in progress, failures of a key.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, string, text};

use crate::columns::{bytes, id, id_null, index, instant, instant_null, part_of, table_with_id, unique};

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One column a statement: SQLite takes no more.
        let device = ColumnDef::new("device").blob().null().to_owned();
        let evidence = ColumnDef::new("evidence").text().not_null().default("{}").to_owned();
        let facts = ColumnDef::new("facts").text().not_null().default("[]").to_owned();
        for column in [device, evidence, facts] {
            manager.alter_table(Table::alter().table("credentials").add_column(column).to_owned()).await?;
        }

        manager
            .create_table(
                table_with_id("ceremonies")
                    .col(big_integer("version"))
                    .col(id("session_id"))
                    .col(id_null("flow_id"))
                    .col(id("person_id"))
                    .col(string("factor"))
                    .col(string("purpose"))
                    .col(text("credentials"))
                    .col(bytes("contents"))
                    .col(ColumnDef::new("reply_tag").binary_len(32).null().to_owned())
                    .col(instant("created_at"))
                    .col(instant("expires_at"))
                    .col(instant_null("ended_at"))
                    .foreign_key(&mut part_of("session_id", "sessions"))
                    .foreign_key(&mut part_of("flow_id", "flows"))
                    .foreign_key(&mut part_of("person_id", "people"))
                    .to_owned(),
            )
            .await?;
        manager.create_index(index("ceremonies", "ceremonies_session", &["session_id"])).await?;
        manager.create_index(index("ceremonies", "ceremonies_flow", &["flow_id"])).await?;
        manager.create_index(index("ceremonies", "ceremonies_person", &["person_id"])).await?;
        manager.create_index(index("ceremonies", "ceremonies_expiry", &["expires_at"])).await?;
        manager.create_index(unique("ceremonies", "ceremonies_reply_tag", &["reply_tag"])).await?;

        manager
            .create_table(
                Table::create()
                    .table("credential_failures")
                    .col(ColumnDef::new("credential_id").uuid().not_null().primary_key())
                    .col(integer("failures"))
                    .col(instant("window_started_at"))
                    .col(integer("locks"))
                    .col(instant_null("locked_until"))
                    .col(integer("diagnoses"))
                    .col(instant_null("diagnosed_at"))
                    .col(instant("diagnoses_since"))
                    .foreign_key(&mut part_of("credential_id", "credentials"))
                    .to_owned(),
            )
            .await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
