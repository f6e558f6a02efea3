//! SAML 2.0: where metadata of service providers is fetched, and how the looks at it went.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{integer, text, text_null};

use crate::columns::{instant, instant_null, part_of};

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // `failed_attempts` is 0 where the last look went well.
        manager
            .create_table(
                Table::create()
                    .table("saml_metadata")
                    .col(ColumnDef::new("application_id").uuid().not_null().primary_key())
                    .col(text("source"))
                    .col(instant("fetched_at"))
                    .col(instant("next_refresh"))
                    .col(integer("failed_attempts"))
                    .col(instant_null("failing_since"))
                    .col(text_null("last_error"))
                    .foreign_key(&mut part_of("application_id", "applications"))
                    .to_owned(),
            )
            .await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
