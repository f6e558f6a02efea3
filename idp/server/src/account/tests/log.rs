//! The security log.

use std::time::Duration;

use keyholder_core::audit::AuditKind;
use keyholder_core::ports::{Command, StoreError, Transaction};

use crate::audit::{self, About};
use crate::web::testing::{ANN, BETH, House};

struct Happen(Vec<keyholder_core::audit::AuditEvent>);

#[async_trait::async_trait]
impl Command for Happen {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        for event in &self.0 {
            transaction.insert_audit(event).await?;
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_person_reads_what_happened_to_them_and_to_nobody_else() {
    let house = House::open().await;
    let stranger = house.browser();
    let page = stranger.at_password("/", ANN).await;
    for _ in 0..6 {
        stranger.submit(&page, "/password", &[("password", "a guess")]).await;
    }
    house.signed_in(BETH).await;
    house.pass(Duration::from_mins(1));
    let browser = house.signed_in(ANN).await;
    let page = browser.open("/account/security-log").await;
    assert_eq!(page.text.matches("Sign-in failed").count(), 5, "{}", page.text);
    assert_eq!(page.text.matches("Sign-in put off").count(), 1, "{}", page.text);
    // The first browser of a person is no news.
    assert_eq!(page.text.matches(">Signed in<").count(), 1, "{}", page.text);
    assert!(page.has("127.0.0.1") && page.has("January, 2027"), "{}", page.text);
    house.close().await;
}

#[tokio::test]
async fn the_log_is_paged_without_gap_or_repetition() {
    let house = House::open().await;
    let browser = house.signed_in(ANN).await;
    let subject = Some(house.person(ANN).await.id);
    let app = house.app();
    let events = (0..120).map(|_| audit::event(app, AuditKind::EmailConfirmed, About { subject, ..About::default() }));
    house.run(Happen(events.collect())).await;
    let mut counts = Vec::new();
    let mut page = browser.open("/account/security-log").await;
    loop {
        counts.push(page.text.matches("<th scope=\"row\"").count());
        if !page.has("?before") {
            break;
        }
        page = browser.open(&page.link("?before")).await;
        assert_eq!(page.status, 200);
    }
    assert_eq!(counts, [50, 50, 21]);
    for nonsense in ["x", "1", "1.x", "99999999999999999999.0", "."] {
        assert_eq!(browser.open(&format!("/account/security-log?before={nonsense}")).await.status, 400, "{nonsense}");
    }
    house.close().await;
}

#[tokio::test]
async fn what_others_did_is_told_as_theirs() {
    let house = House::open().await;
    let browser = house.signed_in(ANN).await;
    let (subject, actor) = (Some(house.person(ANN).await.id), Some(house.person(BETH).await.id));
    let app = house.app();
    let by_hand = audit::event(app, AuditKind::PasswordChanged, About { subject, ..About::default() });
    let by_admin = audit::event(app, AuditKind::SessionEnded, About { subject, actor, ..About::default() });
    house.run(Happen(vec![by_hand, by_admin])).await;
    let page = browser.open("/account/security-log").await;
    assert!(page.has("By whoever runs this service") && page.has("By somebody who looks after accounts"));
    assert!(!page.has("No. 2"), "nobody is named");
    house.close().await;
}
