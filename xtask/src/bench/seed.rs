//! What the benchmark fills a fresh data directory with, through the commands that an operator would use.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::saml;
use crate::run::{Failure, output, write};

/// Nobody is sent there: the load generator reads the code off the redirect.
pub(super) const REDIRECT_URI: &str = "http://127.0.0.1:9/callback";
pub(super) const SCOPE: &str = "openid profile email groups school";
pub(super) const PASSWORD: &str = "eleven otters under the weir";
/// People who sign in side by side.
pub(super) const PEOPLE: usize = 8;
/// People with a soft key. A key signs in once in thirty seconds, and the clock is nobody's to set: so there are many.
pub(super) const KEY_PEOPLE: usize = 128;
/// Clients that act on their own account, and how their tokens are signed.
pub(super) const ALGORITHMS: [(&str, &str); 3] = [("rs256", "RS256"), ("es256", "ES256"), ("eddsa", "EdDSA")];

/// A client.
#[derive(Debug, Clone)]
pub(super) struct Application {
    pub(super) id: String,
    pub(super) secret: String,
    /// Its header `Authorization`.
    pub(super) basic: String,
}

impl Application {
    pub(super) fn draw(id: &str) -> Result<Self, Failure> {
        let secret = draw_secret()?;
        let basic = format!("Authorization: Basic {}", STANDARD.encode(format!("{id}:{secret}")));
        Ok(Self { id: id.to_owned(), secret, basic })
    }
}

/// The clients: one to which people sign in, and one for each algorithm.
#[derive(Debug)]
pub(super) struct Applications {
    pub(super) people: Application,
    pub(super) machines: Vec<Application>,
}

impl Applications {
    pub(super) fn draw() -> Result<Self, Failure> {
        let machines = ALGORITHMS.iter().map(|(id, _)| Application::draw(id)).collect::<Result<_, _>>()?;
        Ok(Self { people: Application::draw("people")?, machines })
    }
}

/// The address of a person.
pub(super) fn email(number: usize) -> String {
    format!("person-{}@bench.example", number % PEOPLE)
}

/// The address of a person who has a soft key.
pub(super) fn key_email(number: usize) -> String {
    format!("key-{number}@bench.example")
}

/// A data directory with its configuration.
#[derive(Debug)]
pub(super) struct Site {
    binary: PathBuf,
    folder: PathBuf,
}

impl Site {
    /// Writes the configuration; everything in it that is not an address is the default.
    pub(super) fn new(binary: &Path, folder: &Path, port: u16) -> Result<Self, Failure> {
        let text = format!(
            "issuer = \"http://localhost:{port}\"\nlisten = \"127.0.0.1:{port}\"\ndata = \"data\"\n\n\
             [token]\n# Codes are made before they are redeemed.\ncode_seconds = 300\n"
        );
        write(&folder.join("keyholder.toml"), &text)?;
        Ok(Self { binary: binary.to_owned(), folder: folder.to_owned() })
    }

    /// `keyholder` with these arguments, and nothing of the caller's own settings.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        self.settle(&mut command);
        command.args(arguments);
        command
    }

    /// The same for a command that will become `keyholder`.
    pub(super) fn settle(&self, command: &mut Command) {
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("KEYHOLDER_")) {
            command.env_remove(name);
        }
        command.env("KEYHOLDER_CONFIG", self.folder.join("keyholder.toml"));
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn binary(&self) -> &Path {
        &self.binary
    }

    /// Where mails are kept.
    pub(super) fn mails(&self) -> PathBuf {
        self.folder.join("data/mails")
    }

    /// Where the server's log goes: to a file, as it would in service.
    pub(super) fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// Makes the school, the people and the clients.
    pub(super) fn fill(&self, applications: &Applications) -> Result<(), Failure> {
        let described = self.folder.join("bench.toml");
        write(&described, &(describe(applications) + &saml::describe()))?;
        for application in applications.machines.iter().chain([&applications.people]) {
            write(&self.folder.join("secrets").join(&application.id), &application.secret)?;
        }
        let mut people = String::new();
        for number in 0..PEOPLE {
            let _ = writeln!(
                people,
                r#"{{"email": "{}", "given_name": "Person", "family_name": "{number}", "memberships": [{{"school": "bench", "group": "staff"}}]}}"#,
                email(number)
            );
        }
        for number in 0..KEY_PEOPLE {
            let _ = writeln!(
                people,
                r#"{{"email": "{}", "given_name": "Key", "family_name": "{number}", "memberships": [{{"school": "bench", "group": "leads"}}]}}"#,
                key_email(number)
            );
        }
        let list = self.folder.join("people.jsonl");
        write(&list, &people)?;
        output(&mut self.command(&["init"]))?;
        output(self.command(&["apply"]).arg(&described))?;
        output(self.command(&["person", "import"]).arg(&list))?;
        let everybody = (0..PEOPLE).map(email).chain((0..KEY_PEOPLE).map(key_email));
        everybody.into_iter().try_for_each(|email| self.set_password(&email))
    }

    fn set_password(&self, email: &str) -> Result<(), Failure> {
        let failed = |source| Failure::Start { program: "keyholder person set-password".into(), source };
        let mut command = self.command(&["person", "set-password", email, "--stdin"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().map_err(failed)?;
        if let Some(mut input) = child.stdin.take() {
            writeln!(input, "{PASSWORD}").map_err(failed)?;
        }
        let status = child.wait().map_err(failed)?;
        let failed = || Failure::Status { program: "keyholder person set-password".into(), status };
        status.success().then_some(()).ok_or_else(failed)
    }
}

fn describe(applications: &Applications) -> String {
    let mut text = String::from(
        "[[school]]\nslug = \"bench\"\nname = \"Benchmark School\"\nurn = \"199999\"\n\n\
         [[group]]\nschool = \"bench\"\nslug = \"staff\"\nname = \"Staff\"\nfull = [\"staff\"]\nrestricted = [\"staff\"]\n\n\
         [[group]]\nschool = \"bench\"\nslug = \"leads\"\nname = \"Leads\"\nfull = [\"staff\", \"leads\"]\nrestricted = [\"staff\"]\n\
         needs = \"multi-factor\"\nelevation_minutes = 30\n",
    );
    let mut client = |application: &Application, algorithm: &str, rest: &str| {
        let id = &application.id;
        let _ = write!(
            text,
            "\n[[application]]\nclient_id = \"{id}\"\nname = \"{id}\"\nschools = [\"bench\"]\nconsent = \"first-party\"\n\
             authentication = {{ method = \"client_secret_basic\", secret_file = \"secrets/{id}\" }}\n\
             id_token_signed_response_alg = \"{algorithm}\"\n{rest}"
        );
    };
    for (application, (_, algorithm)) in applications.machines.iter().zip(ALGORITHMS) {
        client(application, algorithm, "grant_types = [\"client_credentials\"]\n");
    }
    let scopes: Vec<_> = SCOPE.split(' ').map(|scope| format!("\"{scope}\"")).collect();
    let rest = format!(
        "redirect_uris = [\"{REDIRECT_URI}\"]\ngrant_types = [\"authorization_code\", \"refresh_token\"]\nscopes = [{}]\n",
        scopes.join(", ")
    );
    client(&applications.people, "ES256", &rest);
    text
}

fn draw_secret() -> Result<String, Failure> {
    let mut bytes = [0; 32];
    let path = PathBuf::from("/dev/urandom");
    let read = fs::File::open(&path).and_then(|mut file| file.read_exact(&mut bytes));
    read.map_err(|source| Failure::File { path, source })?;
    Ok(bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}")))
}
