//! Whether a component is built for the contract that its manifest names, in words that a person understands.
//!
//! wasmtime refuses what does not fit in any case; it does not say that a field is missing in `step`. So the component's types are
//! held against the contract's own text here, and the first differences are told.

use wasmtime::Engine;
use wasmtime::component::types::{Component as ComponentType, ComponentItem, Type as GuestType};
use wit_parser::{InterfaceId, Resolve, Type, TypeDefKind, WorldId, WorldItem};

use crate::code::Code;
use crate::package::{Contract, ContractWorld};

const HOST: &str = include_str!("../../../../plugins/wit/host/host.wit");
const FACTOR: &str = include_str!("../../../../plugins/wit/factor/factor.wit");
const POLICY: &str = include_str!("../../../../plugins/wit/policy/policy.wit");
/// What is told of many differences: the rest mostly follows from the first.
const MOST_TOLD: usize = 3;

/// Tells how a component differs from the contract that its manifest names; empty: it does not.
pub(super) fn differences(code: &Code, contract: &Contract) -> Vec<String> {
    let engine = code.component.engine();
    match Text::load(contract.world) {
        Ok(text) => text.differences(&code.component.component_type(), engine, contract),
        Err(problem) => vec![problem],
    }
}

/// The contract's text, parsed.
struct Text {
    resolve: Resolve,
    world: WorldId,
}

impl Text {
    fn load(world: ContractWorld) -> Result<Self, String> {
        let mut resolve = Resolve::new();
        let told = |error| format!("the contract cannot be read: {error:#}");
        resolve.push_source("host.wit", HOST).map_err(told)?;
        let source = if world == ContractWorld::Policy { POLICY } else { FACTOR };
        let package = resolve.push_source("contract.wit", source).map_err(told)?;
        let name = world.name().rsplit('/').next();
        let world = resolve.select_world(&[package], name).map_err(told)?;
        Ok(Self { resolve, world })
    }

    fn differences(&self, component: &ComponentType, engine: &Engine, contract: &Contract) -> Vec<String> {
        let mut told = Vec::new();
        let Some(world) = self.resolve.worlds.get(self.world) else { return told };
        for item in world.exports.values() {
            let WorldItem::Interface { id, .. } = item else { continue };
            let wanted = self.resolve.id_of(*id).unwrap_or_default();
            let found = component.exports(engine).find(|(name, _)| same_track(name, &wanted));
            match found.map(|(name, export)| (name, export.ty)) {
                Some((_, ComponentItem::ComponentInstance(instance))) => {
                    for (name, function) in self.functions(*id) {
                        match instance.get_export(engine, name).map(|export| export.ty) {
                            Some(ComponentItem::ComponentFunc(found)) => {
                                told.extend(self.function_difference(name, function, &found));
                            }
                            _ => told.push(format!("{wanted} has a function `{name}`, which it lacks")),
                        }
                    }
                }
                _ => told.push(absent(&wanted, component, engine, contract)),
            }
        }
        told.truncate(MOST_TOLD);
        told
    }

    fn functions(&self, interface: InterfaceId) -> impl Iterator<Item = (&str, &wit_parser::Function)> {
        let interface = self.resolve.interfaces.get(interface);
        interface
            .into_iter()
            .flat_map(|interface| interface.functions.iter().map(|(name, function)| (name.as_str(), function)))
    }

    fn function_difference(
        &self,
        name: &str,
        wanted: &wit_parser::Function,
        found: &wasmtime::component::types::ComponentFunc,
    ) -> Option<String> {
        if found.params().len() != wanted.params.len() {
            return Some(format!("`{name}` takes {} arguments, not {}", wanted.params.len(), found.params().len()));
        }
        for (wanted, (_, found)) in wanted.params.iter().zip(found.params()) {
            if let Some(difference) =
                self.difference(&format!("the argument `{}` of `{name}`", wanted.name), wanted.ty, &found)
            {
                return Some(difference);
            }
        }
        let mut results = found.results();
        match (wanted.result, results.next()) {
            (Some(wanted), Some(found)) => self.difference(&format!("the result of `{name}`"), wanted, &found),
            (None, None) => None,
            _ => Some(format!("`{name}` has another kind of result")),
        }
    }

    /// The first difference of two types, `None` where they are the same. `of` says whose they are.
    fn difference(&self, of: &str, wanted: Type, found: &GuestType) -> Option<String> {
        let (of, kind) = match wanted {
            Type::Id(id) => {
                let definition = self.resolve.types.get(id)?;
                if let TypeDefKind::Type(alias) = &definition.kind {
                    return self.difference(of, *alias, found);
                }
                let of = definition.name.as_ref().map_or_else(|| of.to_owned(), |name| format!("`{name}`"));
                (of, &definition.kind)
            }
            simple => return (simple_of(found) != Some(simple)).then(|| format!("{of} is of another type")),
        };
        match (kind, found) {
            (TypeDefKind::Record(record), GuestType::Record(found)) => {
                let names = record.fields.iter().map(|field| field.name.as_str());
                self.names_difference(&of, "field", names, found.fields().map(|field| field.name)).or_else(|| {
                    let pairs = record.fields.iter().zip(found.fields());
                    pairs.into_iter().find_map(|(wanted, found)| {
                        self.difference(&format!("the field `{}` of {of}", wanted.name), wanted.ty, &found.ty)
                    })
                })
            }
            (TypeDefKind::Variant(variant), GuestType::Variant(found)) => {
                let names = variant.cases.iter().map(|case| case.name.as_str());
                self.names_difference(&of, "case", names, found.cases().map(|case| case.name)).or_else(|| {
                    let pairs = variant.cases.iter().zip(found.cases());
                    pairs.into_iter().find_map(|(wanted, found)| {
                        self.optional(&format!("the case `{}` of {of}", wanted.name), wanted.ty, found.ty.as_ref())
                    })
                })
            }
            (TypeDefKind::Enum(wanted), GuestType::Enum(found)) => {
                self.names_difference(&of, "case", wanted.cases.iter().map(|case| case.name.as_str()), found.names())
            }
            (TypeDefKind::Flags(wanted), GuestType::Flags(found)) => {
                self.names_difference(&of, "flag", wanted.flags.iter().map(|flag| flag.name.as_str()), found.names())
            }
            (TypeDefKind::Option(wanted), GuestType::Option(found)) => self.difference(&of, *wanted, &found.ty()),
            (TypeDefKind::List(wanted), GuestType::List(found)) => self.difference(&of, *wanted, &found.ty()),
            (TypeDefKind::Result(wanted), GuestType::Result(found)) => self
                .optional(&of, wanted.ok, found.ok().as_ref())
                .or_else(|| self.optional(&of, wanted.err, found.err().as_ref())),
            (TypeDefKind::Tuple(wanted), GuestType::Tuple(found)) if wanted.types.len() == found.types().len() => {
                wanted.types.iter().zip(found.types()).find_map(|(wanted, found)| self.difference(&of, *wanted, &found))
            }
            _ => Some(format!("{of} is of another type")),
        }
    }

    fn optional(&self, of: &str, wanted: Option<Type>, found: Option<&GuestType>) -> Option<String> {
        match (wanted, found) {
            (Some(wanted), Some(found)) => self.difference(of, wanted, found),
            (None, None) => None,
            _ => Some(format!("{of} is of another type")),
        }
    }

    #[allow(clippy::unused_self, reason = "one of the family of differences")]
    fn names_difference<'a>(
        &self,
        of: &str,
        what: &str,
        wanted: impl Iterator<Item = &'a str>,
        found: impl Iterator<Item = &'a str>,
    ) -> Option<String> {
        let (wanted, found): (Vec<_>, Vec<_>) = (wanted.collect(), found.collect());
        if let Some(extra) = found.iter().find(|name| !wanted.contains(name)) {
            return Some(format!("{of} has a {what} `{extra}`, which the contract does not have"));
        }
        if let Some(missing) = wanted.iter().find(|name| !found.contains(name)) {
            return Some(format!("{of} lacks the {what} `{missing}` of the contract"));
        }
        (wanted != found).then(|| format!("{of} has its {what}s in another order"))
    }
}

/// Why an interface is not there: of another version, of another world, or not at all.
fn absent(wanted: &str, component: &ComponentType, engine: &Engine, contract: &Contract) -> String {
    let names: Vec<&str> = component.exports(engine).map(|(name, _)| name).collect();
    let path = |name: &str| name.split('@').next().unwrap_or_default().to_owned();
    if let Some(other) = names.iter().find(|name| path(name) == path(wanted)) {
        return format!("it exports {other}, which does not go with {wanted}");
    }
    let policy = names.iter().any(|name| name.starts_with("keyholder:policy/"));
    let factor = names.iter().any(|name| name.starts_with("keyholder:factor/"));
    match contract.world {
        ContractWorld::Policy if factor => "it is a factor, and its manifest says that it is a policy".into(),
        ContractWorld::Factor | ContractWorld::FactorWithSeeds if policy && !factor => {
            "it is a policy, and its manifest says that it is a factor".into()
        }
        _ => format!("it does not export {wanted}"),
    }
}

/// Whether two names are of the same interface in versions that go together (Semantic Versioning: below 1.0 the minor
/// version counts).
fn same_track(one: &str, other: &str) -> bool {
    let track = |name: &str| {
        let (path, version) = name.split_once('@')?;
        let version = semver::Version::parse(version).ok()?;
        let track = if version.major == 0 { (0, version.minor) } else { (version.major, 0) };
        Some((path.to_owned(), track))
    };
    track(one).is_some_and(|one| track(other) == Some(one))
}

fn simple_of(found: &GuestType) -> Option<Type> {
    Some(match found {
        GuestType::Bool => Type::Bool,
        GuestType::S8 => Type::S8,
        GuestType::U8 => Type::U8,
        GuestType::S16 => Type::S16,
        GuestType::U16 => Type::U16,
        GuestType::S32 => Type::S32,
        GuestType::U32 => Type::U32,
        GuestType::S64 => Type::S64,
        GuestType::U64 => Type::U64,
        GuestType::Float32 => Type::F32,
        GuestType::Float64 => Type::F64,
        GuestType::Char => Type::Char,
        GuestType::String => Type::String,
        _ => return None,
    })
}
