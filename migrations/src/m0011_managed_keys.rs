//! Keys that schools issue: the inventory and its history.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, string, string_null, text_null};

use crate::columns::{id, id_null, index, instant, part_of, refers, table_with_id, unique};

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // `serial_in_use` is the serial as long as the key is not retired: a serial may come again after that.
        manager
            .create_table(
                table_with_id("managed_keys")
                    .col(id("school_id"))
                    .col(string("factor"))
                    .col(string("serial"))
                    .col(string_null("serial_in_use"))
                    .col(id_null("credential_id"))
                    .col(string("state"))
                    .col(id_null("holder_id"))
                    .col(big_integer("version"))
                    .col(instant("imported_at"))
                    .col(instant("changed_at"))
                    .foreign_key(&mut refers("school_id", "schools"))
                    .foreign_key(&mut refers("credential_id", "credentials"))
                    .foreign_key(&mut refers("holder_id", "people"))
                    .to_owned(),
            )
            .await?;
        let serials = unique("managed_keys", "managed_keys_serial", &["school_id", "factor", "serial_in_use"]);
        manager.create_index(serials).await?;

        manager
            .create_table(
                table_with_id("managed_key_changes")
                    .col(id("key_id"))
                    .col(instant("at"))
                    .col(string("kind"))
                    .col(id_null("person_id"))
                    .col(text_null("note"))
                    .foreign_key(&mut part_of("key_id", "managed_keys"))
                    .foreign_key(&mut refers("person_id", "people"))
                    .to_owned(),
            )
            .await?;
        manager.create_index(index("managed_key_changes", "managed_key_changes_key", &["key_id"])).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
