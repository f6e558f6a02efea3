//! Which crate may depend on which: `core <- {oidc, saml, plugin-host, store, theme} <- server <- tests`, siblings not on
//! each other, and each large outside dependency in one place. Reads `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Our crates, each with all that it may depend on among ours. A crate that is not here is a new one: give it a line.
const DIRECTIONS: [(&str, &[&str]); 13] = [
    ("keyholder-bundled-plugins", &[]),
    ("keyholder-core", &[]),
    ("keyholder-migrations", &[]),
    ("keyholder-oidc", &["keyholder-core"]),
    ("keyholder-plugin-host", &["keyholder-core"]),
    ("keyholder-saml", &["keyholder-core"]),
    ("keyholder-store", &["keyholder-core", "keyholder-migrations"]),
    ("keyholder-theme", &["keyholder-core"]),
    (
        "keyholder",
        &[
            "keyholder-bundled-plugins",
            "keyholder-core",
            "keyholder-oidc",
            "keyholder-plugin-host",
            "keyholder-saml",
            "keyholder-store",
            "keyholder-theme",
        ],
    ),
    (
        "keyholder-tests",
        &[
            "keyholder",
            "keyholder-bundled-plugins",
            "keyholder-core",
            "keyholder-oidc",
            "keyholder-plugin-host",
            "keyholder-saml",
            "keyholder-store",
            "keyholder-theme",
        ],
    ),
    // Names `keyholder-saml` in its tests, which are no part of a program.
    ("keyholder-saml-oracle", &[]),
    // A relying application and the developer's commands share no code with the provider.
    ("safeguarding-app", &[]),
    ("xtask", &[]),
];

/// What only some crates may know, whether directly or through another crate.
const KNOWN_ONLY_BY: [(&str, &[&str]); 7] = [
    ("actix-web", &["keyholder", "keyholder-tests", "safeguarding-app"]),
    ("rusqlite", &["keyholder", "keyholder-store", "keyholder-tests"]),
    ("sea-orm", &["keyholder", "keyholder-migrations", "keyholder-store", "keyholder-tests"]),
    ("redis", &["keyholder", "keyholder-store", "keyholder-tests"]),
    ("wasmtime", &["keyholder", "keyholder-plugin-host", "keyholder-tests"]),
    ("tokio", &["keyholder", "keyholder-migrations", "keyholder-store", "keyholder-tests", "safeguarding-app"]),
    ("samael", &["safeguarding-app"]),
];

/// What a crate may name in its own `Cargo.toml`; stricter than the list above.
const NAMED_ONLY_BY: [(&str, &[&str]); 7] = [
    ("actix-web", &["keyholder", "keyholder-tests", "safeguarding-app"]),
    ("rusqlite", &["keyholder-store"]),
    ("sea-orm", &["keyholder-migrations", "keyholder-store"]),
    ("sea-orm-migration", &["keyholder-migrations", "keyholder-store"]),
    ("redis", &["keyholder-store"]),
    ("wasmtime", &["keyholder-plugin-host"]),
    ("samael", &["safeguarding-app"]),
];

/// The graph of normal dependencies (development and build dependencies do not reach a program).
struct Graph {
    ours: BTreeSet<String>,
    names: BTreeMap<String, String>,
    edges: BTreeMap<String, BTreeSet<String>>,
}

fn graph() -> Graph {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output =
        Command::new(cargo).args(["metadata", "--format-version", "1", "--locked", "--offline"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let list = |value: &Value| value.as_array().unwrap().clone();
    let names: BTreeMap<String, String> =
        list(&metadata["packages"]).iter().map(|package| (text(&package["id"]), text(&package["name"]))).collect();
    let mut edges = BTreeMap::new();
    for node in list(&metadata["resolve"]["nodes"]) {
        let normal = |dependency: &Value| list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null());
        let dependencies = list(&node["deps"]);
        let to = dependencies.iter().filter(|dependency| normal(dependency)).map(|dependency| text(&dependency["pkg"]));
        edges.insert(text(&node["id"]), to.collect());
    }
    let ours = list(&metadata["workspace_members"]).iter().map(text).collect();
    Graph { ours, names, edges }
}

impl Graph {
    fn name(&self, id: &str) -> &str {
        &self.names[id]
    }

    fn direct(&self, id: &str) -> BTreeSet<&str> {
        self.edges[id].iter().map(|to| self.name(to)).collect()
    }

    fn reachable(&self, id: &str) -> BTreeSet<&str> {
        let (mut reached, mut open) = (BTreeSet::new(), vec![id]);
        while let Some(next) = open.pop() {
            for to in &self.edges[next] {
                if reached.insert(self.name(to)) {
                    open.push(to);
                }
            }
        }
        reached
    }
}

#[test]
fn our_crates_depend_in_one_direction() {
    let graph = graph();
    let ours: BTreeSet<&str> = graph.ours.iter().map(|id| graph.name(id)).collect();
    let allowed: BTreeMap<&str, &[&str]> = DIRECTIONS.into_iter().collect();
    for id in &graph.ours {
        let name = graph.name(id);
        let may = allowed.get(name).unwrap_or_else(|| panic!("{name} has no line in DIRECTIONS"));
        for to in graph.direct(id).intersection(&ours) {
            assert!(may.contains(to), "{name} may not depend on {to}");
        }
    }
}

#[test]
fn large_dependencies_stay_in_their_place() {
    let graph = graph();
    for id in &graph.ours {
        let name = graph.name(id);
        for (dependency, may) in KNOWN_ONLY_BY {
            assert!(
                may.contains(&name) || !graph.reachable(id).contains(dependency),
                "{name} may not reach {dependency}"
            );
        }
        for (dependency, may) in NAMED_ONLY_BY {
            assert!(may.contains(&name) || !graph.direct(id).contains(dependency), "{name} may not name {dependency}");
        }
    }
}
