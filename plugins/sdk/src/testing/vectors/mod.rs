//! Test vectors: sequences of calls with what is expected of each (`docs/plugins/vectors.md`), run natively.
//!
//! `keyholder plugin run` runs the same files in the sandbox of the real host. Between the calls this does what the host does there: it
//! hands the state on, keeps keys, stores updates, and refuses what is burnt. It does not hold the plugin to the host's limits.

mod format;
mod outcome;
mod pattern;

use std::collections::HashSet;
use std::path::Path;

use serde_json::{Value, json};

use crate::factor::{
    Consumed, Context, Credential, CredentialUpdate, EnrolOutcome, Factor, Fault, NewCredential, Purpose, Step,
    VerifyOutcome,
};

/// Runs all files of a folder, in the order of their names; the settings are completed from `config.schema.json` beside it.
///
/// # Panics
///
/// With every call whose outcome is not the expected one, and if there is no vector at all.
pub fn run_folder<F: Factor>(folder: impl AsRef<Path>) {
    run_files(folder.as_ref(), run::<F>);
}

/// As [`run_folder`], for a factor whose keys come in a file.
///
/// # Panics
///
/// As [`run_folder`].
#[cfg(feature = "seeds")]
pub fn run_folder_with_seeds<F: Factor + crate::seeds::SeedImport>(folder: impl AsRef<Path>) {
    run_files(folder.as_ref(), run_with_seeds::<F>);
}

fn run_files(folder: &Path, run: fn(&str, &str) -> Result<Vec<String>, String>) {
    let paths = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|ends| ends == "json")).collect();
    paths.sort();
    assert!(!paths.is_empty(), "no vectors in {}", folder.display());
    let schema = std::fs::read_to_string(folder.join("../config.schema.json")).unwrap_or_default();
    let mut problems = Vec::new();
    for path in &paths {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let found = run(&text, &schema).unwrap_or_else(|problem| vec![problem]);
        problems.extend(found.into_iter().map(|problem| format!("{}: {problem}", path.display())));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Runs one vector; says of each call how its outcome differs from what was expected.
///
/// # Errors
///
/// What is no vector, and a call that lacks what it needs.
pub fn run<F: Factor>(vector: &str, schema: &str) -> Result<Vec<String>, String> {
    run_calls::<F>(vector, schema, Ceremony::default())
}

/// As [`run`], for a factor whose keys come in a file.
///
/// # Errors
///
/// As [`run`].
#[cfg(feature = "seeds")]
pub fn run_with_seeds<F: Factor + crate::seeds::SeedImport>(vector: &str, schema: &str) -> Result<Vec<String>, String> {
    let import: Import = |settings, name, file, secret| {
        F::import_seeds(settings, name, file, secret).map(|imported| (imported.keys, imported.problems))
    };
    run_calls::<F>(vector, schema, Ceremony { import: Some(import), ..Ceremony::default() })
}

fn run_calls<F: Factor>(vector: &str, schema: &str, mut ceremony: Ceremony) -> Result<Vec<String>, String> {
    let vector: Value = serde_json::from_str(vector).map_err(|error| error.to_string())?;
    super::host::begin_random(format::bytes(&vector, "random")?.unwrap_or_default());
    let mut settings = format::defaults(schema);
    if let (Some(settings), Some(given)) = (settings.as_object_mut(), vector.get("settings").and_then(Value::as_object))
    {
        settings.extend(given.clone());
    }
    for key in format::list(&vector, "keys") {
        ceremony.keep(&format::key(key)?);
    }
    let mut problems = Vec::new();
    for (number, call) in format::list(&vector, "calls").iter().enumerate() {
        let name = format::text(call, "call").ok_or("a call without a name")?;
        let mut context = format::default_context(call, name);
        context.config = settings.to_string();
        for said in [vector.get("context"), call.get("context")].into_iter().flatten() {
            format::apply(said, &mut context)?;
        }
        let outcome =
            ceremony.call::<F>(name, call, context).map_err(|problem| format!("call {}: {problem}", number + 1))?;
        let mismatch = call.get("expect").and_then(|pattern| pattern::mismatch(pattern, &outcome));
        problems.extend(mismatch.map(|mismatch| format!("call {} ({name}): {mismatch}", number + 1)));
    }
    Ok(problems)
}

/// Settings, name of the file, file, secret; keys and problems.
type Import =
    fn(String, String, Vec<u8>, Option<Vec<u8>>) -> Result<(Vec<NewCredential>, Vec<(String, String)>), Fault>;

/// What goes on between the calls.
#[derive(Default)]
struct Ceremony {
    import: Option<Import>,
    keys: Vec<Credential>,
    state: Vec<u8>,
    /// By the id of the key.
    burnt: HashSet<(String, Vec<u8>)>,
}

impl Ceremony {
    fn call<F: Factor>(&mut self, name: &str, call: &Value, context: Context) -> Result<Value, String> {
        let keys = self.handed_in(call)?;
        let answer = || format::answer(call.get("answer").ok_or("there is no `answer`")?, &|name| self.id(name));
        let state = format::bytes(call, "state")?.unwrap_or_else(|| self.state.clone());
        let outcome = match name {
            "describe" => Ok(outcome::descriptor(&F::describe())),
            "check-config" => {
                let settings = call.get("settings").unwrap_or(&Value::Null).to_string();
                Ok(json!({ "faults": F::check_config(settings) }))
            }
            "begin-enrolment" => F::begin_enrolment(context, keys).map(|step| self.step(&step)),
            "begin-challenge" => F::begin_challenge(context, keys).map(|step| self.step(&step)),
            "finish-enrolment" => {
                F::finish_enrolment(context, keys, state, answer()?).map(|outcome| self.enrolment(&outcome))
            }
            "verify" => {
                let now = context.now_unix_ms;
                F::verify(context, keys, state, answer()?).map(|outcome| self.verdict(&outcome, now))
            }
            "import-seeds" => self.import(call, context.config)?,
            other => return Err(format!("there is no call `{other}`")),
        };
        Ok(outcome.unwrap_or_else(|fault: Fault| json!({ "fault": format!("{fault:?}") })))
    }

    fn import(&mut self, call: &Value, settings: String) -> Result<Result<Value, Fault>, String> {
        let import = self.import.ok_or("this factor imports no keys")?;
        let text = |name| format::text(call, name).map(str::to_owned);
        let file = match (text("file"), format::bytes(call, "file_hex")?) {
            (Some(file), None) => file.into_bytes(),
            (None, Some(file)) => file,
            _ => return Err("expected either `file` or `file_hex`".into()),
        };
        let imported =
            import(settings, text("file_name").unwrap_or_default(), file, text("secret").map(String::into_bytes));
        Ok(imported.map(|(keys, problems)| {
            let named = keys.iter().map(|key| outcome::enrolled(key, &self.keep(key)));
            let keys: Vec<_> = named.collect();
            json!({ "imported": { "keys": keys, "problems": problems } })
        }))
    }

    fn enrolment(&mut self, outcome: &EnrolOutcome) -> Value {
        match outcome {
            EnrolOutcome::More(step) => self.step(step),
            EnrolOutcome::Rejected(rejection) => outcome::rejected(rejection, &|id| self.name(id)),
            EnrolOutcome::Enrolled(key) => {
                let name = self.keep(key);
                json!({ "enrolled": outcome::enrolled(key, &name) })
            }
        }
    }

    fn verdict(&mut self, outcome: &VerifyOutcome, now: u64) -> Value {
        match outcome {
            VerifyOutcome::More(step) => self.step(step),
            VerifyOutcome::Rejected(rejection) => {
                for (id, update) in &rejection.updates {
                    self.update(id, update);
                }
                self.burnt.extend(rejection.consume.iter().map(|(id, one)| (id.clone(), one.token.clone())));
                outcome::rejected(rejection, &|id| self.name(id))
            }
            VerifyOutcome::Accepted(accepted) => {
                if !self.burn(&accepted.credential_id, &accepted.consume) {
                    return json!({ "rejected": { "reason": "replayed", "by": "host" } });
                }
                if let Some(update) = &accepted.update {
                    self.update(&accepted.credential_id, update);
                }
                if let Some(key) = self.keys.iter_mut().find(|key| key.id == accepted.credential_id) {
                    key.last_used_unix_ms = Some(now);
                }
                outcome::accepted(accepted, &|id| self.name(id))
            }
        }
    }

    fn handed_in(&self, call: &Value) -> Result<Vec<Credential>, String> {
        let Some(names) = call.get("keys").and_then(Value::as_array) else { return Ok(self.keys.clone()) };
        let find = |name: &Value| {
            let id = name.as_str().and_then(|name| self.id(name));
            let key = self.keys.iter().find(|key| Some(&key.id) == id.as_ref());
            key.cloned().ok_or_else(|| format!("there is no key {name}"))
        };
        names.iter().map(find).collect()
    }

    fn step(&mut self, step: &Step) -> Value {
        self.state.clone_from(&step.state);
        outcome::step(step)
    }

    fn keep(&mut self, key: &NewCredential) -> String {
        let number = self.keys.len() + 1;
        // As the runner of the host numbers them, so that signatures over an id are the same there and here.
        let id = format!("{number:032x}");
        self.burn(&id, &key.consume);
        self.keys.push(super::stored(&id, key));
        format!("key-{number}")
    }

    fn id(&self, name: &str) -> Option<String> {
        let number: usize = name.strip_prefix("key-")?.parse().ok()?;
        self.keys.get(number.checked_sub(1)?).map(|key| key.id.clone())
    }

    fn name(&self, id: &str) -> String {
        let place = self.keys.iter().position(|key| key.id == id);
        place.map_or_else(|| id.to_owned(), |place| format!("key-{}", place + 1))
    }

    /// `false` where one was burnt before.
    fn burn(&mut self, id: &str, tokens: &[Consumed]) -> bool {
        let tokens: Vec<_> = tokens.iter().map(|one| (id.to_owned(), one.token.clone())).collect();
        if tokens.iter().any(|token| self.burnt.contains(token)) {
            return false;
        }
        self.burnt.extend(tokens);
        true
    }

    fn update(&mut self, id: &str, update: &CredentialUpdate) {
        if let Some(key) = self.keys.iter_mut().find(|key| key.id == id) {
            key.format = update.format;
            key.data.clone_from(&update.data);
        }
    }
}

/// What a call is for, unless its context says otherwise.
fn purpose_of(call: &str) -> Purpose {
    if call.ends_with("-enrolment") { Purpose::Enrolment } else { Purpose::SignIn }
}

#[cfg(test)]
mod tests;
