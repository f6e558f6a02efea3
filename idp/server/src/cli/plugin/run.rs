//! `keyholder plugin run`: one call, or test vectors, in the sandbox.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use keyholder_plugin_host::vectors::{CallName, Runner, ScriptedRandom, Vector, VectorError};
use serde_json::{Value, json};

use super::super::context::Context;
use super::super::error::CliError;
use super::check::{load, refused, small_admission};
use crate::workers::describe;

pub(super) async fn run(
    context: &mut Context,
    path: &Path,
    export: Option<&str>,
    input: Option<&Path>,
    vectors: Option<&Path>,
) -> Result<(), CliError> {
    let package = load(path)?;
    let random = Arc::new(ScriptedRandom::default());
    let runner = Runner::new(small_admission(context, random.clone())?, random, &package);
    let told = |file: &str, error: VectorError| match error {
        VectorError::Admission(error) => refused(&package, &error),
        error => CliError::Refused(format!("{file}: {}", describe(&error))),
    };
    if let Some(export) = export {
        let vector = one_call(export, input)?;
        for ran in runner.run(&vector).await.map_err(|error| told(export, error))? {
            let text = serde_json::to_string_pretty(&ran.outcome).map_err(std::io::Error::other)?;
            context.say(&text)?;
            if let Some(mismatch) = ran.mismatch {
                return Err(CliError::Refused(format!("{export}: {mismatch}")));
            }
        }
        return Ok(());
    }
    let mut failed = 0;
    let files = vector_files(vectors.unwrap_or(Path::new("vectors")))?;
    for file in &files {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let vector = read(file).and_then(|text| Vector::parse(&text).map_err(|error| told(&name, error)))?;
        let ran = runner.run(&vector).await.map_err(|error| told(&name, error))?;
        let wrong = ran.iter().enumerate().find_map(|(at, ran)| Some((at + 1, ran.call, ran.mismatch.as_ref()?)));
        match wrong {
            None => context.say(&format!("ok      {name}: {}", vector.about))?,
            Some((number, call, mismatch)) => {
                failed += 1;
                context.say(&format!("FAILED  {name}: {}", vector.about))?;
                context.say(&format!("        call {number}, {}: {mismatch}", call.name()))?;
            }
        }
    }
    if failed > 0 { Err(CliError::Refused(format!("{failed} of {} vectors failed", files.len()))) } else { Ok(()) }
}

/// The vector of a single call. The file holds the call, and may hold what else a vector has.
fn one_call(export: &str, input: Option<&Path>) -> Result<Vector, CliError> {
    let wrong = |problem: String| CliError::Refused(format!("{export}: {problem}"));
    CallName::from_name(export).ok_or_else(|| wrong("there is no such function in the contract".into()))?;
    let mut call = match input {
        Some(file) => {
            serde_json::from_str(&read(file)?).map_err(|error| wrong(format!("{}: {error}", file.display())))?
        }
        None => json!({}),
    };
    let members = call.as_object_mut().ok_or_else(|| wrong("expected a JSON object".into()))?;
    members.insert("call".into(), export.into());
    let mut vector = json!({ "about": export });
    for shared in ["random", "settings"] {
        // `settings` of check-config are its argument.
        if (shared, export) != ("settings", "check-config")
            && let Some(value) = members.remove(shared)
        {
            insert(&mut vector, shared, value);
        }
    }
    if let Some(keys) =
        members.get("keys").filter(|keys| keys.as_array().is_some_and(|keys| keys.iter().all(Value::is_object)))
    {
        let keys = keys.clone();
        members.remove("keys");
        insert(&mut vector, "keys", keys);
    }
    insert(&mut vector, "calls", json!([call]));
    Vector::parse(&vector.to_string()).map_err(|error| wrong(describe(&error)))
}

fn insert(vector: &mut Value, name: &str, value: Value) {
    if let Some(members) = vector.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

fn vector_files(path: &Path) -> Result<Vec<PathBuf>, CliError> {
    let wrong = |error: std::io::Error| CliError::Refused(format!("{}: {error}", path.display()));
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(wrong)? {
        let file = entry.map_err(wrong)?.path();
        if file.extension().is_some_and(|extension| extension == "json") {
            files.push(file);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(CliError::Refused(format!("{}: there are no vectors", path.display())));
    }
    Ok(files)
}

fn read(file: &Path) -> Result<String, CliError> {
    std::fs::read_to_string(file).map_err(|error| CliError::Refused(format!("{}: {error}", file.display())))
}
