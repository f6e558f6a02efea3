#![allow(clippy::unwrap_used, reason = "tests")]

use keyholder_core::audit::{AuditEvent, AuditKind};

use super::super::tests::Bed;
use super::*;
use crate::audit::{About, event_at};
use crate::wiring::SystemRandom;

fn event(bed: &Bed, school: Option<SchoolId>) -> AuditEvent {
    event_at(&SystemRandom, bed.now(), AuditKind::SignedIn, About { school, ..About::default() })
}

async fn chain_of(bed: &Bed, school: Option<SchoolId>) -> Vec<(AuditEvent, ChainLink)> {
    bed.store.list_audit_chain(school, 0, 1_000).await.unwrap()
}

#[tokio::test]
async fn each_school_has_a_chain_that_verifies() {
    let bed = Bed::new().await;
    let schools =
        [None, Some(SchoolId::draw(&SystemRandom, bed.now())), Some(SchoolId::draw(&SystemRandom, bed.now()))];
    for turn in 0..6 {
        bed.log(event(&bed, schools[turn % 3])).await;
        if turn == 3 {
            assert_eq!(seal_all(&bed.store, "node-1", bed.now()).await.unwrap(), 4);
        }
    }
    assert_eq!(seal_all(&bed.store, "node-1", bed.now()).await.unwrap(), 2);
    for school in schools {
        let chain = chain_of(&bed, school).await;
        assert_eq!(chain.len(), 2);
        let mut former = None;
        for (event, link) in chain {
            assert_eq!(event.school, school);
            assert_eq!(link, chain::follow(former.as_ref(), chain::commit(&event)));
            former = Some(link);
        }
    }
}

#[tokio::test]
async fn more_than_a_batch_is_sealed_in_one_turn_and_nothing_twice() {
    let bed = Bed::new().await;
    for _ in 0..=BATCH {
        bed.log(event(&bed, None)).await;
    }
    assert_eq!(seal_all(&bed.store, "node-1", bed.now()).await.unwrap(), BATCH + 1);
    assert_eq!(seal_all(&bed.store, "node-1", bed.now()).await.unwrap(), 0);
    let sequences: Vec<i64> = chain_of(&bed, None).await.into_iter().map(|(_, link)| link.sequence).collect();
    assert_eq!(sequences, (1..=i64::try_from(BATCH).unwrap() + 1).collect::<Vec<_>>());
}

#[tokio::test]
async fn one_node_seals_until_it_falls_silent() {
    let bed = Bed::new().await;
    bed.log(event(&bed, None)).await;
    assert_eq!(seal_all(&bed.store, "node-1", bed.now()).await.unwrap(), 1);
    bed.log(event(&bed, None)).await;
    assert_eq!(seal_all(&bed.store, "node-2", bed.now()).await.unwrap(), 0);
    bed.clock.pass(LEASE_TIME);
    assert_eq!(seal_all(&bed.store, "node-2", bed.now()).await.unwrap(), 1);
}
