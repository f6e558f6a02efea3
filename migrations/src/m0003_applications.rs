//! Relying applications, the schools that they serve, and what people agreed to.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{integer, string, text, text_null};

use crate::columns::{id, id_null, index, instant, part_of, refers, table_with_id, unique};

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                table_with_id("applications")
                    .col(string("client_id"))
                    .col(string("name"))
                    .col(id_null("trust_id"))
                    .col(string("consent"))
                    .col(text_null("launch_url"))
                    .col(text("client"))
                    .col(instant("created_at"))
                    .col(instant("updated_at"))
                    .foreign_key(&mut refers("trust_id", "trusts"))
                    .to_owned(),
            )
            .await?;
        manager.create_index(unique("applications", "applications_client_id", &["client_id"])).await?;

        manager
            .create_table(
                Table::create()
                    .table("application_schools")
                    .col(id("application_id"))
                    .col(id("school_id"))
                    .col(integer("position"))
                    .primary_key(Index::create().col("application_id").col("school_id"))
                    .foreign_key(&mut part_of("application_id", "applications"))
                    .foreign_key(&mut refers("school_id", "schools"))
                    .to_owned(),
            )
            .await?;

        manager
            .create_table(
                Table::create()
                    .table("consents")
                    .col(id("person_id"))
                    .col(id("application_id"))
                    .col(id("school_id"))
                    .col(text("scopes"))
                    .col(instant("given_at"))
                    .primary_key(Index::create().col("person_id").col("application_id").col("school_id"))
                    .foreign_key(&mut part_of("person_id", "people"))
                    .foreign_key(&mut part_of("application_id", "applications"))
                    .foreign_key(&mut refers("school_id", "schools"))
                    .to_owned(),
            )
            .await?;
        manager.create_index(index("consents", "consents_application", &["application_id"])).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
