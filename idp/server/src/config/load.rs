//! Reading the configuration: the file, the environment over it, and the defaults under it.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize as _;
use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

use super::check;
use super::faults::{Fault, Faults, Origin, Place, suggestion};
use super::keys::{KEYS, Key, Kind, Written};
use super::{Config, MailTransport};

/// The variable that names the file, where no option does.
pub const FILE_VARIABLE: &str = "KEYHOLDER_CONFIG";
/// What every variable of ours begins with.
const PREFIX: &str = "KEYHOLDER_";
/// Variables of ours that are no settings, and those that Kubernetes sets beside a service called `keyholder`.
const OTHER_VARIABLES: [&str; 4] = ["KEYHOLDER_CONFIG", "KEYHOLDER_MASTER_KEY", "KEYHOLDER_SERVICE_", "KEYHOLDER_PORT"];

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration file {} cannot be read: {}", path.display(), describe(error))]
    Unreadable {
        path: PathBuf,
        /// Told in the message, and so no source.
        error: io::Error,
    },
    /// There are mistakes; each names its key.
    #[error(transparent)]
    Faults(#[from] Faults),
}

/// What an operator can do about it.
pub fn describe(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".into(),
        io::ErrorKind::PermissionDenied => "this user may not read it".into(),
        io::ErrorKind::InvalidData => "it is not UTF-8 text".into(),
        io::ErrorKind::IsADirectory => "it is a folder".into(),
        _ => error.to_string(),
    }
}

/// A configuration, and where each of its settings was written.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub config: Config,
    pub file: Option<PathBuf>,
    /// The settings that are not left to their defaults.
    pub set: Vec<Setting>,
}

/// A setting as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    pub key: &'static str,
    /// In TOML; secrets as `(secret)`.
    pub value: String,
    pub origin: Origin,
}

/// Loads the configuration. `environment` is the process's own outside of tests.
pub fn load(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Loaded, ConfigError> {
    let mut reading = Reading::default();
    let mut folder = None;
    if let Some(path) = file {
        let text =
            std::fs::read_to_string(path).map_err(|error| ConfigError::Unreadable { path: path.to_owned(), error })?;
        // Absolute, so that nothing depends on where later commands are started.
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        folder = Some(std::path::absolute(parent).unwrap_or_else(|_| parent.to_owned()));
        reading.read_file(&text, folder.as_deref());
    }
    reading.read_environment(environment);
    let mut found = reading.found;
    let mut faults = reading.faults;
    if faults.is_empty() {
        check::check(&found, &mut faults);
    }
    let mut config = Config::default();
    if faults.is_empty() {
        match Config::deserialize(Value::Table(nest(&found))) {
            Ok(read) => config = read,
            Err(error) => {
                faults.push(Fault { origin: Origin::Nowhere, key: String::new(), problem: error.message().to_owned() });
            }
        }
    }
    if !faults.is_empty() {
        faults.sort_by(|a, b| a.origin.cmp(&b.origin));
        return Err(Faults { file: file.map(Path::to_owned), faults }.into());
    }
    if let (Some(folder), false) = (&folder, found.contains_key("data")) {
        config.data = folder.join(&config.data);
    }
    let set = KEYS
        .iter()
        .filter_map(|key| found.remove(key.name).map(|found| (key, found)))
        .map(|(key, found)| Setting {
            key: key.name,
            value: if matches!(key.kind, Kind::Secret) { "(secret)".into() } else { found.value.to_string() },
            origin: found.origin,
        })
        .collect();
    Ok(Loaded { config, file: file.map(Path::to_owned), set })
}

/// A value with where it was written.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// Values by their full key.
pub(super) type FoundValues = BTreeMap<&'static str, Found>;

#[derive(Debug, Default)]
struct Reading {
    found: FoundValues,
    faults: Vec<Fault>,
}

impl Reading {
    fn read_file(&mut self, text: &str, folder: Option<&Path>) {
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let place = Place::of(text, error.span().map_or(0, |span| span.start));
            self.fault(Origin::File(place), "", format!("not TOML: {}", error.message()));
        }
        // Values beside broken syntax may be torn; their faults would mislead.
        if errors.is_empty() {
            self.read_table(&FileContext { text, folder }, "", table.get_ref());
        }
    }

    fn read_table(&mut self, context: &FileContext<'_>, section: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let full =
                if section.is_empty() { name.get_ref().to_string() } else { format!("{section}.{}", name.get_ref()) };
            let key_origin = Origin::File(Place::of(context.text, name.span().start));
            if let Some(key) = find(&full) {
                self.read_value(key, Written::File(value.get_ref()), context.origin(value), context.folder);
            } else if is_section(&full) {
                match value.get_ref() {
                    DeValue::Table(inner) => self.read_table(context, &full, inner),
                    _ => self.fault(
                        context.origin(value),
                        &full,
                        format!("expected a section: write `[{full}]` and its keys below"),
                    ),
                }
            } else {
                let hint = suggest(&full);
                self.fault(key_origin, &full, format!("there is no such key{hint}"));
            }
        }
    }

    fn read_environment(&mut self, environment: impl IntoIterator<Item = (String, String)>) {
        let mut variables: Vec<_> = environment.into_iter().filter(|(name, _)| name.starts_with(PREFIX)).collect();
        variables.sort();
        for (variable, text) in variables {
            let full = variable.strip_prefix(PREFIX).unwrap_or_default().to_lowercase().replace("__", ".");
            let origin = Origin::Environment(variable.clone());
            if let Some(key) = find(&full) {
                self.read_value(key, Written::Environment(&text), origin, None);
            } else if !OTHER_VARIABLES.iter().any(|other| variable.starts_with(other)) {
                let known: Vec<_> = KEYS.iter().map(|key| variable_of(key.name)).collect();
                let hint = suggestion_of_variable(&variable, &known);
                self.fault(origin, "", format!("there is no such setting{hint}"));
            }
        }
    }

    fn read_value(&mut self, key: &Key, written: Written<'_>, origin: Origin, folder: Option<&Path>) {
        match key.kind.read(written) {
            Err(problem) => self.fault(origin, key.name, problem),
            Ok(mut value) => {
                // Relative paths are relative to the file in which they stand.
                if let (Kind::Path, Some(folder), Value::String(path)) = (key.kind, folder, &mut value) {
                    *path = folder.join(&*path).to_string_lossy().into_owned();
                }
                self.found.insert(key.name, Found { value, origin });
            }
        }
    }

    fn fault(&mut self, origin: Origin, key: &str, problem: String) {
        self.faults.push(Fault { origin, key: key.to_owned(), problem });
    }
}

struct FileContext<'a> {
    text: &'a str,
    folder: Option<&'a Path>,
}

impl FileContext<'_> {
    fn origin(&self, value: &Spanned<DeValue<'_>>) -> Origin {
        Origin::File(Place::of(self.text, value.span().start))
    }
}

fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

fn is_section(name: &str) -> bool {
    KEYS.iter().any(|key| key.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
}

/// The nearest full key; or the key of that very name in another section.
fn suggest(full: &str) -> String {
    let near = suggestion(full, KEYS.iter().map(|key| key.name));
    if !near.is_empty() {
        return near;
    }
    let last = full.rsplit('.').next().unwrap_or(full);
    let sections = KEYS.iter().filter_map(|key| key.name.rsplit_once('.')).map(|(section, _)| section);
    match KEYS.iter().find(|key| key.name.rsplit('.').next() == Some(last)) {
        Some(key) => format!("; did you mean `{}`?", key.name),
        None => suggestion(full, sections),
    }
}

/// The variable that overrides a key.
pub fn variable_of(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase().replace('.', "__"))
}

fn suggestion_of_variable(variable: &str, known: &[String]) -> String {
    // One underscore instead of two between section and key is the commonest slip.
    let single = |name: &str| name.replace("__", "_");
    match known.iter().find(|name| single(name) == single(variable)) {
        Some(name) => format!("; did you mean `{name}`?"),
        None => suggestion(variable, known.iter().map(String::as_str)),
    }
}

/// Full keys to nested tables.
fn nest(found: &FoundValues) -> Table {
    let mut root = Table::new();
    for (key, found) in found {
        let mut table = &mut root;
        let mut segments: Vec<_> = key.split('.').collect();
        let Some(last) = segments.pop() else { continue };
        for segment in segments {
            let inner = table.entry(segment).or_insert_with(|| Value::Table(Table::new()));
            let Value::Table(inner) = inner else { return root };
            table = inner;
        }
        table.insert(last.to_owned(), found.value.clone());
    }
    root
}

/// The folder for mails, where mails go to a folder.
pub fn mail_folder(config: &Config) -> Option<PathBuf> {
    match &config.mail.transport {
        MailTransport::Folder { folder, .. } => Some(folder.clone().unwrap_or_else(|| config.data.join("mails"))),
        MailTransport::Smtp { .. } => None,
    }
}
