use std::sync::Arc;

use keyholder_core::id::{PupilScopeId, SchoolId, UserGroupId};
use keyholder_core::membership::{PupilScope, PupilScopeKind, UserGroup};
use keyholder_core::ports::{Command, StoreError, Transaction};
use keyholder_core::random::Random;
use keyholder_core::school::Branding;
use keyholder_core::time::Timestamp;
use keyholder_store::SqliteOptions;
use keyholder_store::seal::MasterKey;

use super::*;
use crate::wiring::SystemRandom;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const BCRYPT: &str = "$2b$12$GhvMmNVjRW29ulnudl.LbuAnUtN/LRfe1JsBm1Xu6LE3059z5Tr8m";

struct Bench {
    store: SqlStore,
    schools: BTreeMap<String, School>,
    _folder: tempfile::TempDir,
}

struct MakeSchool;

#[async_trait::async_trait]
impl Command for MakeSchool {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        let school = keyholder_core::school::School {
            id: SchoolId::draw(&SystemRandom, NOW),
            trust: None,
            slug: "oakfield".into(),
            name: "Oakfield Primary".into(),
            urn: None,
            ukprn: None,
            branding: Branding::default(),
            created_at: NOW,
        };
        transaction.put_school(&school).await?;
        for slug in ["teachers", "office"] {
            let group = UserGroup {
                id: UserGroupId::draw(&SystemRandom, NOW),
                school: school.id,
                slug: slug.into(),
                name: slug.into(),
                full: vec!["a".into()],
                restricted: Vec::new(),
                needs: keyholder_core::assurance::Assurance::SingleFactor,
                elevation_minutes: 30,
                first_key: keyholder_core::membership::FirstKey::default(),
                created_at: NOW,
            };
            transaction.put_group(&group).await?;
        }
        let scope = PupilScope {
            id: PupilScopeId::draw(&SystemRandom, NOW),
            school: school.id,
            kind: PupilScopeKind::Class,
            name: "4B".into(),
        };
        transaction.put_pupil_scope(&scope).await
    }
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let random: Arc<dyn Random> = Arc::new(SystemRandom);
        let sealer = MasterKey::load_or_create(&folder.path().join("master.key"), random).unwrap();
        let options = SqliteOptions::server(folder.path().join("keyholder.db"));
        let store = SqlStore::open(&options, Arc::new(sealer)).await.unwrap();
        store.execute(MakeSchool).await.unwrap();
        let schools = load_schools(&store).await.unwrap();
        Self { store, schools, _folder: folder }
    }

    async fn import(&self, text: &str, mode: Mode) -> Tally {
        let people = line::read_all(text, &self.schools).unwrap();
        let random = Arc::new(SystemRandom);
        self.store.execute(Batch { people, mode, now: NOW, random, source: "test", invite: false }).await.unwrap()
    }

    async fn person(&self, email: &str) -> keyholder_core::person::Person {
        self.store.find_person_by_email(email).await.unwrap().unwrap()
    }

    fn complaints(&self, text: &str) -> Vec<String> {
        let faults = line::read_all(text, &self.schools).map(|_| ()).unwrap_err();
        Faults { file: None, faults }.to_string().lines().map(str::to_owned).collect()
    }
}

fn ann(more: &str) -> String {
    format!(r#"{{"email": "ann@oakfield.example", "given_name": "Ann", "family_name": "Price"{more}}}"#)
}

fn tally(added: usize, changed: usize, unchanged: usize) -> Tally {
    Tally { added, changed, unchanged }
}

#[tokio::test]
async fn a_file_can_be_imported_again() {
    let bench = Bench::new().await;
    let text = ann(
        r#", "memberships": [{"school": "oakfield", "group": "teachers", "pupil_scopes": [{"kind": "class", "name": "4B"}], "ends_on": "2027-07-21"}]"#,
    );
    assert_eq!(bench.import(&text, Mode::DryRun).await, tally(1, 0, 0));
    assert_eq!(bench.import(&text, Mode::Write).await, tally(1, 0, 0));
    assert_eq!(bench.import(&text, Mode::Write).await, tally(0, 0, 1));
    let person = bench.person("ann@oakfield.example").await;
    assert_eq!(person.email_verified_at, None, "typed by an administrator");
    let memberships = bench.store.list_memberships(person.id).await.unwrap();
    assert_eq!(memberships.len(), 1);
    // The last day counts whole, in the time of London.
    assert_eq!(memberships[0].membership.ends_at, Some(Timestamp::from_seconds(1_816_210_800)));
    assert_eq!(memberships[0].pupil_scopes.len(), 1);
}

#[tokio::test]
async fn an_import_does_not_set_back_a_password_nor_take_the_admin_key() {
    let bench = Bench::new().await;
    let admin = ann(r#", "memberships": [{"school": "oakfield", "group": "teachers", "admin_key_holder": true}]"#);
    bench.import(&admin, Mode::Write).await;
    let id = bench.person("ann@oakfield.example").await.id;
    let hashed =
        ann(&format!(r#", "password_hash": "{BCRYPT}", "memberships": [{{"school": "oakfield", "group": "office"}}]"#));
    assert_eq!(bench.import(&hashed, Mode::Write).await, tally(0, 1, 0));
    assert_eq!(bench.store.find_password(id).await.unwrap().unwrap().hash, BCRYPT);
    let member = bench.store.list_memberships(id).await.unwrap().remove(0);
    assert!(member.membership.admin_key_holder);
    assert_eq!(member.group.slug, "office");
    let other = hashed.replace("GhvMmNVjRW29ulnudl.Lbu", "ShvMmNVjRW29ulnudl.Lbu");
    assert_eq!(bench.import(&other, Mode::Write).await, tally(0, 0, 1));
    assert_eq!(bench.store.find_password(id).await.unwrap().unwrap().hash, BCRYPT);
}

#[tokio::test]
async fn every_mistake_is_told_with_its_line() {
    let bench = Bench::new().await;
    let lines = [
        ann(""),
        "{".into(),
        ann(r#", "nickname": "A""#),
        r#"{"email": "no address", "given_name": "", "family_name": "B", "language": "fr"}"#.into(),
        r#"{"email": "b@b.example", "given_name": "B", "family_name": "B", "password_hash": "5f4dcc3b5aa765d61d8327deb882cf99"}"#.into(),
        r#"{"email": "c@c.example", "given_name": "C", "family_name": "C", "memberships": [{"school": "oakfeild", "group": "teachers"}]}"#.into(),
        r#"{"email": "d@d.example", "given_name": "D", "family_name": "D", "memberships": [{"school": "oakfield", "group": "teacher", "starts_on": "2027-02-30", "pupil_scopes": [{"kind": "class", "name": "4C"}]}]}"#.into(),
        r#"{"email": "e@e.example", "given_name": "E", "family_name": "E", "memberships": [{"school": "oakfield", "group": "teachers", "starts_on": "2027-02-02", "ends_on": "2027-02-01"}]}"#.into(),
        ann("").replace("ann@", "ANN@"),
    ];
    let said = bench.complaints(&lines.join("\n"));
    let expected = [
        "line 2, column 1: EOF while parsing an object",
        "line 3, column 89: unknown field `nickname`",
        "line 4, column 1: `email`: `no address`: the address is not of the form name@domain",
        "line 4, column 1: `given_name`: expected a name of 1 to 100 characters",
        "line 4, column 1: `language`: `fr` is not known; expected `en` or `cy`",
        "line 5, column 1: `password_hash`: not a hash by argon2id, bcrypt or PBKDF2",
        "line 6, column 1: `memberships.school`: there is no school `oakfeild`; did you mean `oakfield`?",
        "line 7, column 1: `memberships.group`: `oakfield` has no group `teacher`; did you mean `teachers`?",
        "line 7, column 1: `memberships.pupil_scopes`: `oakfield` has no such pupils as `4C`; did you mean `4B`?",
        "line 7, column 1: `memberships.starts_on`: `2027-02-30` is not a date",
        "line 8, column 1: `memberships.ends_on`: it is before `starts_on`",
        "line 9, column 1: `email`: ANN@oakfield.example is in line 1 already",
    ];
    assert_eq!(said.len(), expected.len(), "{said:#?}");
    for (said, expected) in said.iter().zip(expected) {
        assert!(said.starts_with(expected), "said: {said}\nexpected: {expected}");
    }
    assert!(!said.join("").contains("5f4dcc3b"), "a hash is not told");
}

#[tokio::test]
async fn a_byte_order_mark_and_empty_lines_do_no_harm() {
    let bench = Bench::new().await;
    assert_eq!(bench.import(&format!("\u{feff}{}\r\n\r\n", ann("")), Mode::Write).await, tally(1, 0, 0));
}

#[test]
fn a_name_is_one_line() {
    let long = "a".repeat(101);
    for bad in ["", " ", "Ann\nPrice", "Ann\0", "Ann\u{85}Price", "Ann\u{2028}Price", "Ann\u{2029}Price", &long] {
        assert!(check_name(bad).is_err(), "{bad:?}");
    }
    for good in ["Ann", "Ann Mary", "O'Neill-\u{17D}i\u{17E}ka", "\u{1F469}\u{200D}\u{1F3EB}", &"\u{1F511}".repeat(100)]
    {
        assert!(check_name(good).is_ok(), "{good:?}");
    }
}
