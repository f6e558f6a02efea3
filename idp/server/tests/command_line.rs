//! The binary as operators meet it: exit codes and sentences.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

const SCHOOL: &str = r#"
[[school]]
slug = "oakfield"
name = "Oakfield Primary"

[[group]]
school = "oakfield"
slug = "teachers"
name = "Teachers"
full = ["incidents.read"]
"#;

/// A data directory of its own, and commands that know of it.
struct Installation {
    folder: tempfile::TempDir,
}

impl Installation {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name).display().to_string()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keyholder"));
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        command.env("KEYHOLDER_DATA", self.path("data")).env("KEYHOLDER_LISTEN", "127.0.0.1:0");
        command.env("KEYHOLDER_WORKERS", "1").env("KEYHOLDER_PASSWORD__THREADS", "1");
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What a command prints that must succeed.
    fn done(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        text(&output.stdout)
    }

    /// What a command says that must fail.
    fn refused(&self, arguments: &[&str], code: i32) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", text(&output.stderr));
        last_line(&text(&output.stderr))
    }

    fn serve(&self) -> Server {
        let mut child = self.command(&["serve"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut printed = Vec::new();
        while !printed.last().is_some_and(|line: &String| line.starts_with("keyholder answers at")) {
            printed.push(lines.next().unwrap().unwrap());
        }
        Server { child, printed }
    }
}

struct Server {
    child: Child,
    printed: Vec<String>,
}

impl Server {
    fn stop(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn last_line(text: &str) -> String {
    text.lines().last().unwrap_or_default().to_owned()
}

#[test]
fn a_wrong_configuration_ends_with_code_2_and_names_the_key() {
    let here = Installation::new();
    let file = here.write("keyholder.toml", "isuer = 'https://id.example'\n[password]\nminimum = 7\n");
    let output = here.run(&["config", "check", "--config", &file]);
    assert_eq!(output.status.code(), Some(2));
    let said = text(&output.stderr);
    assert!(said.contains("`isuer`: there is no such key; did you mean `issuer`?"), "{said}");
    assert!(said.contains("`password.minimum`: 7 is out of range; expected a whole number from 8 to 64"), "{said}");
    assert!(here.refused(&["serve", "--config", &file], 2).contains("password.minimum"));
    assert!(!here.path("data").exists(), "nothing was begun");
    let missing = here.refused(&["config", "check", "--config", "nowhere.toml"], 2);
    assert_eq!(missing, "keyholder: the configuration file nowhere.toml cannot be read: there is no such file");
}

#[test]
fn a_good_configuration_is_printed_without_its_secrets() {
    let here = Installation::new();
    let file = here.write(
        "keyholder.toml",
        "[mail]\ntransport = 'smtp'\nfrom = 'a@b.example'\nhost = 'h.example'\nusername = 'u'\npassword = 'hidden'\n",
    );
    let printed = here.done(&["config", "check", "--config", &file]);
    assert!(printed.contains("mail.host = \"h.example\"  # line 4"), "{printed}");
    assert!(printed.contains("mail.password = (secret)") && !printed.contains("hidden"), "{printed}");
}

#[test]
fn commands_without_data_say_what_to_do() {
    let here = Installation::new();
    let said = here.refused(&["person", "list"], 1);
    assert!(said.ends_with("`keyholder init` makes it"), "{said}");
    let file = here.write("data", "a file where the folder should be");
    let said = here.refused(&["init"], 1);
    assert!(said.starts_with(&format!("keyholder: the data directory {file} cannot be written")), "{said}");
}

#[test]
fn init_can_be_run_again_and_keeps_what_is_there() {
    let here = Installation::new();
    here.done(&["init"]);
    let keys = here.done(&["key", "list"]);
    let master = std::fs::read(here.path("data/master.key")).unwrap();
    here.done(&["init"]);
    assert_eq!(here.done(&["key", "list"]), keys);
    assert_eq!(std::fs::read(here.path("data/master.key")).unwrap(), master);
    assert_eq!(keys.lines().filter(|line| line.contains("active")).count(), 3);
}

#[test]
fn everything_works_beside_a_running_server_which_stops_in_order() {
    let here = Installation::new();
    let server = here.serve();
    assert!(server.printed.iter().any(|line| line.contains("http://localhost:8080/link/")), "{:?}", server.printed);
    let said = here.refused(&["serve"], 1);
    assert!(said.contains("another Keyholder server is using"), "{said}");
    assert!(here.refused(&["migrate"], 1).contains("another Keyholder server is using"));
    here.done(&["init"]);
    let file = here.write("school.toml", SCHOOL);
    assert_eq!(last_line(&here.done(&["apply", &file])), "2 added, 0 changed, 0 removed, 0 unchanged");
    assert_eq!(last_line(&here.done(&["apply", &file])), "0 added, 0 changed, 0 removed, 2 unchanged");
    let ann = "ann@oakfield.example";
    let add = ["--given-name", "Ann", "--family-name", "Price", "--school", "oakfield", "--group", "teachers"];
    here.done(&[&["person", "add", ann], add.as_slice(), &["--admin-key-holder", "--invite"]].concat());
    assert!(
        here.refused(&[&["person", "add", "ANN@oakfield.example"], add.as_slice()].concat(), 1).contains("already")
    );
    assert!(here.done(&["person", "show", ann]).contains("oakfield/teachers, Admin Key Holder"));
    assert_eq!(here.done(&["person", "list", "--school", "oakfield"]), format!("{ann}  Ann Price\n"));
    assert!(here.refused(&["person", "list", "--school", "oakfeild"], 1).contains("did you mean `oakfield`?"));
    set_password(&here, ann);
    here.done(&["person", "set-email", ann, "ann.price@oakfield.example"]);
    assert!(here.done(&["person", "show", ann]).contains("not verified"), "nothing changes before the new one answers");
    here.done(&["person", "set-email", ann, "ann.price@oakfield.example", "--unverified"]);
    here.done(&["person", "disable", "ann.price@oakfield.example"]);
    assert!(here.done(&["person", "list"]).contains("(disabled)"));
    here.done(&["person", "enable", "ann.price@oakfield.example"]);
    here.done(&["key", "rotate"]);
    here.done(&["key", "rotate-master"]);
    assert_eq!(here.done(&["key", "list"]).lines().count(), 6);
    assert!(here.refused(&["key", "forget-master"], 1).contains("another Keyholder server is using"));
    assert_eq!(server.stop(), Some(0));
    here.done(&["key", "forget-master"]);
    let again = here.serve();
    assert!(!again.printed.iter().any(|line| line.contains("/link/")), "there is a school: {:?}", again.printed);
    assert_eq!(again.stop(), Some(0));
}

/// A password that is refused, then one that is taken; neither stands on the command line.
fn set_password(here: &Installation, email: &str) {
    for (password, code) in [("password1234567", 1), ("seven brown otters", 0)] {
        let mut command = here.command(&["person", "set-password", email, "--stdin"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(format!("{password}\n").as_bytes()).unwrap();
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code), "{said}");
        assert!(!said.contains(password));
    }
    assert!(here.done(&["person", "show", email]).contains("password    set"));
}

#[test]
fn a_taken_port_is_one_sentence() {
    let here = Installation::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = here.command(&["serve"]).env("KEYHOLDER_LISTEN", &address).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = last_line(&text(&output.stderr));
    assert_eq!(
        said,
        format!("keyholder: {address} is taken: another program listens there; set `listen` to another port")
    );
}

#[test]
fn a_database_of_a_newer_version_is_refused() {
    let here = Installation::new();
    here.done(&["init"]);
    rename_last_migration(&here.path("data/keyholder.db"));
    for command in [&["serve"] as &[&str], &["migrate"], &["person", "list"]] {
        let said = here.refused(command, 1);
        assert!(said.contains("was written by a newer version of Keyholder"), "{command:?}: {said}");
    }
}

/// A later program would have noted a migration that this one does not know.
fn rename_last_migration(database: &Path) {
    let mut bytes = std::fs::read(database).unwrap();
    let at =
        |bytes: &[u8], from: usize| bytes[from..].windows(5).position(|window| window == b"m0005").map(|at| from + at);
    let mut from = 0;
    while let Some(found) = at(&bytes, from) {
        bytes[found..found + 5].copy_from_slice(b"m9999");
        from = found;
    }
    assert!(from > 0, "the database notes its migrations");
    std::fs::write(database, bytes).unwrap();
}

#[test]
fn a_file_with_mistakes_changes_nothing_and_ends_with_code_1() {
    let here = Installation::new();
    here.done(&["init"]);
    let file = here.write("bad.toml", &format!("{SCHOOL}\n[[group]]\nschool = 'elm'\nslug = 'a'\nname = 'A'\n"));
    let said = here.refused(&["apply", &file], 1);
    assert!(said.contains("bad.toml:13:10: `group.school`: there is no school `elm`"), "{said}");
    assert_eq!(here.done(&["school", "list"]), "");
    assert!(
        here.refused(&["apply", "nowhere.toml"], 1).ends_with("nowhere.toml cannot be read: there is no such file")
    );
    let people = here.write("people.jsonl", "{\"email\": \"a@b.example\"}\n");
    let said = here.refused(&["person", "import", &people], 1);
    assert!(said.contains("people.jsonl:1:"), "{said}");
}

const SERVICE_PROVIDER: &str = r#"<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://sp.example/metadata"><SPSSODescriptor
protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><AssertionConsumerService
Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://sp.example/acs" index="0"/></SPSSODescriptor></EntityDescriptor>"#;

fn add(metadata: &str) -> Vec<&str> {
    vec!["saml", "add", metadata, "--client-id", "timetables", "--name", "Timetables", "--school", "oakfield"]
}

#[test]
fn a_service_provider_is_registered_and_looked_after_by_commands() {
    let here = Installation::new();
    here.done(&["init"]);
    here.done(&["apply", &here.write("school.toml", SCHOOL)]);
    here.write("sp.xml", SERVICE_PROVIDER);
    assert!(here.done(&add("sp.xml")).starts_with("added      application timetables"));
    assert!(
        here.done(&["saml", "list"]).starts_with("timetables  https://sp.example/metadata\n  note: it has no logout")
    );
    assert!(text(&here.run(&["doctor"]).stdout).contains("1 service providers, the metadata of 0 is fetched"));

    // What cannot be fetched is told by its key.
    let unsigned = here.refused(&add("https://sp.example/metadata"), 1);
    assert!(unsigned.starts_with("keyholder: `application.saml.metadata_certificate`: it is missing"), "{unsigned}");
    let inward = here.refused(&[add("https://127.0.0.1/metadata"), vec!["--unsigned"]].concat(), 1);
    assert!(
        inward.starts_with("keyholder: `application.saml.metadata_url`: https://127.0.0.1/metadata gives"),
        "{inward}"
    );
    assert!(inward.contains("private or reserved network"), "{inward}");
    assert!(here.refused(&["saml", "refresh", "timetables"], 1).contains("is not fetched"));
    assert!(here.refused(&["saml", "refresh", "timetable"], 1).contains("did you mean `timetables`?"));
    assert_eq!(here.done(&["saml", "refresh"]), "");
}

#[test]
fn identifiers_and_certificates_are_printed_for_those_who_read_no_metadata() {
    let here = Installation::new();
    here.done(&["init"]);
    here.done(&["apply", &here.write("school.toml", SCHOOL)]);
    let person = r#"{"email": "ann@oakfield.example", "given_name": "Ann", "family_name": "Price", "memberships": [{"school": "oakfield", "group": "teachers"}]}"#;
    here.done(&["person", "import", &here.write("people.jsonl", person)]);
    let application = "[[application]]\nclient_id = 'microsoft'\nname = 'Microsoft 365'\nschools = ['oakfield']\n\
                       consent = 'first-party'\nsaml = { template = 'microsoft-entra' }\n";
    here.done(&["apply", &here.write("microsoft.toml", application)]);
    let printed = here.done(&["saml", "identifiers", "microsoft"]);
    let fields: Vec<&str> = printed.trim_end().split('\t').collect();
    assert_eq!((fields[0], fields[1].len(), fields[2]), ("ann@oakfield.example", 32, "oakfield"));
    assert_eq!(here.done(&["saml", "identifiers", "microsoft"]), printed, "drawn once");
    let transient = application.replace("'microsoft-entra'", "'microsoft-entra', name_id = 'transient'");
    here.done(&["apply", &here.write("microsoft.toml", &transient)]);
    assert!(here.refused(&["saml", "identifiers", "microsoft"], 1).contains("does not know people by persistent"));

    let certificate = here.done(&["saml", "key", "certificate"]);
    assert!(certificate.starts_with("-----BEGIN CERTIFICATE-----\nMII"), "{certificate}");
    assert!(here.refused(&["saml", "key", "certificate", "--next"], 1).contains("keyholder saml key prepare"));
    here.done(&["saml", "key", "prepare"]);
    let next = here.done(&["saml", "key", "certificate", "--next"]);
    here.done(&["saml", "key", "switch"]);
    assert_eq!(here.done(&["saml", "key", "certificate"]), next);
    assert_ne!(next, certificate);
}
