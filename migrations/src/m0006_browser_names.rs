//! What the browsers of a person call themselves, so that they can be told apart in a list.

use sea_orm_migration::prelude::*;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let name = ColumnDef::new("user_agent").text().not_null().default("").to_owned();
        manager.alter_table(Table::alter().table("known_browsers").add_column(name).to_owned()).await
    }
}
