//! Sealing every sealed column again, so that a former master key can be put away.

use keyholder_core::ports::{Sealer, StoreError};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::ceremonies::contents_place;
use super::operation::{DELIVERY, PRIVATE_KEY};
use super::people::secret_place;
use super::plugins::SETTINGS;
use super::saml::PRIVATE_KEY as SAML_KEY;
use super::{Listing, Result, open_at, place, seal_at};
use crate::entities::{Stored, ceremonies, credentials, outbox, plugins, saml_keys, signing_keys};
use crate::error::stored;
use crate::sqlite::record::Database;

/// The sealed columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sealed {
    CredentialSecret,
    CeremonyContents,
    SigningKey,
    SamlKey,
    Delivery,
    PluginSettings,
}

impl Sealed {
    pub(crate) const ALL: [Self; 6] = [
        Self::CredentialSecret,
        Self::CeremonyContents,
        Self::SigningKey,
        Self::SamlKey,
        Self::Delivery,
        Self::PluginSettings,
    ];
}

/// One sealed value: its row, the place that it is sealed for, and itself.
type Value = (Uuid, String, Vec<u8>);

/// One batch: the rows after `after` in the order of their keys. Answers how many were sealed again and the last key, `None`
/// when there are no more.
pub(crate) async fn reseal<C: Database>(
    db: &C,
    sealer: &dyn Sealer,
    column: Sealed,
    after: Uuid,
    limit: u64,
) -> Result<(u64, Option<Uuid>)> {
    match column {
        Sealed::CredentialSecret => {
            let columns = (credentials::Column::Id, credentials::Column::Secret);
            let value = |row: credentials::Model| (row.id, secret_place(&row), row.secret);
            batch::<credentials::Entity, C>(db, sealer, columns, value, after, limit).await
        }
        Sealed::CeremonyContents => {
            let columns = (ceremonies::Column::Id, ceremonies::Column::Contents);
            let value = |row: ceremonies::Model| (row.id, contents_place(&row), row.contents);
            batch::<ceremonies::Entity, C>(db, sealer, columns, value, after, limit).await
        }
        Sealed::SigningKey => {
            let columns = (signing_keys::Column::Id, signing_keys::Column::PrivateKey);
            let value = |row: signing_keys::Model| (row.id, place(PRIVATE_KEY, row.id), row.private_key);
            batch::<signing_keys::Entity, C>(db, sealer, columns, value, after, limit).await
        }
        Sealed::SamlKey => {
            let columns = (saml_keys::Column::Id, saml_keys::Column::PrivateKey);
            let value = |row: saml_keys::Model| (row.id, place(SAML_KEY, row.id), row.private_key);
            batch::<saml_keys::Entity, C>(db, sealer, columns, value, after, limit).await
        }
        Sealed::PluginSettings => {
            let columns = (plugins::Column::Id, plugins::Column::Settings);
            let value = |row: plugins::Model| (row.id, place(SETTINGS, row.id), row.settings);
            batch::<plugins::Entity, C>(db, sealer, columns, value, after, limit).await
        }
        Sealed::Delivery => {
            let columns = (outbox::Column::Id, outbox::Column::Delivery);
            let value = |row: outbox::Model| (row.id, place(DELIVERY, row.id), row.delivery);
            batch::<outbox::Entity, C>(db, sealer, columns, value, after, limit).await
        }
    }
}

async fn batch<E, C>(
    db: &C,
    sealer: &dyn Sealer,
    (id_column, sealed_column): (E::Column, E::Column),
    value: fn(E::Model) -> Value,
    after: Uuid,
    limit: u64,
) -> Result<(u64, Option<Uuid>)>
where
    E: EntityTrait<Model: Stored>,
    C: Database,
{
    let rows = E::find().filter(id_column.gt(after)).order_by_asc(id_column).limit(limit).records(db).await?;
    let values: Vec<Value> = rows.into_iter().map(value).collect();
    let last = values.last().map(|(id, ..)| *id);
    let mut count = 0;
    for (id, place, sealed) in values {
        let plain = match open_at(sealer, "sealed value", &place, &sealed) {
            Ok(plain) => plain,
            // What does not open stays as it is: it may open yet, when the key that it needs comes back.
            Err(StoreError::Corrupt { .. }) => {
                tracing::error!(place, id = %id.as_simple(), "a sealed value does not open and was left as it is");
                continue;
            }
            Err(error) => return Err(error),
        };
        let again = seal_at(sealer, &place, &plain)?;
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
