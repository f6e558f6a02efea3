//! `keyholder plugin install`.

use std::path::Path;

use keyholder_core::plugin::{Origin, Plugin, PluginGrant, PluginVersion};
use keyholder_core::ports::PluginQueries as _;
use keyholder_plugin_host::admission::{Terms, Trusted, beyond, origin_of, requested};
use keyholder_plugin_host::package::Package;
use keyholder_store::SqlStore;

use super::super::context::Context;
use super::super::error::CliError;
use super::check::{load, refused, summary};
use crate::plugins::install::{Change, Stored};
use crate::plugins::{self, Surroundings, admission, bundled_digests, describe_origin, unsigned};

/// What the operator said yes to.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::struct_excessive_bools, reason = "switches of a command line")]
pub(super) struct Allowed {
    pub(super) grant: bool,
    pub(super) change_publisher: bool,
    pub(super) downgrade: bool,
}

pub(super) async fn run(context: &mut Context, path: &Path, allowed: Allowed) -> Result<(), CliError> {
    let package = load(path)?;
    let store = context.open_store().await?;
    let done = install(context, &store, &package, allowed).await;
    store.close().await;
    done
}

async fn install(context: &mut Context, store: &SqlStore, package: &Package, allowed: Allowed) -> Result<(), CliError> {
    let manifest = &package.manifest;
    let (bundled, publishers) = (bundled_digests(), store.list_publishers().await?);
    let trusted = Trusted { bundled: &bundled, publishers: &publishers, unsigned: unsigned(&context.config) };
    let origin = origin_of(package, &trusted).map_err(|error| refused(package, &error))?;
    let plugin = store.find_plugin(&manifest.id).await?;
    let versions = match &plugin {
        Some(plugin) => store.list_plugin_versions(plugin.id).await?,
        None => Vec::new(),
    };
    let replaces = match &plugin {
        Some(plugin) => check_upgrade(package, &origin, plugin, &versions, allowed)?,
        None => None,
    };
    let stored = store.count_credentials_by_format(&manifest.id).await?;
    if plugin.is_none() {
        check_keys_left(&manifest.id, &origin, stored.iter().map(|(_, keys)| keys).sum(), allowed)?;
    }
    let former = plugin.as_ref().and_then(|plugin| versions.iter().find(|version| version.id == plugin.active));
    if !allowed.grant {
        ask_for_grant(context, package, former.map(|version| &version.grant))?;
    }
    let grant = requested(package);
    let formats: Vec<u32> = stored.into_iter().map(|(format, _)| format).collect();
    let settings = plugin.as_ref().map(|plugin| plugin.settings.clone()).unwrap_or_default();
    let surroundings = Surroundings::new(context.clock.clone(), context.random.clone(), context.sealer()?);
    let terms = Terms { grant: &grant, settings: &settings, stored_formats: &formats };
    let admission = admission(&context.config, &surroundings)?;
    admission.admit(package, terms).await.map_err(|error| refused(package, &error))?;
    let detail = format!("{} {}, {}", manifest.id, manifest.version, describe_origin(&origin));
    let change = Change { plugin, package, origin, grant, replaces: replaces.map(|version| version.id), detail };
    match plugins::install::store(store, &surroundings, change).await? {
        Stored::Done => context.say(&format!("{} {} is installed and serves", manifest.id, manifest.version)),
        Stored::Changed => Err(CliError::Refused(format!("{} was changed meanwhile; try again", manifest.id))),
    }
}

/// Whether a package may have the keys of one that was removed. Who published that one is forgotten; what it stored of people's keys is not,
/// and would be handed to whoever comes by its name.
fn check_keys_left(id: &str, origin: &Origin, keys: u64, allowed: Allowed) -> Result<(), CliError> {
    if keys == 0 || *origin == Origin::Bundled || allowed.change_publisher {
        return Ok(());
    }
    Err(CliError::Refused(format!(
        "people have {keys} keys of a plugin {id} that was removed, which this one would be handed; if it is of the same publisher, \
         or may have them all the same, say --change-publisher"
    )))
}

/// Whether a package may take the place of what is stored. Answers a version that it replaces, since it has its number.
fn check_upgrade<'a>(
    package: &Package,
    origin: &Origin,
    plugin: &Plugin,
    versions: &'a [PluginVersion],
    allowed: Allowed,
) -> Result<Option<&'a PluginVersion>, CliError> {
    let (id, new) = (&package.manifest.id, &package.manifest.version);
    let refuse = |why: String| Err(CliError::Refused(format!("{id} {new}: {why}")));
    if *origin != plugin.origin && !allowed.change_publisher {
        let (was, is) = (describe_origin(&plugin.origin), describe_origin(origin));
        return refuse(format!("so far it {was}, and this {is}; --change-publisher takes it nevertheless"));
    }
    if let Some(floor) = plugin.floor.as_ref().filter(|floor| floor.parse().is_ok_and(|floor| *new < floor)) {
        return refuse(format!("versions below {floor} are refused, since they are known to be vulnerable"));
    }
    if let Some(same) = versions.iter().find(|version| version.version == new.to_string()) {
        // Authors build the same version again and again; everybody else must be able to tell versions apart.
        if same.digest != package.digest() && *origin == Origin::Development && same.origin == Origin::Development {
            return Ok(Some(same));
        }
        return refuse(if same.digest == package.digest() {
            "this version is installed; `keyholder plugin rollback --to` lets it serve".into()
        } else {
            "this version is installed with other files; the publisher must give it a number of its own".into()
        });
    }
    let serving = versions.iter().find(|version| version.id == plugin.active);
    if let Some(serving) = serving
        && serving.version.parse().is_ok_and(|serving| *new < serving)
        && !allowed.downgrade
    {
        return refuse(format!(
            "it is older than {}, which serves; --downgrade takes it nevertheless",
            serving.version
        ));
    }
    Ok(None)
}

/// Says what is requested, and asks for the switch, unless all of it was granted before.
fn ask_for_grant(context: &mut Context, package: &Package, former: Option<&PluginGrant>) -> Result<(), CliError> {
    let more = match former {
        Some(grant) => beyond(package, grant),
        None => vec!["what stands above".into()],
    };
    if more.is_empty() {
        return Ok(());
    }
    for line in summary(package) {
        context.say(&line)?;
    }
    let manifest = &package.manifest;
    let sentence = match former {
        None => format!(
            "{} {} is not installed yet: if it may have what stands above, repeat with --grant",
            manifest.id, manifest.version
        ),
        Some(_) => format!(
            "{} {} asks for more than was granted: {}; if it may have that, repeat with --grant",
            manifest.id,
            manifest.version,
            more.join(", ")
        ),
    };
    Err(CliError::Refused(sentence))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_gets_the_keys_of_a_removed_plugin_by_its_name() {
        let allowed = |change_publisher| Allowed { grant: true, change_publisher, downgrade: false };
        let publisher = Origin::Publisher { key: "0123456789ABCDEF".into() };
        for origin in [&publisher, &Origin::Development] {
            let told = check_keys_left("acme-key", origin, 3, allowed(false)).unwrap_err().to_string();
            assert!(told.contains("people have 3 keys") && told.contains("--change-publisher"), "{told}");
            check_keys_left("acme-key", origin, 3, allowed(true)).unwrap();
            check_keys_left("acme-key", origin, 0, allowed(false)).unwrap();
        }
        check_keys_left("soft-key", &Origin::Bundled, 3, allowed(false)).unwrap();
    }
}
