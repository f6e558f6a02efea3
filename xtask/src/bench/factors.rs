//! Second factors: sign-ins with a soft key through the real pages, and what each bundled plugin costs by itself.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::http::{Connection, Result};
use super::load::{Client, MOST_REQUESTS, Measured};
use super::rows::{Report, Row, goals};
use super::seed::{Application, KEY_PEOPLE, PASSWORD, Site, key_email};
use super::server::Pinning;
use super::sign_in::{Browser, redeem};
use super::{Bench, CONNECTIONS};
use crate::run::{Failure, output};
use crate::soft_key;
use crate::visitor::Visitor;

/// Each bundled plugin with the test vector whose verification is measured.
const PLUGINS: [(&str, &str, &str); 4] = [
    ("soft-key", "rfc-6238.json", "TOTP"),
    ("security-key", "chromium-ctap2.json", "WebAuthn, ES256"),
    ("keyboard-key", "pskc.json", "HOTP"),
    ("recovery-code", "each-code-once.json", "recovery code"),
];

/// Somebody with a soft key.
#[derive(Debug)]
pub(super) struct KeyPerson {
    browser: Browser,
    secret: String,
    /// The first step whose code was not used yet.
    next: u64,
}

impl KeyPerson {
    /// A step whose code counts now: each counts once, and never one before the last.
    fn step(&self) -> Option<u64> {
        let now = soft_key::step_of_now();
        // That of a moment ago would count as well, but not if it ends on the way.
        Some(self.next.max(now)).filter(|step| *step <= now + 1)
    }

    fn code(&mut self) -> Result<String> {
        let step = self.step().ok_or("no code is left")?;
        self.next = step + 1;
        soft_key::code(&self.secret, step).map_err(|failure| failure.to_string())
    }
}

/// Adds the keys, page by page.
pub(super) fn enrol(site: &Site, port: u16) -> std::result::Result<Vec<KeyPerson>, Failure> {
    println!("adding {KEY_PEOPLE} soft keys");
    (0..KEY_PEOPLE)
        .map(|number| {
            let (email, mut visitor) = (key_email(number), Visitor::new(port));
            let secret = soft_key::add(&mut visitor, &email, PASSWORD, &site.mails())?;
            let browser = Browser::with_cookies(email, visitor.into_cookies());
            Ok(KeyPerson { browser, secret, next: soft_key::step_of_now() + 1 })
        })
        .collect()
}

/// People who sign in with password and key, one after the other.
struct WithKey {
    people: Vec<KeyPerson>,
    client: Arc<Application>,
}

impl Client for WithKey {
    fn once(&mut self, connection: &mut Connection) -> Result<()> {
        let person = self.people.iter_mut().find(|person| person.step().is_some()).ok_or("no code is left")?;
        let code = person.code()?;
        person.browser.leave();
        let code = person.browser.sign_in_with(connection, &self.client, &code)?;
        redeem(connection, &code, &self.client).map(drop)
    }

    fn is_done(&self) -> bool {
        self.people.iter().all(|person| person.step().is_none())
    }
}

/// People who are signed in without their key, and now use it.
struct StepUp {
    people: Vec<KeyPerson>,
    done: Vec<KeyPerson>,
    client: Arc<Application>,
}

impl Client for StepUp {
    fn once(&mut self, connection: &mut Connection) -> Result<()> {
        let mut person = self.people.pop().ok_or("nobody is left")?;
        let code = person.code()?;
        person.browser.step_up(connection, &self.client, &code)?;
        self.done.push(person);
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.people.is_empty()
    }
}

/// Hands people out to so many connections.
fn dealt(people: Vec<KeyPerson>) -> Vec<Vec<KeyPerson>> {
    let mut hands: Vec<Vec<KeyPerson>> = (0..CONNECTIONS).map(|_| Vec::new()).collect();
    for (number, person) in people.into_iter().enumerate() {
        if let Some(hand) = hands.get_mut(number % CONNECTIONS) {
            hand.push(person);
        }
    }
    hands
}

/// Sign-ins with password and TOTP, and with TOTP alone.
pub(super) fn sign_ins(
    report: &mut Report,
    bench: &Bench<'_>,
    client: &Application,
    mut people: Vec<KeyPerson>,
) -> Result<()> {
    println!("sign-ins with a second factor");
    let client = Arc::new(client.clone());
    let raised = people.split_off(people.len() * 3 / 4);
    let counted = people.split_off(people.len() / 3);
    let time = Duration::from_secs(25);
    let load = |people| {
        let clients = dealt(people).into_iter().map(|people| WithKey { people, client: Arc::clone(&client) });
        bench.load(time, MOST_REQUESTS, clients.collect())
    };
    // Templates, statements and pages of the program that are needed for the first time are not what a sign-in costs.
    load(people)?;
    let (measured, _) = load(counted)?;
    report.rows.push(exact("whole sign-in with password and TOTP", &measured, Some(goals::SIGN_IN)));
    report.rows.push(Row {
        operation: "the same with TOTP less the CPU time of the hashing threads".to_owned(),
        cpu_us: Some(measured.cpu_us_of_threads() - measured.cpu_us_of_hashing()),
        goal_cpu_us: Some(goals::SIGN_IN_WITHOUT_HASH),
        ..Row::default()
    });

    let mut connection = Connection::open(bench.server.port).map_err(|error| error.to_string())?;
    let mut raised = raised;
    for person in &mut raised {
        person.browser.leave();
        person.browser.sign_in_without(&mut connection, &client)?;
    }
    let clients =
        dealt(raised).into_iter().map(|people| StepUp { people, done: Vec::new(), client: Arc::clone(&client) });
    let (measured, _) = bench.load(time, MOST_REQUESTS, clients.collect())?;
    report.rows.push(exact("step-up of a live session with TOTP", &measured, None));
    Ok(())
}

/// A row of few operations: ticks of ten milliseconds would be too coarse.
fn exact(operation: &str, measured: &Measured, goal: Option<f64>) -> Row {
    Row { cpu_us: Some(measured.cpu_us_of_threads()), ..Row::new(operation, measured, goal) }
}

/// What each plugin costs, measured by the program itself on the server's processor.
pub(super) fn plugins(
    report: &mut Report,
    binary: &Path,
    site: &Site,
    pinning: Pinning,
    calls: usize,
) -> std::result::Result<(), Failure> {
    let mut figures = Vec::new();
    for (id, vector, what) in PLUGINS {
        println!("plugin {id}");
        let mut command = pinning.command(binary);
        site.settle(&mut command);
        let vector = crate::root().join("plugins/factors").join(id).join("vectors").join(vector);
        command.args(["plugin", "measure", id, "--json", "--calls", &calls.to_string(), "--vector"]).arg(vector);
        let said = output(&mut command)?;
        let measured: Value =
            serde_json::from_str(&said).map_err(|error| Failure::Told(format!("the figures of {id}: {error}")))?;
        figures.push((id, what, measured));
    }
    let number = |value: &Value, name: &str| value.get(name).and_then(Value::as_f64);
    let row = |operation: String, cost: Option<&Value>, goal_cpu_us: Option<f64>| {
        let figure = |name| cost.and_then(|cost| number(cost, name));
        let (cpu_us, p50_ms, p99_ms) = (figure("cpu_us"), figure("p50_ms"), figure("p99_ms"));
        Row { operation, cpu_us, p50_ms, p99_ms, goal_cpu_us, peer_cpu_us: None }
    };
    for (id, what, measured) in &figures {
        let goal = (*id == "soft-key").then_some(goals::TOTP);
        report.rows.push(row(
            format!("plugin {id}: verify ({what}), host work included"),
            measured.get("verify"),
            goal,
        ));
    }
    for (id, _, measured) in &figures {
        report.rows.push(row(format!("plugin {id}: instance and call of it"), measured.get("verify_bare"), None));
    }
    for (id, _, measured) in &figures {
        report.rows.push(row(format!("plugin {id}: compile"), measured.get("compile"), None));
        report.rows.push(row(format!("plugin {id}: load from the artefact"), measured.get("load"), None));
    }
    for (id, _, measured) in &figures {
        let of = |name| number(measured, name).unwrap_or_default() / 1024.0;
        report.figure(&format!("plugin {id}: memory of a live instance"), of("instance_bytes"), "KiB", None);
        report.figure(&format!("plugin {id}: 50 hot reloads"), of("reload_bytes"), "KiB", None);
    }
    Ok(())
}
