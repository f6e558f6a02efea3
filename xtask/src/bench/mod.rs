//! `cargo xtask bench`: what each operation costs the server, beside the goals and a peer.
//!
//! Owns seeding, load, measurement and the table; `docs/performance.md` says what each row means. The figure that counts is CPU
//! time of the server's processes: it does not drift with what else the machine does. A wrong answer ends the run.

mod factors;
mod http;
mod load;
mod options;
mod peer;
mod process;
mod rows;
mod saml;
mod seed;
mod server;
mod sign_in;
mod statistics;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use self::http::{Connection, get, post};
use self::load::{Client, Load, MOST_REQUESTS, Measured, measure};
pub(crate) use self::options::Options;
use self::options::{Extent, Part};
use self::rows::{Report, Row, goals};
use self::seed::{ALGORITHMS, Application, Applications, PEOPLE, Site};
use self::server::{Pinning, Server, free_port};
use self::sign_in::{Browser, Tokens, redeem, redemption};
use crate::install;
use crate::run::{Failure, cargo, run as run_command, target_directory, write};

/// Requests under way where latency is not the question.
const CONNECTIONS: usize = 8;
const EXCHANGES_AT_ONCE: usize = 64;
const STARTS: usize = 5;

/// Builds, measures, prints.
pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let binary = match &options.binary {
        Some(binary) => std::path::absolute(binary).map_err(|source| failed(binary, source))?,
        None => build()?,
    };
    if !options.no_peer {
        peer::install()?;
    }
    // Makes the key of a service provider.
    install::system(&[install::OPENSSL])?;
    let folder = tempfile::tempdir().map_err(|source| failed(Path::new("a temporary folder"), source))?;
    let pinning = Pinning::of_this_machine();
    match pinning {
        Pinning::Apart => println!("server on processor 0, load on processor 1"),
        Pinning::None(why) => println!("server and load share the processors: {why}"),
    }
    let extent = Extent::new(options.quick);
    let applications = Applications::draw()?;
    let mut report = Report::default();
    keyholder(&mut report, &binary, folder.path(), pinning, extent, &applications, options)?;
    if !options.no_peer {
        peer::measure_all(&mut report, folder.path(), pinning, extent, &applications)?;
    }
    println!("\n{}", report.table());
    match &options.json {
        Some(file) => write(file, &format!("{:#}\n", report.to_json())),
        None => Ok(()),
    }
}

fn build() -> Result<PathBuf, Failure> {
    crate::fonts::fetch()?;
    println!("building Keyholder for release");
    run_command(cargo().args(["build", "--quiet", "--release", "--package", "keyholder"]))?;
    Ok(target_directory()?.join("release/keyholder"))
}

/// Everything about our own server.
fn keyholder(
    report: &mut Report,
    binary: &Path,
    folder: &Path,
    pinning: Pinning,
    extent: Extent,
    applications: &Applications,
    options: &Options,
) -> Result<(), Failure> {
    if options.has(Part::Starts) {
        start_on_fresh_data(report, binary, folder, pinning)?;
    }
    println!("seeding");
    let port = free_port()?;
    let site = Site::new(binary, &folder.join("site"), port)?;
    let providers = saml::Providers::make(site.folder())?;
    site.fill(applications)?;
    if options.has(Part::Starts) {
        let mut starts = Starts::default();
        for _ in 0..STARTS {
            starts.note(&serve(&site, port, pinning)?)?;
        }
        starts.report(report, "existing", goals::START_EXISTING_MS, None);
    }
    let server = serve(&site, port, pinning)?;
    server.ready()?;
    let memory = |report: &mut Report, what: &str, goal: Option<f64>| {
        let goal = goal.map(|goal| format!("{goal} MiB"));
        #[allow(clippy::cast_precision_loss, reason = "KiB of one process")]
        let mib = process::resident_kib(server.pid()).unwrap_or(0) as f64 / 1024.0;
        report.figure(what, mib, "MiB", goal);
    };
    memory(report, "resident memory, idle", Some(goals::IDLE_MIB));
    memory_of_its_own(report, &server);
    let bench = Bench { server: &server, extent };
    let people = &applications.people;
    if options.has(Part::Keys) {
        let key_people = factors::enrol(&site, port)?;
        factors::sign_ins(report, &bench, people, key_people).map_err(Failure::Told)?;
    }
    if options.has(Part::Plugins) {
        factors::plugins(report, binary, &site, pinning, extent.calls)?;
    }
    if options.has(Part::Common) {
        let tokens = bench.sign_in_people(people).map_err(Failure::Told)?;
        common(report, &bench, applications, &tokens).map_err(Failure::Told)?;
        memory(report, "resident memory after that load, hash buffer included", None);
        report.figure("of that, the hash buffer", 19.0, "MiB", None);
    }
    if options.has(Part::SignIns) {
        sign_ins(report, &bench, people).map_err(Failure::Told)?;
    }
    if options.has(Part::Saml) {
        saml::sign_ons(report, &bench, people, &providers).map_err(Failure::Told)?;
    }
    if options.has(Part::Exchanges) {
        exchanges(report, &bench, people).map_err(Failure::Told)?;
    }
    if options.has(Part::Saturation) {
        saturation(report, &bench, applications).map_err(Failure::Told)?;
    }
    let goal = format!("{} MiB and the hash buffer", goals::LOADED_MIB);
    memory(report, "resident memory at the end", None);
    if let Some(figure) = report.figures.last_mut() {
        figure.goal = Some(goal);
    }
    Ok(())
}

/// What of the resident memory is no page of the program's file, which the system takes back when it needs room.
fn memory_of_its_own(report: &mut Report, server: &Server) {
    #[allow(clippy::cast_precision_loss, reason = "KiB of one process")]
    let mib = process::own_kib(server.pid()).unwrap_or(0) as f64 / 1024.0;
    report.figure("of that, not pages of the program's file", mib, "MiB", None);
}

/// Times of starts.
#[derive(Debug, Default)]
struct Starts {
    cpu_us: Vec<f64>,
    ms: Vec<f64>,
    ready_ms: Vec<f64>,
}

impl Starts {
    fn note(&mut self, server: &Server) -> Result<(), Failure> {
        self.cpu_us.push(process::cpu_of_tree(server.pid()).as_secs_f64() * 1_000_000.0);
        self.ms.push(server.started_in.as_secs_f64() * 1000.0);
        self.ready_ms.push(server.ready()?.as_secs_f64() * 1000.0);
        Ok(())
    }

    fn report(self, report: &mut Report, data: &str, goal_ms: f64, ready_goal_ms: Option<f64>) {
        let ready = statistics::median(self.ready_ms).unwrap_or_default();
        let operation = format!("cold start to discovery, {data} data");
        let operation = operation.as_str();
        let slowest = self.ms.iter().copied().reduce(f64::max);
        let row = Row {
            operation: operation.to_owned(),
            cpu_us: statistics::median(self.cpu_us),
            p50_ms: statistics::median(self.ms),
            p99_ms: slowest,
            ..Row::default()
        };
        report.figure(operation, row.p50_ms.unwrap_or_default(), "ms", Some(format!("{goal_ms} ms")));
        let goal = ready_goal_ms.map(|goal| format!("{goal} ms"));
        report.figure(&format!("the same until all plugins are ready, {data} data"), ready, "ms", goal);
        report.rows.push(row);
    }
}

fn start_on_fresh_data(report: &mut Report, binary: &Path, folder: &Path, pinning: Pinning) -> Result<(), Failure> {
    println!("starts");
    let mut starts = Starts::default();
    for number in 0..STARTS {
        let port = free_port()?;
        let site = Site::new(binary, &folder.join(format!("fresh-{number}")), port)?;
        starts.note(&serve(&site, port, pinning)?)?;
    }
    starts.report(report, "fresh", goals::START_FRESH_MS, Some(goals::READY_FRESH_MS));
    Ok(())
}

fn serve(site: &Site, port: u16, pinning: Pinning) -> Result<Server, Failure> {
    let mut command = pinning.command(site.binary());
    site.settle(&mut command);
    command.arg("serve");
    Server::start(command, port, &site.log())
}

/// A server under load.
#[derive(Debug, Clone, Copy)]
struct Bench<'a> {
    server: &'a Server,
    extent: Extent,
}

impl Bench<'_> {
    /// The same request again and again on every connection.
    fn repeat(&self, requests: &[Vec<u8>], connections: usize) -> http::Result<Measured> {
        let clients = || {
            let requests = requests.iter().cycle().take(connections);
            requests.map(|request| move |connection: &mut Connection| connection.must(request).map(drop)).collect()
        };
        self.load(self.extent.warm_up, MOST_REQUESTS, clients())?;
        self.load(self.extent.time, MOST_REQUESTS, clients()).map(|(measured, _)| measured)
    }

    fn load<C: Client>(&self, time: Duration, most: usize, clients: Vec<C>) -> http::Result<(Measured, Vec<C>)> {
        measure(self.server.pid(), self.server.port, Load { most, time }, clients)
    }

    /// Everybody signs in once, so that every browser is a familiar one afterwards.
    fn sign_in_people(&self, client: &Application) -> http::Result<Vec<(Browser, Tokens)>> {
        let mut connection = Connection::open(self.server.port).map_err(|error| error.to_string())?;
        (0..PEOPLE)
            .map(|number| {
                let mut browser = Browser::new(seed::email(number));
                let code = browser.sign_in(&mut connection, client)?;
                let tokens = redeem(&mut connection, &code, client)?;
                Ok((browser, tokens))
            })
            .collect()
    }
}

/// The names of the rows that the peer has as well.
mod operation {
    pub(super) const DISCOVERY: &str = "discovery";
    pub(super) const USERINFO: &str = "userinfo";
    pub(super) const INTROSPECTION: &str = "introspection of an access token";
    pub(super) const REFRESH: &str = "refresh (ES256)";
    pub(super) const JWKS: &str = "JWKS";

    pub(super) fn client_credentials(algorithm: &str) -> String {
        format!("client credentials, JWT {algorithm}")
    }
}

/// Requests of the operations that both servers have.
struct Paths<'a> {
    jwks: &'a str,
    token: &'a str,
    userinfo: &'a str,
    introspection: &'a str,
}

const OURS: Paths<'static> =
    Paths { jwks: "/oidc/jwks", token: "/oidc/token", userinfo: "/oidc/userinfo", introspection: "/oidc/introspect" };

/// Measures one operation of those that both servers have: its name, its goal and its requests.
type Operation = (String, Option<f64>, Vec<Vec<u8>>);

fn operations(paths: &Paths<'_>, applications: &Applications, access: &str, refresh: &[String]) -> Vec<Operation> {
    let people = applications.people.basic.as_str();
    let mut all = vec![
        (operation::DISCOVERY.to_owned(), Some(goals::DISCOVERY), vec![get("/.well-known/openid-configuration", &[])]),
        (operation::JWKS.to_owned(), Some(goals::JWKS), vec![get(paths.jwks, &[])]),
    ];
    for (application, (_, algorithm)) in applications.machines.iter().zip(ALGORITHMS) {
        let goal = if algorithm == "RS256" { goals::CLIENT_CREDENTIALS_RS256 } else { goals::CLIENT_CREDENTIALS };
        let request = post(paths.token, &[&application.basic], &[("grant_type", "client_credentials")]);
        all.push((operation::client_credentials(algorithm), Some(goal), vec![request]));
    }
    let bearer = format!("Authorization: Bearer {access}");
    let refreshes = refresh.iter().map(|token| {
        post(paths.token, &[people], &[("grant_type", "refresh_token"), ("refresh_token", token.as_str())])
    });
    all.extend([
        (operation::USERINFO.to_owned(), Some(goals::USERINFO), vec![get(paths.userinfo, &[&bearer])]),
        (
            operation::INTROSPECTION.to_owned(),
            Some(goals::INTROSPECTION),
            vec![post(paths.introspection, &[people], &[("token", access)])],
        ),
        (operation::REFRESH.to_owned(), None, refreshes.collect()),
    ]);
    all
}

fn common(
    report: &mut Report,
    bench: &Bench<'_>,
    applications: &Applications,
    people: &[(Browser, Tokens)],
) -> http::Result<()> {
    let access = people.first().map(|(_, tokens)| tokens.access.clone()).unwrap_or_default();
    let refresh: Vec<_> = people.iter().map(|(_, tokens)| tokens.refresh.clone()).collect();
    for (name, goal, requests) in operations(&OURS, applications, &access, &refresh) {
        println!("{name}");
        report.rows.push(Row::new(&name, &bench.repeat(&requests, CONNECTIONS)?, goal));
    }
    Ok(())
}

/// Signs in again and again, in a familiar browser, without a session.
struct SignIn {
    browser: Browser,
    client: Arc<Application>,
}

impl Client for SignIn {
    fn once(&mut self, connection: &mut Connection) -> http::Result<()> {
        self.browser.leave();
        let code = self.browser.sign_in(connection, &self.client)?;
        redeem(connection, &code, &self.client).map(drop)
    }
}

fn sign_in_clients(bench: &Bench<'_>, client: &Application) -> http::Result<Vec<SignIn>> {
    let client = Arc::new(client.clone());
    let people = bench.sign_in_people(&client)?;
    Ok(people.into_iter().map(|(browser, _)| SignIn { browser, client: Arc::clone(&client) }).collect())
}

fn sign_ins(report: &mut Report, bench: &Bench<'_>, client: &Application) -> http::Result<()> {
    println!("sign-ins");
    let clients = sign_in_clients(bench, client)?;
    let (measured, _) = bench.load(bench.extent.sign_in_time, MOST_REQUESTS, clients)?;
    report.rows.push(Row::new("whole sign-in, argon2id 19 MiB/2/1", &measured, Some(goals::SIGN_IN)));
    report.rows.push(Row {
        operation: "the same less the CPU time of the hashing threads".to_owned(),
        cpu_us: Some(measured.cpu_us_without_hashing()),
        goal_cpu_us: Some(goals::SIGN_IN_WITHOUT_HASH),
        ..Row::default()
    });
    Ok(())
}

/// Collects codes by sign-ons with a live session.
struct SignOn {
    browser: Browser,
    client: Arc<Application>,
    codes: Vec<String>,
}

impl Client for SignOn {
    fn once(&mut self, connection: &mut Connection) -> http::Result<()> {
        let code = self.browser.sign_on(connection, &self.client)?;
        self.codes.push(code);
        Ok(())
    }
}

/// Redeems codes that are there already.
struct Redeemer {
    requests: Vec<Vec<u8>>,
}

impl Client for Redeemer {
    fn once(&mut self, connection: &mut Connection) -> http::Result<()> {
        let request = self.requests.pop().ok_or("no code is left")?;
        connection.must(&request).map(drop)
    }

    fn is_done(&self) -> bool {
        self.requests.is_empty()
    }
}

fn exchanges(report: &mut Report, bench: &Bench<'_>, client: &Application) -> http::Result<()> {
    println!("sign-ons and exchanges of codes");
    let shared = Arc::new(client.clone());
    let people = bench.sign_in_people(client)?;
    let clients = people.iter().cycle().take(EXCHANGES_AT_ONCE).map(|(browser, _)| SignOn {
        browser: browser.clone(),
        client: Arc::clone(&shared),
        codes: Vec::new(),
    });
    // Codes live for five minutes.
    let time = Duration::from_mins(2);
    let (measured, clients) = bench.load(time, bench.extent.codes, clients.collect())?;
    report.rows.push(Row::new("sign-on with a live session, 64 at once", &measured, None));
    let redeemers = clients
        .into_iter()
        .map(|sign_on| Redeemer { requests: sign_on.codes.iter().map(|code| redemption(code, client)).collect() });
    let (measured, _) = bench.load(time, MOST_REQUESTS, redeemers.collect())?;
    report.rows.push(Row::new("durable code-to-token exchange (ES256), 64 at once", &measured, None));
    let goal = format!("{} a second", goals::EXCHANGES_A_SECOND);
    report.figure("durable code-to-token exchanges, 64 at once", measured.per_second(), "a second", Some(goal));
    Ok(())
}

/// Tokens one after the other, first alone, then while people sign in as fast as they can.
fn saturation(report: &mut Report, bench: &Bench<'_>, applications: &Applications) -> http::Result<()> {
    println!("tokens while sign-ins saturate the server");
    let Some((machine, (_, algorithm))) =
        applications.machines.iter().zip(ALGORITHMS).find(|(_, (_, algorithm))| *algorithm == "ES256")
    else {
        return Err("no client for ES256".into());
    };
    let request = post(OURS.token, &[&machine.basic], &[("grant_type", "client_credentials")]);
    let idle = bench.repeat(std::slice::from_ref(&request), 1)?;
    let clients = sign_in_clients(bench, &applications.people)?;
    let time = bench.extent.sign_in_time;
    let (tokens, sign_ins) = std::thread::scope(|scope| {
        let sign_ins = scope.spawn(|| bench.load(time, MOST_REQUESTS, clients).map(|(measured, _)| measured));
        let client = |connection: &mut Connection| connection.must(&request).map(drop);
        let tokens = bench.load(time.mul_f64(0.9), MOST_REQUESTS, vec![client]).map(|(measured, _)| measured);
        (tokens, sign_ins.join().unwrap_or_else(|_| Err("a client died".into())))
    });
    let (busy, sign_ins) = (tokens?, sign_ins?);
    report.rows.push(Row::new(&format!("token {algorithm}, one at a time, idle"), &idle, None));
    let row = Row::new(&format!("token {algorithm}, one at a time, while sign-ins saturate"), &busy, None);
    // Its CPU time would be that of the sign-ins.
    report.rows.push(Row { cpu_us: None, ..row });
    let p99 = |measured: &Measured| measured.latencies.percentile_ms(990).unwrap_or_default();
    let times = p99(&busy) / p99(&idle).max(f64::EPSILON);
    let goal = format!("{} times", goals::SATURATED_TIMES);
    report.figure("token p99 while sign-ins saturate, beside the idle p99", times, "times", Some(goal));
    report.figure("sign-ins meanwhile", sign_ins.per_second(), "a second", None);
    Ok(())
}

fn failed(path: &Path, source: std::io::Error) -> Failure {
    Failure::File { path: path.to_owned(), source }
}
