//! What a new address must not be good for.
#![allow(clippy::unwrap_used, reason = "tests")]

use async_trait::async_trait;
use keyholder_core::audit::{AuditEvent, AuditKind};
use keyholder_core::ports::{Command, Queries, StoreError, Transaction};

use crate::audit::{self, About};
use crate::web::testing::{ANN, House};

/// Events, as many as their owner cares to make.
struct Flood(Vec<AuditEvent>);

#[async_trait]
impl Command for Flood {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        for event in &self.0 {
            transaction.insert_audit(event).await?;
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_flooded_log_does_not_let_anybody_fill_strangers_mailboxes() {
    let house = House::open().await;
    let browser = house.signed_in(ANN).await;
    let ann = house.person(ANN).await.id;
    let flood = || {
        let event =
            |_| audit::event(house.app(), AuditKind::PersonChanged, About { subject: Some(ann), ..About::default() });
        Flood((0..200).map(event).collect())
    };
    let mut statuses = Vec::new();
    for number in 0..9 {
        house.run(flood()).await;
        let page = browser.open("/account/email").await;
        let address = format!("stranger-{number}@elsewhere.example");
        statuses.push(browser.submit(&page, "/account/email", &[("email", &address)]).await.status);
    }
    assert_eq!(statuses, [200, 200, 200, 200, 200, 422, 422, 422, 422]);
    let events = house.app().store.list_audit_of_person(ann, 5000).await.unwrap();
    assert_eq!(events.iter().filter(|event| event.kind == AuditKind::EmailLinkAsked).count(), 5);
    house.close().await;
}
