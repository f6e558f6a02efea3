//! People, passwords, memberships, credentials.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, boolean, integer, string, string_null, text};

use crate::columns::{bytes, id, id_null, index, instant, instant_null, part_of, refers, table_with_id, unique};

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                table_with_id("people")
                    .col(string("subject"))
                    .col(string("email"))
                    .col(string("email_key"))
                    .col(instant_null("email_verified_at"))
                    .col(string("given_name"))
                    .col(string("family_name"))
                    .col(string_null("language"))
                    .col(instant_null("disabled_at"))
                    .col(instant("created_at"))
                    .to_owned(),
            )
            .await?;
        manager.create_index(unique("people", "people_subject", &["subject"])).await?;
        manager.create_index(unique("people", "people_email_key", &["email_key"])).await?;

        manager
            .create_table(
                Table::create()
                    .table("passwords")
                    .col(ColumnDef::new("person_id").uuid().not_null().primary_key())
                    .col(text("hash"))
                    .col(instant("changed_at"))
                    .foreign_key(&mut part_of("person_id", "people"))
                    .to_owned(),
            )
            .await?;

        manager
            .create_table(
                table_with_id("memberships")
                    .col(id("person_id"))
                    .col(id("school_id"))
                    .col(id("group_id"))
                    .col(instant_null("starts_at"))
                    .col(instant_null("ends_at"))
                    .col(boolean("admin_key_holder"))
                    .col(instant("created_at"))
                    .foreign_key(&mut part_of("person_id", "people"))
                    .foreign_key(&mut refers("school_id", "schools"))
                    .foreign_key(&mut refers("group_id", "user_groups"))
                    .to_owned(),
            )
            .await?;
        manager.create_index(index("memberships", "memberships_person", &["person_id"])).await?;
        manager.create_index(index("memberships", "memberships_school", &["school_id"])).await?;

        manager
            .create_table(
                Table::create()
                    .table("membership_pupil_scopes")
                    .col(id("membership_id"))
                    .col(id("pupil_scope_id"))
                    .col(integer("position"))
                    .primary_key(Index::create().col("membership_id").col("pupil_scope_id"))
                    .foreign_key(&mut part_of("membership_id", "memberships"))
                    .foreign_key(&mut refers("pupil_scope_id", "pupil_scopes"))
                    .to_owned(),
            )
            .await?;

        manager
            .create_table(
                table_with_id("credentials")
                    .col(id_null("owner_person_id"))
                    .col(id_null("owner_school_id"))
                    .col(id_null("holder_id"))
                    .col(string("factor"))
                    .col(ColumnDef::new("lookup").blob().null().to_owned())
                    .col(string("label"))
                    .col(big_integer("format"))
                    .col(bytes("secret"))
                    .col(big_integer("version"))
                    .col(instant("created_at"))
                    .col(instant_null("last_used_at"))
                    .foreign_key(&mut part_of("owner_person_id", "people"))
                    .foreign_key(&mut refers("owner_school_id", "schools"))
                    .foreign_key(&mut refers("holder_id", "people"))
                    .to_owned(),
            )
            .await?;
        manager.create_index(unique("credentials", "credentials_lookup", &["factor", "lookup"])).await?;
        manager.create_index(index("credentials", "credentials_owner", &["owner_person_id"])).await?;
        manager.create_index(index("credentials", "credentials_holder", &["holder_id"])).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
