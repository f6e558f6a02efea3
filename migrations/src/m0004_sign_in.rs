//! Sessions, browsers, grants, refresh tokens, single-use marks, flows, mailed links.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, boolean, string, text, text_null};

use crate::columns::{digest, id, id_null, index, instant, instant_null, part_of, refers, table_with_id, unique};

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        sessions(manager).await?;
        grants(manager).await?;

        manager
            .create_table(
                Table::create()
                    .table("single_use_marks")
                    .col(ColumnDef::new("digest").binary_len(32).not_null().primary_key())
                    .col(string("kind"))
                    .col(instant("expires_at"))
                    .to_owned(),
            )
            .await?;
        manager.create_index(index("single_use_marks", "single_use_marks_expiry", &["expires_at"])).await?;

        manager
            .create_table(
                table_with_id("flows")
                    .col(big_integer("version"))
                    .col(digest("browser"))
                    .col(text("origin"))
                    .col(text("ask"))
                    .col(text("stage"))
                    .col(instant("began_at"))
                    .col(instant("expires_at"))
                    .to_owned(),
            )
            .await?;
        manager.create_index(index("flows", "flows_expiry", &["expires_at"])).await?;

        manager
            .create_table(
                table_with_id("mailed_links")
                    .col(digest("token"))
                    .col(string("kind"))
                    .col(text("purpose"))
                    .col(id_null("person_id"))
                    .col(instant("created_at"))
                    .col(instant("expires_at"))
                    .col(instant_null("used_at"))
                    .foreign_key(&mut part_of("person_id", "people"))
                    .to_owned(),
            )
            .await?;
        manager.create_index(unique("mailed_links", "mailed_links_token", &["token"])).await?;
        manager.create_index(index("mailed_links", "mailed_links_person", &["person_id", "kind"])).await?;
        manager.create_index(index("mailed_links", "mailed_links_expiry", &["expires_at"])).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn sessions(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            table_with_id("sessions")
                .col(id("person_id"))
                .col(digest("token"))
                .col(digest("browser"))
                .col(text("proofs"))
                .col(instant_null("elevated_until"))
                .col(instant("started_at"))
                .col(instant("last_seen_at"))
                .col(instant("expires_at"))
                .col(instant_null("ended_at"))
                .col(string("address"))
                .col(text("user_agent"))
                .col(big_integer("version"))
                .foreign_key(&mut part_of("person_id", "people"))
                .to_owned(),
        )
        .await?;
    manager.create_index(unique("sessions", "sessions_token", &["token"])).await?;
    manager.create_index(index("sessions", "sessions_person", &["person_id"])).await?;
    manager.create_index(index("sessions", "sessions_expiry", &["expires_at"])).await?;

    manager
        .create_table(
            Table::create()
                .table("known_browsers")
                .col(id("person_id"))
                .col(digest("browser"))
                .col(instant("first_seen_at"))
                .col(instant("last_seen_at"))
                .primary_key(Index::create().col("person_id").col("browser"))
                .foreign_key(&mut part_of("person_id", "people"))
                .to_owned(),
        )
        .await
}

async fn grants(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    // A grant outlives the row of its session where it is offline: there is no foreign key to it.
    manager
        .create_table(
            table_with_id("grants")
                .col(id("session_id"))
                .col(id("person_id"))
                .col(id("application_id"))
                .col(id("school_id"))
                .col(id("membership_id"))
                .col(string("subject"))
                .col(text("scopes"))
                .col(text_null("claims_request"))
                .col(text("proofs"))
                .col(instant_null("elevated_until"))
                .col(boolean("offline"))
                .col(instant("created_at"))
                .col(instant("expires_at"))
                .col(instant_null("ended_at"))
                .foreign_key(&mut part_of("person_id", "people"))
                .foreign_key(&mut part_of("application_id", "applications"))
                .foreign_key(&mut refers("school_id", "schools"))
                .foreign_key(&mut part_of("membership_id", "memberships"))
                .to_owned(),
        )
        .await?;
    manager.create_index(index("grants", "grants_session", &["session_id"])).await?;
    manager.create_index(index("grants", "grants_person", &["person_id"])).await?;
    manager.create_index(index("grants", "grants_expiry", &["expires_at"])).await?;

    manager
        .create_table(
            table_with_id("refresh_tokens")
                .col(digest("token"))
                .col(id("grant_id"))
                .col(text("scopes"))
                .col(instant("created_at"))
                .col(instant("expires_at"))
                .col(instant_null("rotated_at"))
                .col(ColumnDef::new("successor").blob().null().to_owned())
                .col(instant_null("used_at"))
                .foreign_key(&mut part_of("grant_id", "grants"))
                .to_owned(),
        )
        .await?;
    manager.create_index(unique("refresh_tokens", "refresh_tokens_token", &["token"])).await?;
    manager.create_index(index("refresh_tokens", "refresh_tokens_grant", &["grant_id"])).await?;
    manager.create_index(index("refresh_tokens", "refresh_tokens_expiry", &["expires_at"])).await
}
