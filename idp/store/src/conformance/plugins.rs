//! Plugins, versions, files, publishers.

use futures::future::join_all;
use keyholder_core::credential::CredentialOwner;
use keyholder_core::factor::Evidence;
use keyholder_core::id::{PluginId, PluginVersionId};
use keyholder_core::plugin::{Choice, Origin, Plugin, PluginFile, PluginGrant, PluginVersion, PublisherKey, Switch};
use keyholder_core::ports::PluginQueries as _;

use super::sample::{NOW, Serial, at, credential, sample};
use super::{execute, is_conflict, only};
use crate::SqlStore;

fn plugin(name: &str) -> Plugin {
    let mut settings = serde_json::Map::new();
    settings.insert("digits".to_owned(), 6.into());
    Plugin {
        id: PluginId::draw(&Serial, NOW),
        name: name.to_owned(),
        switch: Switch::On,
        active: PluginVersionId::draw(&Serial, NOW),
        choice: Choice::Newest,
        origin: Origin::Publisher { key: "0123456789ABCDEF".to_owned() },
        floor: Some("1.0.0".to_owned()),
        settings,
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn version_of(plugin: &Plugin, version: &str) -> PluginVersion {
    PluginVersion {
        id: PluginVersionId::draw(&Serial, NOW),
        plugin: plugin.id,
        version: version.to_owned(),
        digest: [1; 32],
        origin: Origin::Bundled,
        grant: PluginGrant {
            capabilities: vec!["random".to_owned()],
            ceiling: Evidence { possession: true, amr: vec!["otp".to_owned()], ..Evidence::default() },
        },
        seal: [2; 32],
        installed_at: NOW,
    }
}

fn file(name: &str) -> PluginFile {
    PluginFile { name: name.to_owned(), content: vec![0, 1, 255] }
}

pub async fn a_plugin_is_found_as_it_was_stored(store: &SqlStore) {
    let (soft, other) = (plugin("soft-key"), plugin("other-key"));
    let version = version_of(&soft, "1.0.0");
    let files = vec![file("plugin.toml"), file("plugin.wasm")];
    execute!(store, t, [soft, other, version, files], async move {
        t.insert_plugin(&soft).await?;
        t.insert_plugin(&other).await?;
        t.insert_plugin_version(&version, &files).await
    })
    .await
    .unwrap();
    assert_eq!(store.list_plugins().await.unwrap(), [soft.clone(), other.clone()]);
    assert_eq!(store.find_plugin("soft-key").await.unwrap(), Some(soft.clone()));
    assert_eq!(store.find_plugin("soft").await.unwrap(), None);
    assert_eq!(store.list_plugin_versions(soft.id).await.unwrap(), only(&version));
    assert!(store.list_plugin_versions(other.id).await.unwrap().is_empty());
    assert_eq!(store.find_plugin_version(version.id).await.unwrap(), Some(version.clone()));
    assert_eq!(store.list_plugin_files(version.id).await.unwrap(), files);
    // The same name, the same version, and a version of no plugin.
    let again = plugin("soft-key");
    assert!(is_conflict(&execute!(store, t, [again], t.insert_plugin(&again)).await));
    let twice = version_of(&soft, "1.0.0");
    assert!(is_conflict(&execute!(store, t, [twice], t.insert_plugin_version(&twice, &[])).await));
    let stray = version_of(&again, "1.0.0");
    assert!(is_conflict(&execute!(store, t, [stray], t.insert_plugin_version(&stray, &[])).await));
}

pub async fn a_plugin_is_swapped_by_one(store: &SqlStore) {
    let soft = plugin("soft-key");
    execute!(store, t, [soft], t.insert_plugin(&soft)).await.unwrap();
    let swaps = join_all((0..8).map(|number| {
        let mut mine = soft.clone();
        mine.floor = Some(format!("1.{number}.0"));
        async move { execute!(store, t, [mine], t.swap_plugin(&mine)).await.unwrap().then_some(mine) }
    }))
    .await;
    let won: Vec<_> = swaps.into_iter().flatten().collect();
    assert_eq!(won.len(), 1);
    let stored = store.find_plugin("soft-key").await.unwrap().unwrap();
    assert_eq!(stored, Plugin { version: 2, ..won[0].clone() });
    let renamed = Plugin { name: "hard-key".to_owned(), ..stored };
    assert!(!execute!(store, t, [renamed], t.swap_plugin(&renamed)).await.unwrap());
}

pub async fn a_plugin_goes_with_its_versions_and_files(store: &SqlStore) {
    let soft = plugin("soft-key");
    let (old, new) = (version_of(&soft, "1.0.0"), version_of(&soft, "1.1.0"));
    execute!(store, t, [soft, old, new], async move {
        t.insert_plugin(&soft).await?;
        t.insert_plugin_version(&old, &[file("plugin.wasm")]).await?;
        t.insert_plugin_version(&new, &[file("plugin.wasm")]).await
    })
    .await
    .unwrap();
    let id = old.id;
    assert!(execute!(store, t, [], t.delete_plugin_version(id)).await.unwrap());
    assert!(!execute!(store, t, [], t.delete_plugin_version(id)).await.unwrap());
    assert!(store.list_plugin_files(old.id).await.unwrap().is_empty());
    assert_eq!(store.list_plugin_versions(soft.id).await.unwrap(), only(&new));
    let id = soft.id;
    assert!(execute!(store, t, [], t.delete_plugin(id)).await.unwrap());
    assert!(!execute!(store, t, [], t.delete_plugin(id)).await.unwrap());
    assert!(store.list_plugin_files(new.id).await.unwrap().is_empty());
    assert_eq!(store.find_plugin_version(new.id).await.unwrap(), None);
}

pub async fn a_publisher_has_one_name(store: &SqlStore) {
    let first = PublisherKey {
        key: "0123456789ABCDEF".to_owned(),
        name: "First Keys".to_owned(),
        public_key: "RWQ".to_owned(),
        added_at: NOW,
    };
    let second = PublisherKey { key: "FEDCBA9876543210".to_owned(), added_at: at(1), ..first.clone() };
    execute!(store, t, [first], t.put_publisher(&first)).await.unwrap();
    assert!(is_conflict(&execute!(store, t, [second], t.put_publisher(&second)).await));
    assert_eq!(store.list_publishers().await.unwrap(), only(&first));
    assert!(execute!(store, t, [], t.delete_publisher("0123456789ABCDEF")).await.unwrap());
    assert!(!execute!(store, t, [], t.delete_publisher("0123456789ABCDEF")).await.unwrap());
    assert!(store.list_publishers().await.unwrap().is_empty());
}

pub async fn stored_keys_are_counted_by_format(store: &SqlStore) {
    let s = sample(store).await;
    let owner = CredentialOwner::Person(s.person.id);
    for format in [1, 1, 3] {
        let mut key = credential(owner, None, None);
        key.format = format;
        execute!(store, t, [key], t.insert_credential(&key)).await.unwrap();
    }
    let factor = credential(owner, None, None).factor;
    assert_eq!(store.count_credentials_by_format(&factor).await.unwrap(), [(1, 2), (3, 1)]);
    assert!(store.count_credentials_by_format("another").await.unwrap().is_empty());
}
