//! What is installed: list, rollback, switches, settings, floor, removal.

use keyholder_core::audit::{AuditEvent, AuditKind};
use keyholder_core::plugin::{Choice, Plugin, PluginVersion, Switch};
use keyholder_core::ports::PluginQueries as _;
use keyholder_plugin_host::admission::Terms;
use keyholder_plugin_host::package::{Files, Package};
use keyholder_store::SqlStore;
use serde_json::{Map, Value};

use super::super::context::Context;
use super::super::error::CliError;
use super::check::{evidence, refused};
use crate::audit::{About, event_at};
use crate::config::faults::suggestion;
use crate::plugins::commands::{ChangePlugin, RemovePlugin};
use crate::plugins::{Surroundings, admission, describe_origin};

pub(super) async fn list(context: &mut Context, name: Option<&str>) -> Result<(), CliError> {
    let store = context.open_store().await?;
    let lines = match name {
        None => all(&store).await,
        Some(name) => one(&store, name).await,
    };
    store.close().await;
    for line in lines? {
        context.say(&line)?;
    }
    Ok(())
}

async fn all(store: &SqlStore) -> Result<Vec<String>, CliError> {
    let mut lines = Vec::new();
    for plugin in store.list_plugins().await? {
        let version = store.find_plugin_version(plugin.active).await?;
        let version = version.map_or_else(|| "?".into(), |version| version.version);
        lines.push(format!("{}  {version}  {}", plugin.name, state(&plugin)));
    }
    Ok(lines)
}

fn state(plugin: &Plugin) -> String {
    let switch = if plugin.switch == Switch::On { "on" } else { "off" };
    let pinned = if plugin.choice == Choice::Pinned { ", stays at this version" } else { "" };
    format!("{switch}{pinned}, {}", describe_origin(&plugin.origin))
}

async fn one(store: &SqlStore, name: &str) -> Result<Vec<String>, CliError> {
    let (plugin, versions) = load(store, name).await?;
    let mut lines = vec![format!("{}  {}", plugin.name, state(&plugin))];
    lines.extend(plugin.floor.iter().map(|floor| format!("floor     {floor}")));
    for version in &versions {
        let serves = if version.id == plugin.active { ", serves" } else { "" };
        let from = super::super::london::date_of(version.installed_at);
        lines.push(format!(
            "version   {}, installed {from}, {}{serves}",
            version.version,
            describe_origin(&version.origin)
        ));
        if version.id == plugin.active {
            lines.push(format!("granted   {}", version.grant.capabilities.join(", ")));
            lines.push(format!("proves    at most {}", evidence(&version.grant.ceiling)));
        }
    }
    for (format, keys) in store.count_credentials_by_format(name).await? {
        lines.push(format!("keys      {keys} in format {format}"));
    }
    Ok(lines)
}

/// A plugin with its versions.
async fn load(store: &SqlStore, name: &str) -> Result<(Plugin, Vec<PluginVersion>), CliError> {
    if let Some(plugin) = store.find_plugin(name).await? {
        let versions = store.list_plugin_versions(plugin.id).await?;
        return Ok((plugin, versions));
    }
    let plugins = store.list_plugins().await?;
    let hint = suggestion(name, plugins.iter().map(|plugin| plugin.name.as_str()));
    Err(CliError::Refused(format!("there is no plugin `{name}`{hint}")))
}

/// Decides on a change with the store open, makes it, and says what it was.
async fn change(
    context: &mut Context,
    name: &str,
    decide: impl AsyncFnOnce(&Context, &SqlStore, Plugin, Vec<PluginVersion>) -> Result<Change, CliError>,
) -> Result<(), CliError> {
    let store = context.open_store().await?;
    let done = async {
        let (plugin, versions) = load(&store, name).await?;
        let Change { mut plugin, kind, said } = decide(context, &store, plugin, versions).await?;
        plugin.updated_at = context.clock.now();
        let audit = event(context, kind, &said);
        if store.execute(ChangePlugin { plugin, audit }).await? {
            return Ok(said);
        }
        Err(CliError::Refused(format!("{name} was changed meanwhile; try again")))
    };
    let done = done.await;
    store.close().await;
    context.say(&done?)
}

/// A changed plugin, and what is said of it.
struct Change {
    plugin: Plugin,
    kind: AuditKind,
    said: String,
}

pub(super) fn event(context: &Context, kind: AuditKind, detail: &str) -> AuditEvent {
    event_at(context.random.as_ref(), context.clock.now(), kind, About { detail: Some(detail), ..About::default() })
}

pub(super) async fn rollback(context: &mut Context, name: &str, to: Option<&str>) -> Result<(), CliError> {
    change(context, name, async |context, store, plugin, versions| {
        let place = versions.iter().position(|version| version.id == plugin.active);
        let target = match to {
            Some(to) => versions.iter().find(|version| version.version == to),
            None => place.and_then(|place| place.checked_sub(1)).and_then(|before| versions.get(before)),
        };
        let kept = || versions.iter().map(|version| version.version.as_str()).collect::<Vec<_>>().join(", ");
        let target =
            target.ok_or_else(|| CliError::Refused(format!("{name}: no such version is kept; there is {}", kept())))?;
        go_to(context, store, plugin, target, Choice::Pinned).await
    })
    .await
}

pub(super) async fn newest(context: &mut Context, name: &str) -> Result<(), CliError> {
    change(context, name, async |context, store, plugin, versions| {
        let newest = versions.iter().max_by_key(|version| version.version.parse::<semver::Version>().ok());
        let newest = newest.ok_or_else(|| CliError::Refused(format!("{name}: no version is kept")))?;
        go_to(context, store, plugin, newest, Choice::Newest).await
    })
    .await
}

/// Lets a stored version serve, after everything was checked again.
async fn go_to(
    context: &Context,
    store: &SqlStore,
    plugin: Plugin,
    target: &PluginVersion,
    choice: Choice,
) -> Result<Change, CliError> {
    if let Some(floor) = plugin.floor.as_ref().filter(|floor| is_below(&target.version, floor)) {
        return Err(CliError::Refused(format!(
            "{} {}: versions below {floor} are refused, since they are known to be vulnerable",
            plugin.name, target.version
        )));
    }
    admit(context, store, &plugin, target, &plugin.settings).await?;
    let said = format!("{} {} serves", plugin.name, target.version);
    Ok(Change { plugin: Plugin { active: target.id, choice, ..plugin }, kind: AuditKind::PluginRolledBack, said })
}

fn is_below(version: &str, floor: &str) -> bool {
    match (version.parse::<semver::Version>(), floor.parse::<semver::Version>()) {
        (Ok(version), Ok(floor)) => version < floor,
        _ => false,
    }
}

/// Admits a stored version with settings, as the server will.
async fn admit(
    context: &Context,
    store: &SqlStore,
    plugin: &Plugin,
    version: &PluginVersion,
    settings: &Map<String, Value>,
) -> Result<Package, CliError> {
    let package = stored_package(store, version).await?;
    let formats: Vec<u32> =
        store.count_credentials_by_format(&plugin.name).await?.into_iter().map(|(format, _)| format).collect();
    let surroundings = Surroundings::new(context.clock.clone(), context.random.clone(), context.sealer()?);
    let terms = Terms { grant: &version.grant, settings, stored_formats: &formats };
    let admission = admission(&context.config, &surroundings)?;
    admission.admit(&package, terms).await.map_err(|error| refused(&package, &error))?;
    Ok(package)
}

async fn stored_package(store: &SqlStore, version: &PluginVersion) -> Result<Package, CliError> {
    let files = Files::from_rows(store.list_plugin_files(version.id).await?).and_then(Package::from_files);
    files.map_err(|error| CliError::Refused(format!("the stored version {}: {error}", version.version)))
}

/// To which side the switch goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum On {
    Yes,
    No,
}

pub(super) async fn switch(context: &mut Context, name: &str, on: On) -> Result<(), CliError> {
    change(context, name, async |_, _, plugin, _| {
        let (switch, word) = if on == On::Yes { (Switch::On, "on") } else { (Switch::Off, "off") };
        let said = format!("{} is {word}", plugin.name);
        Ok(Change { plugin: Plugin { switch, ..plugin }, kind: AuditKind::PluginChanged, said })
    })
    .await
}

pub(super) async fn floor(context: &mut Context, name: &str, version: &str) -> Result<(), CliError> {
    change(context, name, async |_, _, plugin, versions| {
        let wrong = |error| CliError::Refused(format!("`{version}` is no version: {error}"));
        let floor: semver::Version = version.parse().map_err(wrong)?;
        let serving = versions.iter().find(|version| version.id == plugin.active);
        if let Some(serving) = serving.filter(|serving| is_below(&serving.version, version)) {
            return Err(CliError::Refused(format!(
                "{} {} serves, which is below {floor}: install a later version first, or disable the plugin",
                plugin.name, serving.version
            )));
        }
        let said = format!("{}: versions below {floor} are refused", plugin.name);
        let plugin = Plugin { floor: Some(floor.to_string()), ..plugin };
        Ok(Change { plugin, kind: AuditKind::PluginChanged, said })
    })
    .await
}

pub(super) async fn set(context: &mut Context, name: &str, settings: &[String]) -> Result<(), CliError> {
    if settings.is_empty() {
        return show_settings(context, name).await;
    }
    change(context, name, async |context, store, plugin, versions| {
        let version = versions.iter().find(|version| version.id == plugin.active);
        let version = version.ok_or_else(|| CliError::Refused(format!("{name}: the version that serves is gone")))?;
        let package = stored_package(store, version).await?;
        let mut wanted = plugin.settings.clone();
        for setting in settings {
            match setting.split_once('=') {
                Some((key, typed)) => {
                    let value = package.schema.read_setting(key, typed);
                    let value = value.map_err(|fault| CliError::Refused(format!("{name}: {fault}")))?;
                    wanted.insert(key.to_owned(), value);
                }
                None => {
                    if wanted.remove(setting).is_none() {
                        return Err(CliError::Refused(format!("{name}: `{setting}` is not set")));
                    }
                }
            }
        }
        // The plugin itself has a say, before anything is stored.
        admit(context, store, &plugin, version, &wanted).await?;
        // Names only: a value may be a secret.
        let names: Vec<&str> = settings.iter().map(|one| one.split('=').next().unwrap_or_default()).collect();
        let said = format!("{name}: settings changed: {}", names.join(", "));
        Ok(Change { plugin: Plugin { settings: wanted, ..plugin }, kind: AuditKind::PluginChanged, said })
    })
    .await
}

async fn show_settings(context: &mut Context, name: &str) -> Result<(), CliError> {
    let store = context.open_store().await?;
    let lines = settings_lines(&store, name).await;
    store.close().await;
    for line in lines? {
        context.say(&line)?;
    }
    Ok(())
}

async fn settings_lines(store: &SqlStore, name: &str) -> Result<Vec<String>, CliError> {
    let (plugin, versions) = load(store, name).await?;
    let Some(version) = versions.iter().find(|version| version.id == plugin.active) else { return Ok(Vec::new()) };
    let package = stored_package(store, version).await?;
    let line = |property: &keyholder_plugin_host::package::Property| {
        let (value, origin) = match (plugin.settings.get(&property.name), &property.default) {
            (Some(_), _) if property.secret => ("(kept secret)".into(), ""),
            (Some(value), _) => (value.to_string(), ""),
            (None, Some(default)) => (default.to_string(), "  # default"),
            (None, None) => ("(not set)".into(), ""),
        };
        format!("{} = {value}{origin}  # {}", property.name, property.kind.expected())
    };
    Ok(package.schema.properties.iter().map(line).collect())
}

pub(super) async fn remove(context: &mut Context, name: &str, force: bool) -> Result<(), CliError> {
    let store = context.open_store().await?;
    let done = async {
        let (plugin, _) = load(&store, name).await?;
        let keys: u64 = store.count_credentials_by_format(name).await?.iter().map(|(_, keys)| keys).sum();
        if keys > 0 && !force {
            return Err(CliError::Refused(format!(
                "people have {keys} keys of {name}, with which they could not sign in any more; \
                 `disable` keeps it for later, --force removes it and keeps the keys"
            )));
        }
        let said = format!("{name} was removed; {keys} keys of it are kept");
        let audit = event(context, AuditKind::PluginRemoved, &said);
        if store.execute(RemovePlugin { id: plugin.id, audit }).await? {
            return Ok(said);
        }
        Err(CliError::Refused(format!("{name} was removed meanwhile")))
    };
    let done = done.await;
    store.close().await;
    context.say(&done?)
}
