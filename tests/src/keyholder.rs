//! The real program, with a data directory of its own, two schools, a few people and applications.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use aws_lc_rs::digest;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, Command};

use crate::{Browser, Mailbox, Page};

/// What everybody of the fixture signs in with.
pub const PASSWORD: &str = "grey heron by the lock";

const CLIENTS: [&str; 4] = ["oakfield-app", "bryn-app", "trust-app", "guest-app"];
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(50);
const MOST_LOOKS: usize = 1200;

/// A running server.
#[derive(Debug)]
pub struct Keyholder {
    pub issuer: String,
    pub mailbox: Mailbox,
    port: u16,
    folder: TempDir,
    child: Option<Child>,
}

impl Keyholder {
    /// Sets up a fresh installation with the fixture and starts it.
    pub async fn start() -> Self {
        Self::start_with("").await
    }

    /// The same, with more lines at the top of the configuration file.
    pub async fn start_with(configuration: &str) -> Self {
        let mut keyholder = Self::set_up(configuration).await;
        keyholder.serve().await;
        keyholder
    }

    /// Sets up a fresh installation with the fixture; nothing runs yet.
    pub async fn set_up(configuration: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let issuer = format!("http://localhost:{port}");
        let mailbox = Mailbox::new(folder.path().join("mails"));
        let keyholder = Self { issuer, mailbox, port, folder, child: None };
        let text = format!(
            "issuer = \"{}\"\nlisten = \"127.0.0.1:{port}\"\ndata = \"data\"\nworkers = 2\n{configuration}\n\
             [mail]\ntransport = \"folder\"\nfolder = \"mails\"\n",
            keyholder.issuer
        );
        keyholder.write("keyholder.toml", &text);
        keyholder.write_master_key();
        keyholder.run(&["init"]).await;
        let mut fixture = FIXTURE.to_owned();
        for client_id in CLIENTS {
            fixture = fixture.replace(&format!("SECRET OF {client_id}"), &secret_of(client_id));
        }
        keyholder.apply(&fixture).await;
        keyholder.write("people.jsonl", PEOPLE);
        let people = keyholder.path("people.jsonl");
        keyholder.run(&["person", "import", people.to_str().unwrap()]).await;
        for email in
            ["teacher@oakfield.example", "colleague@oakfield.example", "teacher@bryn.example", "both@trust.example"]
        {
            keyholder.run_with_input(&["person", "set-password", email, "--stdin"], PASSWORD).await;
        }
        keyholder
    }

    /// Starts the server and waits until it is ready.
    pub async fn serve(&mut self) {
        self.serve_by(self.command(&["serve"])).await;
    }

    /// The same where no file can grow beyond so many bytes, as on a full disk (setrlimit(2), `RLIMIT_FSIZE`).
    pub async fn serve_with_file_limit(&mut self, bytes: u64) {
        // `ulimit` counts in 512 bytes; without the trap the signal would end the program.
        let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" serve", bytes / 512);
        let mut command = self.command_of("/bin/sh".as_ref());
        command.args(["-c", &script]).arg(binary());
        self.serve_by(command).await;
    }

    async fn serve_by(&mut self, mut command: Command) {
        self.child = Some(command.stderr(self.log()).stdout(self.log()).kill_on_drop(true).spawn().unwrap());
        let ready = format!("{}/readyz", self.issuer);
        for _ in 0..MOST_LOOKS {
            if reqwest::get(&ready).await.is_ok_and(|response| response.status().is_success()) {
                return;
            }
            if let Some(status) = self.child.as_mut().unwrap().try_wait().unwrap() {
                panic!("keyholder serve ended ({status}): {}", self.log_text());
            }
            tokio::time::sleep(LOOK_AGAIN_AFTER).await;
        }
        panic!("keyholder serve does not answer: {}", self.log_text());
    }

    /// SIGKILL: no chance to finish anything.
    pub async fn kill(&mut self) {
        let mut child = self.child.take().expect("a running server");
        child.kill().await.unwrap();
    }

    /// SIGTERM, and the exit code.
    pub async fn stop(&mut self) -> Option<i32> {
        let mut child = self.child.take().expect("a running server");
        let id = child.id().expect("a running server").to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
        child.wait().await.unwrap().code()
    }

    /// Applies a TOML text.
    pub async fn apply(&self, toml: &str) -> String {
        self.write("apply.toml", toml);
        self.run(&["apply", self.path("apply.toml").to_str().unwrap()]).await
    }

    /// Runs a command of the program that has to succeed, and gives back what it printed.
    pub async fn run(&self, arguments: &[&str]) -> String {
        self.run_with_input(arguments, "").await
    }

    /// The same with something to read.
    pub async fn run_with_input(&self, arguments: &[&str], input: &str) -> String {
        let output = self.try_run(arguments, input).await;
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "keyholder {arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command of the program, whatever becomes of it.
    pub async fn try_run(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = self.command(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
        child.wait_with_output().await.unwrap()
    }

    /// The same key for every installation of the tests: what one compiled counts for the others.
    fn write_master_key(&self) {
        use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
        std::fs::DirBuilder::new().mode(0o700).create(self.path("data")).unwrap();
        let text = format!("keyholder-master-key-1\ndigest:{0}\nkey:00000001:{0}\n", "07".repeat(32));
        let mut options = std::fs::OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(self.path("data/master.key"));
        std::io::Write::write_all(&mut file.unwrap(), text.as_bytes()).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.command_of(binary());
        command.args(arguments);
        command
    }

    fn command_of(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("KEYHOLDER_")) {
            command.env_remove(name);
        }
        command.env("KEYHOLDER_CONFIG", self.path("keyholder.toml")).current_dir(self.folder.path());
        // Compiled once for all tests of this build, not once for each server.
        command.env("KEYHOLDER_PLUGINS__ARTEFACTS", binary().with_file_name("test-plugins"));
        command
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// A path in the installation's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn log(&self) -> Stdio {
        std::fs::File::options().create(true).append(true).open(self.path("log")).unwrap().into()
    }

    /// What the server logged so far.
    pub fn log_text(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Waits until the log has so many lines with these words.
    pub async fn has_logged(&self, words: &[&str], times: usize) {
        for _ in 0..MOST_LOOKS {
            let log = self.log_text();
            if log.lines().filter(|line| words.iter().all(|word| line.contains(word))).count() >= times {
                return;
            }
            tokio::time::sleep(LOOK_AGAIN_AFTER).await;
        }
        panic!("{words:?} is not logged {times} times: {}", self.log_text());
    }

    /// Goes through the pages that ask for the address and the password.
    pub async fn type_password(browser: &Browser, page: &Page, email: &str, password: &str) -> Page {
        let page = browser.submit(page, &[("email", email)]).await;
        browser.submit(&page, &[("password", password)]).await
    }
}

/// The secret of a client of the fixture.
pub(crate) fn secret_of(client_id: &str) -> String {
    let digest = digest::digest(&digest::SHA256, format!("a secret of the tests: {client_id}").as_bytes());
    digest.as_ref().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The program that `TESTS_KEYHOLDER` names, else as it is now.
fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| std::env::var_os("TESTS_KEYHOLDER").map_or_else(|| built("keyholder"), Into::into))
}

/// A program of the workspace as it is now: building does nothing when it is up to date.
pub fn built(package: &str) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let build = std::process::Command::new(cargo).args(["build", "--quiet", "--package", package]).status();
    assert!(build.unwrap().success(), "{package} cannot be built");
    let test = std::env::current_exe().unwrap();
    test.parent().and_then(Path::parent).unwrap().join(package)
}

/// Two schools of one trust, an application of each, one of the trust, a public one, and one that asks for consent.
const FIXTURE: &str = include_str!("fixture.toml");

/// Everybody has [`PASSWORD`] but `new.person@oakfield.example`, who has none yet.
const PEOPLE: &str = r#"{"email": "teacher@oakfield.example", "given_name": "Tess", "family_name": "Teacher", "memberships": [{"school": "oakfield", "group": "teachers", "pupil_scopes": [{"kind": "year-group", "name": "Year 6"}]}]}
{"email": "colleague@oakfield.example", "given_name": "Cole", "family_name": "League", "memberships": [{"school": "oakfield", "group": "teachers"}]}
{"email": "teacher@bryn.example", "given_name": "Tudur", "family_name": "Athro", "language": "cy", "memberships": [{"school": "bryn", "group": "teachers"}]}
{"email": "both@trust.example", "given_name": "Beth", "family_name": "Both", "memberships": [{"school": "oakfield", "group": "teachers"}, {"school": "bryn", "group": "teachers"}]}
{"email": "new.person@oakfield.example", "given_name": "Nia", "family_name": "New", "memberships": [{"school": "oakfield", "group": "teachers"}]}
"#;
