#![allow(clippy::unwrap_used, reason = "tests")]

use keyholder_core::link::MailedLink;
use keyholder_core::person::Person;
use keyholder_core::ports::Queries as _;

use super::super::tests::{Bed, Disable, SetPassword};
use super::*;

const ANN: &str = "Ann.Price@oakfield.example";

impl Bed {
    /// Asks for a link, and does what the worker does then.
    async fn ask(&self, email: &str, resume: Option<&str>) -> Answer {
        let resume = resume.map(str::to_owned);
        let asked = Delivery::PasswordLinkAsked { email: email.into(), language: Language::En, resume: resume.clone() };
        let id = self.leave(asked).await;
        answer(&self.post(), id, email, Language::En, resume.as_deref()).await.unwrap()
    }

    /// The token in the newest mail.
    fn token(&self) -> String {
        let mail = self.mails().pop().unwrap();
        let (_, rest) = mail.split_once("https://id.oakfield.example/link/").unwrap();
        rest.chars().take_while(|character| character.is_alphanumeric() || matches!(character, '-' | '_')).collect()
    }

    async fn link(&self, token: &str) -> MailedLink {
        self.store.find_link(hash_token(token)).await.unwrap().unwrap()
    }

    async fn events(&self, person: &Person) -> Vec<Option<String>> {
        let events = self.store.list_audit_of_person(person.id, 100).await.unwrap();
        assert!(events.iter().all(|event| event.kind == AuditKind::PasswordLinkAsked));
        events.into_iter().map(|event| event.personal.detail).collect()
    }
}

#[tokio::test]
async fn a_known_person_is_mailed_a_link_that_lives_an_hour_and_goes_on_where_it_was_asked() {
    let bed = Bed::new().await;
    let ann = bed.add_person(ANN).await;
    let asked = Delivery::PasswordLinkAsked {
        // As somebody else may spell it; the mail goes to the address of the account.
        email: "ann.price@OAKFIELD.example".into(),
        language: Language::Cy,
        resume: Some("sealed-flow".into()),
    };
    bed.leave(asked).await;
    assert_eq!(bed.deliver().await, 2, "the request, and the mail that it left");
    let mails = bed.mails();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].contains("<Ann.Price@oakfield.example>\r\n"), "{}", mails[0]);
    let link = bed.link(&bed.token()).await;
    assert_eq!(link.purpose, LinkPurpose::SetPassword { resume: Some("sealed-flow".into()) });
    assert_eq!((link.person, link.used_at), (Some(ann.id), None));
    assert_eq!(link.expires_at, bed.now().plus(Duration::from_hours(1)));
    assert_eq!(bed.events(&ann).await, [None]);
    assert_eq!(bed.waiting().await, 0);
}

#[tokio::test]
async fn an_address_that_nobody_has_is_mailed_nothing() {
    let bed = Bed::new().await;
    for email in ["nobody@oakfield.example", "not an address"] {
        assert_eq!(bed.ask(email, None).await, Answer::Unknown);
        assert_eq!(bed.waiting().await, 0);
        bed.clock.pass(Duration::from_secs(1));
    }
    let events = bed.store.list_unsealed_audit(10).await.unwrap();
    assert_eq!(events[0].kind, AuditKind::PasswordLinkAsked);
    assert_eq!(events[0].personal.email.as_deref(), Some("nobody@oakfield.example"));
    assert_eq!(events[0].personal.detail.as_deref(), Some(UNKNOWN));
}

#[tokio::test]
async fn a_disabled_person_is_mailed_nothing() {
    let bed = Bed::new().await;
    let ann = bed.add_person(ANN).await;
    bed.store.execute(Disable(ann.clone())).await.unwrap();
    assert_eq!(bed.ask(ANN, None).await, Answer::Disabled);
    assert_eq!(bed.waiting().await, 0);
    assert_eq!(bed.events(&ann).await, [Some(DISABLED.to_owned())]);
}

#[tokio::test]
async fn nobody_is_flooded_with_links() {
    let bed = Bed::new().await;
    let ann = bed.add_person(ANN).await;
    for _ in 0..3 {
        assert_eq!(bed.ask(ANN, None).await, Answer::Mailed);
        bed.clock.pass(Duration::from_mins(1));
    }
    for _ in 0..20 {
        assert_eq!(bed.ask(ANN, None).await, Answer::TooMany);
    }
    assert_eq!(bed.waiting().await, 3);
    assert_eq!(bed.events(&ann).await.iter().filter(|detail| detail.as_deref() == Some(TOO_MANY)).count(), 20);
    bed.clock.pass(Duration::from_mins(12));
    assert_eq!(bed.ask(ANN, None).await, Answer::Mailed, "and what was refused does not prolong it");
    let bob = bed.add_person("bob@oakfield.example").await;
    assert_eq!(bed.ask(bob.email.as_str(), None).await, Answer::Mailed, "others are not concerned");
}

#[tokio::test]
async fn the_mail_says_whether_it_is_the_first_password() {
    let bed = Bed::new().await;
    let ann = bed.add_person(ANN).await;
    bed.ask(ANN, None).await;
    bed.deliver().await;
    bed.store.execute(SetPassword(ann.id, bed.now())).await.unwrap();
    bed.clock.pass(Duration::from_mins(1));
    bed.ask(ANN, None).await;
    bed.deliver().await;
    let subject = |mail: &String| mail.lines().find(|line| line.starts_with("Subject: ")).unwrap().to_owned();
    let mails = bed.mails();
    assert_ne!(subject(&mails[0]), subject(&mails[1]));
}

#[tokio::test]
async fn a_newer_link_replaces_the_older_one() {
    let bed = Bed::new().await;
    bed.add_person(ANN).await;
    bed.ask(ANN, None).await;
    bed.deliver().await;
    let older = bed.token();
    bed.clock.pass(Duration::from_mins(1));
    bed.ask(ANN, None).await;
    bed.deliver().await;
    assert_ne!(bed.token(), older);
    let older = bed.store.find_link(hash_token(&older)).await.unwrap();
    assert!(older.is_none_or(|link| link.used_at.is_some() || link.expires_at <= bed.now()));
}

#[tokio::test]
async fn the_clear_token_stands_nowhere_in_the_database() {
    let bed = Bed::new().await;
    bed.add_person(ANN).await;
    bed.ask(ANN, None).await;
    let mut stored = Vec::new();
    for entry in std::fs::read_dir(bed.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            stored.extend(std::fs::read(path).unwrap());
        }
    }
    bed.deliver().await;
    let token = bed.token();
    let holds = |needle: &[u8]| stored.windows(needle.len()).any(|window| window == needle);
    assert!(holds(ANN.as_bytes()), "the files that were read hold the rows");
    assert!(!holds(token.as_bytes()));
    assert!(holds(&hash_token(&token).0));
}
