//! What a component imports, told in plain words.
//!
//! Owns which import needs which grant. An import that nothing here knows is refused by its name.

use std::collections::BTreeSet;

use crate::code::Code;
use crate::installed::Capability;

/// One imported interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// As in the component: `keyholder:host/log@0.9.0`.
    pub name: String,
    pub kind: ImportKind,
}

/// What an import stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportKind {
    /// Types alone, no function: always good.
    Types,
    /// Runs only where this was granted.
    Needs(Capability),
    /// Runs nowhere here, and what it would reach.
    Refused(&'static str),
}

impl Import {
    /// Why it may not run with these grants; `None` where it may.
    pub fn refusal(&self, granted: &BTreeSet<Capability>) -> Option<String> {
        match self.kind {
            ImportKind::Types => None,
            ImportKind::Needs(capability) if granted.contains(&capability) => None,
            ImportKind::Needs(capability) => {
                Some(format!("{} needs the permission \"{}\", which was not granted", self.name, capability.name()))
            }
            ImportKind::Refused(what) => Some(format!("{} would reach {what}", self.name)),
        }
    }
}

/// The versions of the contract that this server speaks, by the part that counts: `0.9` reads every 0.9.x.
pub(crate) const CONTRACT: [&str; 1] = ["0.9"];

/// Every import of a component, in its own order.
pub fn imports_of(code: &Code) -> Vec<Import> {
    let component = &code.component;
    let of_type = component.component_type();
    of_type.imports(component.engine()).map(|(name, _)| Import { name: name.to_owned(), kind: kind(name) }).collect()
}

fn kind(name: &str) -> ImportKind {
    let (path, version) = name.split_once('@').unwrap_or((name, ""));
    let (package, interface) = path.split_once('/').unwrap_or((path, ""));
    match package {
        "keyholder:host" | "keyholder:factor" | "keyholder:policy" if !spoken(version) => {
            ImportKind::Refused("a version of the contract that this server does not speak")
        }
        "keyholder:host" => match interface {
            "log" => ImportKind::Needs(Capability::Log),
            "random" => ImportKind::Needs(Capability::Random),
            "crypto" => ImportKind::Needs(Capability::Crypto),
            _ => ImportKind::Refused("something that the host does not lend"),
        },
        "keyholder:factor" | "keyholder:policy" if interface == "types" => ImportKind::Types,
        "wasi:filesystem" => ImportKind::Refused("files, and plugins have none"),
        "wasi:sockets" => ImportKind::Refused("the network, and plugins have none"),
        "wasi:http" => ImportKind::Refused("the web, and plugins have no network"),
        "wasi:keyvalue" | "wasi:blobstore" => ImportKind::Refused("storage, and plugins keep nothing"),
        "wasi:random" | "wasi:clocks" | "wasi:io" | "wasi:cli" if version.starts_with("0.2.") => {
            if crate::wasi::INTERFACES.contains(&path) {
                ImportKind::Needs(Capability::Std)
            } else {
                ImportKind::Refused("a part of the system that plugins do not have")
            }
        }
        _ => ImportKind::Refused("something unknown here"),
    }
}

/// Whether this server has an adapter for that version of the contract.
pub(crate) fn spoken(version: &str) -> bool {
    let mut numbers = version.split('.');
    let track = (numbers.next(), numbers.next(), numbers.next(), numbers.next());
    matches!(track, (Some(major), Some(minor), Some(_), None) if CONTRACT.iter().any(|spoken| *spoken == format!("{major}.{minor}")))
}

#[cfg(test)]
mod tests;
