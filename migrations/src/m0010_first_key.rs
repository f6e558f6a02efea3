//! What it takes to enrol a first key, per group.

use sea_orm_migration::prelude::*;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let rule = ColumnDef::new("first_key").string().not_null().default("mailbox").to_owned();
        manager.alter_table(Table::alter().table("user_groups").add_column(rule).to_owned()).await
    }
}
