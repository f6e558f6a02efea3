//! Trusts, schools, groups, pupil scopes.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{boolean, integer, string, string_null, text};

use crate::columns::{id, id_null, index, instant, refers, table_with_id, unique};

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                table_with_id("trusts")
                    .col(string("slug"))
                    .col(string("name"))
                    .col(boolean("one_subject_across_schools"))
                    .col(instant("created_at"))
                    .to_owned(),
            )
            .await?;
        manager.create_index(unique("trusts", "trusts_slug", &["slug"])).await?;

        manager
            .create_table(
                table_with_id("schools")
                    .col(id_null("trust_id"))
                    .col(string("slug"))
                    .col(string("name"))
                    .col(string_null("urn"))
                    .col(string_null("ukprn"))
                    .col(text("branding"))
                    .col(instant("created_at"))
                    .foreign_key(&mut refers("trust_id", "trusts"))
                    .to_owned(),
            )
            .await?;
        manager.create_index(unique("schools", "schools_slug", &["slug"])).await?;
        manager.create_index(index("schools", "schools_trust", &["trust_id"])).await?;

        manager
            .create_table(
                table_with_id("user_groups")
                    .col(id("school_id"))
                    .col(string("slug"))
                    .col(string("name"))
                    .col(text("full_set"))
                    .col(text("restricted_set"))
                    .col(string("needs"))
                    .col(integer("elevation_minutes"))
                    .col(instant("created_at"))
                    .foreign_key(&mut refers("school_id", "schools"))
                    .to_owned(),
            )
            .await?;
        manager.create_index(unique("user_groups", "user_groups_slug", &["school_id", "slug"])).await?;

        manager
            .create_table(
                table_with_id("pupil_scopes")
                    .col(id("school_id"))
                    .col(string("kind"))
                    .col(string("name"))
                    .foreign_key(&mut refers("school_id", "schools"))
                    .to_owned(),
            )
            .await?;
        manager.create_index(unique("pupil_scopes", "pupil_scopes_name", &["school_id", "kind", "name"])).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
