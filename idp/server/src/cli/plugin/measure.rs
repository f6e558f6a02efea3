//! `keyholder plugin measure`: what a factor costs this machine.

use std::path::Path;
use std::time::Duration;

use keyholder_plugin_host::HostSettings;
use keyholder_plugin_host::measure::{Cost, Figures, measure};
use keyholder_plugin_host::vectors::Vector;
use serde_json::{Value, json};

use super::super::context::Context;
use super::super::error::CliError;
use super::check::load;
use crate::plugins::bundled_package;
use crate::workers::describe;

pub(super) async fn run(
    context: &mut Context,
    package: &Path,
    vector: &Path,
    calls: usize,
    as_json: bool,
) -> Result<(), CliError> {
    // A path first: the name of a bundled plugin is one as well.
    let bundled = package.to_str().filter(|_| !package.exists()).and_then(bundled_package);
    let package = match bundled {
        Some(read) => read.map_err(|error| CliError::Refused(describe(&error)))?,
        None => load(package)?,
    };
    let refused = |problem: String| CliError::Refused(format!("{}: {problem}", vector.display()));
    let text = std::fs::read_to_string(vector).map_err(|error| refused(error.to_string()))?;
    let parsed = Vector::parse(&text).map_err(|error| refused(describe(&error)))?;
    let settings = HostSettings::new(context.clock.clone(), context.random.clone());
    let figures = measure(&settings, &package, &parsed, calls).await.map_err(|error| refused(describe(&error)))?;
    if as_json {
        return context.say(&to_json(&figures).to_string());
    }
    for line in lines(&figures) {
        context.say(&line)?;
    }
    Ok(())
}

fn lines(figures: &Figures) -> [String; 7] {
    let us = |time: Duration| format!("{:.1} µs", time.as_secs_f64() * 1_000_000.0);
    let Figures { compile, artefact, load, verify, verify_bare, verify_on_demand, fuel, instance_memory, .. } = figures;
    [
        format!(
            "verify     {} of processor time, with the host's work; p99 {} on the clock",
            us(verify.cpu),
            us(verify.p99)
        ),
        format!("           {} of it for the instance and the call", us(verify_bare.cpu)),
        format!("           {} for these where no address space is reserved", us(verify_on_demand.cpu)),
        format!("           {fuel} units of fuel"),
        format!("memory     {} KiB for each call that runs", instance_memory / 1024),
        format!(
            "compile    {} ms of processor time, for {} KiB of machine code",
            compile.cpu.as_millis(),
            artefact / 1024
        ),
        format!("load       {} of processor time, where it was compiled before", us(load.cpu)),
    ]
}

fn to_json(figures: &Figures) -> Value {
    let cost = |cost: Cost| {
        json!({
            "cpu_us": cost.cpu.as_secs_f64() * 1_000_000.0,
            "p50_ms": cost.p50.as_secs_f64() * 1000.0,
            "p99_ms": cost.p99.as_secs_f64() * 1000.0,
        })
    };
    json!({
        "compile": cost(figures.compile),
        "load": cost(figures.load),
        "verify": cost(figures.verify),
        "verify_bare": cost(figures.verify_bare),
        "verify_on_demand": cost(figures.verify_on_demand),
        "fuel": figures.fuel,
        "artefact_bytes": figures.artefact,
        "instance_bytes": figures.instance_memory,
        "reload_bytes": figures.reload_growth,
    })
}
