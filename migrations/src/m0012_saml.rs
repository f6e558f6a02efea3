//! SAML 2.0: service providers, keys, persistent identifiers, who was told of a session.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{boolean, string, string_null, text, text_null};

use crate::columns::{bytes, id, index, instant, instant_null, part_of, table_with_id, unique};

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [string_null("entity_id"), text_null("saml")] {
            manager.alter_table(Table::alter().table("applications").add_column(column).to_owned()).await?;
        }
        manager.create_index(unique("applications", "applications_entity_id", &["entity_id"])).await?;

        manager
            .create_table(
                table_with_id("saml_keys")
                    .col(string("purpose"))
                    .col(string("state"))
                    .col(bytes("private_key"))
                    .col(bytes("certificate"))
                    .col(instant("created_at"))
                    .col(instant_null("published_until"))
                    .to_owned(),
            )
            .await?;

        // `school` is the nil uuid where the identifier holds in every school: a key of a table has no absent part.
        manager
            .create_table(
                Table::create()
                    .table("saml_name_ids")
                    .col(id("application_id"))
                    .col(id("person_id"))
                    .col(id("school"))
                    .col(string("value"))
                    .col(instant("created_at"))
                    .primary_key(Index::create().col("application_id").col("person_id").col("school"))
                    .foreign_key(&mut part_of("application_id", "applications"))
                    .foreign_key(&mut part_of("person_id", "people"))
                    .to_owned(),
            )
            .await?;
        manager.create_index(unique("saml_name_ids", "saml_name_ids_value", &["application_id", "value"])).await?;

        manager
            .create_table(
                Table::create()
                    .table("saml_participants")
                    .col(ColumnDef::new("grant_id").uuid().not_null().primary_key())
                    .col(id("session_id"))
                    .col(id("application_id"))
                    .col(string("name_id"))
                    .col(string("session_index"))
                    .col(boolean("reached_by_soap"))
                    .col(text("told"))
                    .foreign_key(&mut part_of("grant_id", "grants"))
                    .to_owned(),
            )
            .await?;
        manager.create_index(index("saml_participants", "saml_participants_session", &["session_id"])).await?;
        let named = index("saml_participants", "saml_participants_named", &["application_id", "name_id"]);
        manager.create_index(named).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
