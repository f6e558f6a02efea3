//! Outbox, leases, signing keys, revisions, clean-up.

use std::collections::HashSet;

use futures::future::join_all;
use keyholder_core::application::SigningAlgorithm;
use keyholder_core::credential::CredentialOwner;
use keyholder_core::id::SigningKeyId;
use keyholder_core::key::{KeyState, SigningKey};
use keyholder_core::link::LinkPurpose;
use keyholder_core::outbox::Lane;
use keyholder_core::ports::{Queries as _, SingleUse};

use super::sample::{NOW, Serial, at, ceremony, credential, flow, link, message, refresh_token, sample};
use super::{execute, is_conflict, only};
use crate::SqlStore;

pub async fn a_message_goes_to_one_worker(store: &SqlStore) {
    for _ in 0..20 {
        let one = message(NOW);
        execute!(store, t, [one], t.insert_outbox(&one)).await.unwrap();
    }
    assert_eq!(store.count_waiting_outbox().await.unwrap(), 20);
    let claims =
        join_all(
            (0..8).map(|number| {
                let worker = format!("worker {number}");
                async move {
                    execute!(store, t, [worker], t.claim_outbox(Lane::Mails, &worker, NOW, at(60), 3)).await.unwrap()
                }
            }),
        )
        .await;
    assert!(claims.iter().all(|claimed| claimed.len() <= 3));
    let ids: Vec<_> = claims.into_iter().flatten().map(|message| message.id).collect();
    assert_eq!(ids.len(), 20);
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 20);
    for id in ids {
        execute!(store, t, [], t.delete_outbox(id)).await.unwrap();
    }
    assert_eq!(store.count_waiting_outbox().await.unwrap(), 0);
}

pub async fn a_message_comes_again_when_its_worker_went_away(store: &SqlStore) {
    let sent = message(NOW);
    execute!(store, t, [sent], t.insert_outbox(&sent)).await.unwrap();
    let first = execute!(store, t, [], t.claim_outbox(Lane::Mails, "first", NOW, at(60), 10)).await.unwrap();
    assert_eq!((first[0].delivery.clone(), first[0].attempts), (sent.delivery.clone(), 1));
    assert!(
        execute!(store, t, [], t.claim_outbox(Lane::Mails, "second", at(59), at(120), 10)).await.unwrap().is_empty()
    );
    let again = execute!(store, t, [], t.claim_outbox(Lane::Mails, "second", at(60), at(120), 10)).await.unwrap();
    assert_eq!((again[0].id, again[0].attempts), (sent.id, 2));
}

pub async fn a_message_is_due_when_it_says(store: &SqlStore) {
    let (later, sooner) = (message(at(20)), message(at(10)));
    for one in [later.clone(), sooner.clone()] {
        execute!(store, t, [one], t.insert_outbox(&one)).await.unwrap();
    }
    assert!(execute!(store, t, [], t.claim_outbox(Lane::Mails, "w", at(9), at(60), 10)).await.unwrap().is_empty());
    let due = execute!(store, t, [], t.claim_outbox(Lane::Mails, "w", at(20), at(60), 10)).await.unwrap();
    assert_eq!(due.iter().map(|message| message.id).collect::<Vec<_>>(), [sooner.id, later.id]);
    // Tried in vain: it comes at the time that was set, although the claim would have lasted longer.
    let id = sooner.id;
    execute!(store, t, [], t.retry_outbox(id, Some(at(30)), "no answer")).await.unwrap();
    assert!(execute!(store, t, [], t.claim_outbox(Lane::Mails, "w", at(29), at(60), 10)).await.unwrap().is_empty());
    let again = execute!(store, t, [], t.claim_outbox(Lane::Mails, "w", at(30), at(60), 10)).await.unwrap();
    assert_eq!((again.len(), again[0].id, again[0].due_at), (1, id, at(30)));
}

pub async fn a_dead_message_is_kept_and_never_comes_again(store: &SqlStore) {
    let sent = message(NOW);
    execute!(store, t, [sent], t.insert_outbox(&sent)).await.unwrap();
    let id = sent.id;
    execute!(store, t, [], t.retry_outbox(id, None, "refused for good")).await.unwrap();
    assert!(
        execute!(store, t, [], t.claim_outbox(Lane::Mails, "w", at(1_000_000), at(2_000_000), 10))
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(store.count_waiting_outbox().await.unwrap(), 0);
    // Still there.
    assert!(is_conflict(&execute!(store, t, [sent], t.insert_outbox(&sent)).await));
}

pub async fn a_lease_is_held_by_one(store: &SqlStore) {
    let takes = join_all((0..16).map(|number| {
        let holder = format!("node {number}");
        async move {
            let taken = execute!(store, t, [holder], t.take_lease("rotation", &holder, NOW, at(60))).await.unwrap();
            taken.then_some(holder)
        }
    }))
    .await;
    let holders: Vec<String> = takes.into_iter().flatten().collect();
    assert_eq!(holders.len(), 1);
    let holder = holders[0].clone();
    // Renewed by its holder, refused to others, free when it ends; another name is another lease.
    assert!(execute!(store, t, [holder], t.take_lease("rotation", &holder, at(30), at(90))).await.unwrap());
    assert!(!execute!(store, t, [], t.take_lease("rotation", "other", at(89), at(200))).await.unwrap());
    assert!(execute!(store, t, [], t.take_lease("rotation", "other", at(90), at(200))).await.unwrap());
    assert!(!execute!(store, t, [holder], t.take_lease("rotation", &holder, at(91), at(200))).await.unwrap());
    assert!(execute!(store, t, [holder], t.take_lease("sealing", &holder, at(91), at(200))).await.unwrap());
}

fn signing_key() -> SigningKey {
    SigningKey {
        id: SigningKeyId::draw(&Serial, NOW),
        algorithm: SigningAlgorithm::Es256,
        state: KeyState::Next,
        private_der: b"a private key that nobody may read".to_vec(),
        created_at: NOW,
        active_from: at(60),
        published_until: None,
    }
}

pub async fn a_signing_key_is_what_was_stored(store: &SqlStore) {
    let mut key = signing_key();
    execute!(store, t, [key], t.insert_signing_key(&key)).await.unwrap();
    assert_eq!(store.list_signing_keys().await.unwrap(), only(&key));
    key.state = KeyState::Retired;
    key.active_from = at(61);
    key.published_until = Some(at(600));
    let mut changed = key.clone();
    changed.private_der = b"another".to_vec();
    execute!(store, t, [changed], t.update_signing_key(&changed)).await.unwrap();
    assert_eq!(store.list_signing_keys().await.unwrap(), only(&key));
    let id = key.id;
    execute!(store, t, [], t.delete_signing_key(id)).await.unwrap();
    assert!(store.list_signing_keys().await.unwrap().is_empty());
    assert!(is_conflict(&execute!(store, t, [key], t.update_signing_key(&key)).await));
}

pub async fn a_revision_rises(store: &SqlStore) {
    assert_eq!(store.revision("applications").await.unwrap(), 0);
    join_all((0..10).map(|_| async move { execute!(store, t, [], t.raise_revision("applications")).await.unwrap() }))
        .await;
    assert_eq!(store.revision("applications").await.unwrap(), 10);
    assert_eq!(store.revision("keys").await.unwrap(), 0);
}

pub async fn what_expired_goes_and_the_rest_stays(store: &SqlStore) {
    let s = sample(store).await;
    let (begun, mailed) = (flow(), link(Some(s.person.id), LinkPurpose::SetPassword { resume: None }));
    let token = refresh_token(&s.grant);
    let key = credential(CredentialOwner::Person(s.person.id), None, None);
    let waiting = ceremony(&s.session, Some(begun.id), &key);
    execute!(store, t, [begun, mailed, token, waiting], async move {
        t.insert_flow(&begun).await?;
        t.insert_ceremony(&waiting).await?;
        t.put_link(&mailed).await?;
        t.insert_refresh_token(&token).await?;
        t.use_once(SingleUse::AuthorizationCode, b"code", at(60)).await
    })
    .await
    .unwrap();
    assert_eq!(execute!(store, t, [], t.delete_expired(at(60), 100)).await.unwrap(), 0);
    assert_eq!(execute!(store, t, [], t.delete_expired(at(61), 100)).await.unwrap(), 1);
    assert!(!store.is_used(SingleUse::AuthorizationCode, b"code").await.unwrap());
    assert_eq!(execute!(store, t, [], t.delete_expired(at(301), 100)).await.unwrap(), 1);
    assert_eq!(store.find_ceremony(waiting.id).await.unwrap(), None);
    assert!(store.find_flow(begun.id).await.unwrap().is_some());
    // Everything else of the sample ends within the hour.
    assert_eq!(execute!(store, t, [], t.delete_expired(at(3601), 100)).await.unwrap(), 5);
    assert_eq!(store.find_flow(begun.id).await.unwrap(), None);
    assert_eq!(store.find_link(mailed.token).await.unwrap(), None);
    assert_eq!(store.find_session(s.session.id).await.unwrap(), None);
    assert_eq!(store.find_grant(s.grant.id).await.unwrap(), None);
    assert_eq!(store.find_refresh_token(token.token).await.unwrap(), None);
    assert!(store.find_person(s.person.id).await.unwrap().is_some());
}

pub async fn clean_up_is_bounded(store: &SqlStore) {
    for number in 0..10_u8 {
        execute!(store, t, [], t.use_once(SingleUse::ClientAssertion, &[number], at(i64::from(number)))).await.unwrap();
    }
    assert_eq!(execute!(store, t, [], t.delete_expired(at(100), 4)).await.unwrap(), 4);
    // The oldest first.
    assert!(!store.is_used(SingleUse::ClientAssertion, &[3]).await.unwrap());
    assert!(store.is_used(SingleUse::ClientAssertion, &[4]).await.unwrap());
    assert_eq!(execute!(store, t, [], t.delete_expired(at(100), 100)).await.unwrap(), 6);
}

pub async fn sealing_again_keeps_what_is_sealed(store: &SqlStore) {
    let s = sample(store).await;
    let (secret, key, sent) =
        (credential(CredentialOwner::Person(s.person.id), None, None), signing_key(), message(NOW));
    let waiting = ceremony(&s.session, None, &secret);
    execute!(store, t, [secret, key, sent, waiting], async move {
        t.insert_credential(&secret).await?;
        t.insert_ceremony(&waiting).await?;
        t.insert_signing_key(&key).await?;
        t.insert_outbox(&sent).await
    })
    .await
    .unwrap();
    assert_eq!(store.reseal().await.unwrap(), 4);
    assert_eq!(store.find_ceremony(waiting.id).await.unwrap(), Some(waiting));
    assert_eq!(store.list_credentials(s.person.id).await.unwrap(), [secret]);
    assert_eq!(store.list_signing_keys().await.unwrap(), [key]);
    let claimed = execute!(store, t, [], t.claim_outbox(Lane::Mails, "w", NOW, at(1), 10)).await.unwrap();
    assert_eq!(claimed[0].delivery, sent.delivery);
}
