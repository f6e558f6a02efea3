//! Plugins, their versions with their files, and the publishers whose packages are trusted.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, string, string_null, text};

use crate::columns::{bytes, digest, id, instant, part_of, table_with_id, unique};

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // `active` is a version of the plugin; not a foreign key, since plugin and first version are inserted one after the other.
        manager
            .create_table(
                table_with_id("plugins")
                    .col(string("name"))
                    .col(string("switch"))
                    .col(id("active"))
                    .col(string("choice"))
                    .col(text("origin"))
                    .col(string_null("floor"))
                    .col(bytes("settings"))
                    .col(big_integer("version"))
                    .col(instant("created_at"))
                    .col(instant("updated_at"))
                    .to_owned(),
            )
            .await?;
        manager.create_index(unique("plugins", "plugins_name", &["name"])).await?;

        manager
            .create_table(
                table_with_id("plugin_versions")
                    .col(id("plugin_id"))
                    .col(string("version"))
                    .col(digest("digest"))
                    .col(text("origin"))
                    .col(text("granted"))
                    .col(digest("seal"))
                    .col(instant("installed_at"))
                    .foreign_key(&mut part_of("plugin_id", "plugins"))
                    .to_owned(),
            )
            .await?;
        manager.create_index(unique("plugin_versions", "plugin_versions_version", &["plugin_id", "version"])).await?;

        manager
            .create_table(
                Table::create()
                    .table("plugin_files")
                    .col(id("version_id"))
                    .col(string("name"))
                    .col(bytes("content"))
                    .primary_key(Index::create().col("version_id").col("name"))
                    .foreign_key(&mut part_of("version_id", "plugin_versions"))
                    .to_owned(),
            )
            .await?;

        manager
            .create_table(
                Table::create()
                    .table("plugin_publishers")
                    .col(ColumnDef::new("key_id").string().not_null().primary_key())
                    .col(string("name"))
                    .col(string("public_key"))
                    .col(instant("added_at"))
                    .to_owned(),
            )
            .await?;
        manager.create_index(unique("plugin_publishers", "plugin_publishers_name", &["name"])).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
