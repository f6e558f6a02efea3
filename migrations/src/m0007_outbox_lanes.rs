//! Lanes of the outbox, so that applications that do not answer hold up no mail.

use sea_orm_migration::prelude::*;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // What waits already goes with the mails.
        let lane = ColumnDef::new("lane").string().not_null().default("mails").to_owned();
        manager.alter_table(Table::alter().table("outbox").add_column(lane).to_owned()).await
    }
}
