//! Sealing every sealed column again, so that a former master key can be put away.

use keyholder_core::ports::{Sealer, StoreError};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::operation::{DELIVERY, PRIVATE_KEY};
use super::people::SECRET;
use super::{Result, open, seal};
use crate::entities::{credentials, outbox, signing_keys};
use crate::error::stored;

/// The sealed columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sealed {
    CredentialSecret,
    SigningKey,
    Delivery,
}

impl Sealed {
    pub(crate) const ALL: [Self; 3] = [Self::CredentialSecret, Self::SigningKey, Self::Delivery];
}

/// One batch: the rows after `after` in the order of their keys. Answers how many were sealed again and the last key, `None`
/// when there are no more.
pub(crate) async fn reseal<C: ConnectionTrait>(
    db: &C,
    sealer: &dyn Sealer,
    column: Sealed,
    after: Uuid,
    limit: u64,
) -> Result<(u64, Option<Uuid>)> {
    match column {
        Sealed::CredentialSecret => {
            let columns = (credentials::Column::Id, credentials::Column::Secret);
            batch::<credentials::Entity, C>(db, sealer, columns, SECRET, after, limit).await
        }
        Sealed::SigningKey => {
            let columns = (signing_keys::Column::Id, signing_keys::Column::PrivateKey);
            batch::<signing_keys::Entity, C>(db, sealer, columns, PRIVATE_KEY, after, limit).await
        }
        Sealed::Delivery => {
            let columns = (outbox::Column::Id, outbox::Column::Delivery);
            batch::<outbox::Entity, C>(db, sealer, columns, DELIVERY, after, limit).await
        }
    }
}

async fn batch<E, C>(
    db: &C,
    sealer: &dyn Sealer,
    (id_column, sealed_column): (E::Column, E::Column),
    place: &'static str,
    after: Uuid,
    limit: u64,
) -> Result<(u64, Option<Uuid>)>
where
    E: EntityTrait,
    C: ConnectionTrait,
{
    let rows: Vec<(Uuid, Vec<u8>)> = E::find()
        .select_only()
        .column(id_column)
        .column(sealed_column)
        .filter(id_column.gt(after))
        .order_by_asc(id_column)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await
        .map_err(stored)?;
    let last = rows.last().map(|(id, _)| *id);
    let mut count = 0;
    for (id, sealed) in rows {
        let plain = match open(sealer, place, id, &sealed) {
            Ok(plain) => plain,
            // What does not open stays as it is: it may open yet, when the key that it needs comes back.
            Err(StoreError::Corrupt { .. }) => {
                tracing::error!(place, id = %id.as_simple(), "a sealed value does not open and was left as it is");
                continue;
            }
            Err(error) => return Err(error),
        };
        let again = seal(sealer, place, id, &plain)?;
        // Only if nobody replaced it meanwhile: what is written now is sealed with the current key anyway.
        let done = E::update_many()
            .col_expr(sealed_column, Expr::val(again))
            .filter(id_column.eq(id))
            .filter(sealed_column.eq(sealed))
            .exec(db)
            .await
            .map_err(stored)?;
        count += done.rows_affected;
    }
    Ok((count, last))
}
