//! What bars a mailed link for a first key for a while: a changed address, and a key that was taken back by a mailed link.

use sea_orm_migration::prelude::*;

use crate::columns::instant_null;

#[derive(Debug, DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["email_changed_at", "key_stopped_at"] {
            manager.alter_table(Table::alter().table("people").add_column(instant_null(name)).to_owned()).await?;
        }
        // Until now the log alone told of a change.
        let last = Query::select()
            .expr(Expr::col(("audit_events", "at")).max())
            .from("audit_events")
            .and_where(Expr::col(("audit_events", "subject_id")).equals(("people", "id")))
            .and_where(Expr::col(("audit_events", "kind")).eq("email-changed"))
            .to_owned();
        let backfill = Query::update()
            .table("people")
            .value("email_changed_at", SimpleExpr::SubQuery(None, Box::new(last.into())))
            .to_owned();
        manager.execute(backfill).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
