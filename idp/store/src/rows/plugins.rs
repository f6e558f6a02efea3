//! Plugins, their versions and files, publishers.

use keyholder_core::id::{PluginId, PluginVersionId};
use keyholder_core::plugin::{Plugin, PluginFile, PluginVersion, PublisherKey};
use keyholder_core::ports::{Sealer, StoreError};
use keyholder_core::time::Timestamp;
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};

use super::text::text;
use super::{
    Listing, Result, find, insert, open, put, read_digest, read_json, read_word, replace_if, seal, write_json,
    write_word,
};
use crate::entities::{credentials, plugin_files, plugin_publishers, plugin_versions, plugins};
use crate::error::{corrupt, stored};
use crate::sqlite::record::Database;

/// Where the settings of a plugin are sealed for.
pub(crate) const SETTINGS: &str = "plugins.settings";

fn read_plugin(sealer: &dyn Sealer, row: plugins::Model) -> Result<Plugin> {
    let settings = open(sealer, SETTINGS, row.id, &row.settings)?;
    Ok(Plugin {
        id: PluginId::from_uuid(row.id),
        name: row.name,
        switch: read_word("plugin", &row.switch)?,
        active: PluginVersionId::from_uuid(row.active),
        choice: read_word("plugin", &row.choice)?,
        origin: read_json("plugin", &row.origin)?,
        floor: row.floor,
        settings: serde_json::from_slice(&settings)
            .map_err(|error| StoreError::Corrupt { what: SETTINGS, source: Some(Box::new(error)) })?,
        version: row.version,
        created_at: Timestamp::from_millis(row.created_at),
        updated_at: Timestamp::from_millis(row.updated_at),
    })
}

fn write_plugin(sealer: &dyn Sealer, plugin: &Plugin) -> Result<plugins::Model> {
    let id = plugin.id.as_uuid();
    Ok(plugins::Model {
        id,
        name: plugin.name.clone(),
        switch: write_word(plugin.switch)?,
        active: plugin.active.as_uuid(),
        choice: write_word(plugin.choice)?,
        origin: write_json(&plugin.origin)?,
        floor: plugin.floor.clone(),
        settings: seal(sealer, SETTINGS, id, write_json(&plugin.settings)?.as_bytes())?,
        version: plugin.version,
        created_at: plugin.created_at.as_millis(),
        updated_at: plugin.updated_at.as_millis(),
    })
}

fn read_version(row: plugin_versions::Model) -> Result<PluginVersion> {
    Ok(PluginVersion {
        id: PluginVersionId::from_uuid(row.id),
        plugin: PluginId::from_uuid(row.plugin_id),
        version: row.version,
        digest: read_digest("plugin version", &row.digest)?,
        origin: read_json("plugin version", &row.origin)?,
        grant: read_json("plugin version", &row.granted)?,
        seal: read_digest("plugin version", &row.seal)?,
        installed_at: Timestamp::from_millis(row.installed_at),
    })
}

pub(crate) async fn list_plugins<C: Database>(db: &C, sealer: &dyn Sealer) -> Result<Vec<Plugin>> {
    let rows = plugins::Entity::find()
        .order_by_asc(plugins::Column::CreatedAt)
        .order_by_asc(plugins::Column::Id)
        .records(db)
        .await?;
    rows.into_iter().map(|row| read_plugin(sealer, row)).collect()
}

pub(crate) async fn find_plugin<C: Database>(db: &C, sealer: &dyn Sealer, name: &str) -> Result<Option<Plugin>> {
    let row = find::<plugins::Entity, C, _>(db, text!(), [(plugins::Column::Name, name.into())]).await?;
    row.map(|row| read_plugin(sealer, row)).transpose()
}

pub(crate) async fn insert_plugin<C: Database>(db: &C, sealer: &dyn Sealer, plugin: &Plugin) -> Result<()> {
    insert::<plugins::Entity, C>(db, write_plugin(sealer, plugin)?).await
}

pub(crate) async fn swap_plugin<C: Database>(db: &C, sealer: &dyn Sealer, plugin: &Plugin) -> Result<bool> {
    let mut row = write_plugin(sealer, plugin)?;
    row.version = plugin.version.saturating_add(1);
    // The name and the time of creation are what was inserted.
    let same = [
        (plugins::Column::Id, row.id.into()),
        (plugins::Column::Version, plugin.version.into()),
        (plugins::Column::Name, row.name.clone().into()),
        (plugins::Column::CreatedAt, row.created_at.into()),
    ];
    replace_if::<plugins::Entity, C, _>(db, text!(), row, same).await
}

pub(crate) async fn delete_plugin<C: Database>(db: &C, id: PluginId) -> Result<bool> {
    let done = plugins::Entity::delete_by_id(id.as_uuid()).exec(db).await.map_err(stored)?;
    Ok(done.rows_affected > 0)
}

pub(crate) async fn list_plugin_versions<C: Database>(db: &C, plugin: PluginId) -> Result<Vec<PluginVersion>> {
    let rows = plugin_versions::Entity::find()
        .filter(plugin_versions::Column::PluginId.eq(plugin.as_uuid()))
        .order_by_asc(plugin_versions::Column::InstalledAt)
        .order_by_asc(plugin_versions::Column::Id)
        .records(db)
        .await?;
    rows.into_iter().map(read_version).collect()
}

pub(crate) async fn find_plugin_version<C: Database>(db: &C, id: PluginVersionId) -> Result<Option<PluginVersion>> {
    let row = find::<plugin_versions::Entity, C, _>(db, text!(), [(plugin_versions::Column::Id, id.as_uuid().into())])
        .await?;
    row.map(read_version).transpose()
}

pub(crate) async fn insert_plugin_version<C: Database>(
    db: &C,
    version: &PluginVersion,
    files: &[PluginFile],
) -> Result<()> {
    let id = version.id.as_uuid();
    let row = plugin_versions::Model {
        id,
        plugin_id: version.plugin.as_uuid(),
        version: version.version.clone(),
        digest: version.digest.to_vec(),
        origin: write_json(&version.origin)?,
        granted: write_json(&version.grant)?,
        seal: version.seal.to_vec(),
        installed_at: version.installed_at.as_millis(),
    };
    insert::<plugin_versions::Entity, C>(db, row).await?;
    for file in files {
        let row = plugin_files::Model { version_id: id, name: file.name.clone(), content: file.content.clone() };
        insert::<plugin_files::Entity, C>(db, row).await?;
    }
    Ok(())
}

pub(crate) async fn delete_plugin_version<C: Database>(db: &C, id: PluginVersionId) -> Result<bool> {
    let done = plugin_versions::Entity::delete_by_id(id.as_uuid()).exec(db).await.map_err(stored)?;
    Ok(done.rows_affected > 0)
}

pub(crate) async fn list_plugin_files<C: Database>(db: &C, version: PluginVersionId) -> Result<Vec<PluginFile>> {
    let rows = plugin_files::Entity::find()
        .filter(plugin_files::Column::VersionId.eq(version.as_uuid()))
        .order_by_asc(plugin_files::Column::Name)
        .records(db)
        .await?;
    Ok(rows.into_iter().map(|row| PluginFile { name: row.name, content: row.content }).collect())
}

pub(crate) async fn list_publishers<C: Database>(db: &C) -> Result<Vec<PublisherKey>> {
    let rows = plugin_publishers::Entity::find()
        .order_by_asc(plugin_publishers::Column::AddedAt)
        .order_by_asc(plugin_publishers::Column::KeyId)
        .records(db)
        .await?;
    let read = |row: plugin_publishers::Model| PublisherKey {
        key: row.key_id,
        name: row.name,
        public_key: row.public_key,
        added_at: Timestamp::from_millis(row.added_at),
    };
    Ok(rows.into_iter().map(read).collect())
}

pub(crate) async fn put_publisher<C: Database>(db: &C, publisher: &PublisherKey) -> Result<()> {
    let row = plugin_publishers::Model {
        key_id: publisher.key.clone(),
        name: publisher.name.clone(),
        public_key: publisher.public_key.clone(),
        added_at: publisher.added_at.as_millis(),
    };
    put::<plugin_publishers::Entity, C>(db, row).await
}

pub(crate) async fn delete_publisher<C: Database>(db: &C, key: &str) -> Result<bool> {
    let done = plugin_publishers::Entity::delete_by_id(key.to_owned()).exec(db).await.map_err(stored)?;
    Ok(done.rows_affected > 0)
}

#[derive(FromQueryResult)]
struct OfFormat {
    format: i64,
    keys: i64,
}

pub(crate) async fn count_credentials_by_format<C: Database>(db: &C, factor: &str) -> Result<Vec<(u32, u64)>> {
    let rows: Vec<OfFormat> = credentials::Entity::find()
        .select_only()
        .column(credentials::Column::Format)
        .column_as(credentials::Column::Id.count(), "keys")
        .filter(credentials::Column::Factor.eq(factor))
        .group_by(credentials::Column::Format)
        .order_by_asc(credentials::Column::Format)
        .into_model()
        .all(db)
        .await
        .map_err(stored)?;
    rows.into_iter()
        .map(|row| {
            let format = u32::try_from(row.format).map_err(|_| corrupt("credential"))?;
            Ok((format, u64::try_from(row.keys).unwrap_or_default()))
        })
        .collect()
}
