#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::{Arc, Mutex};

use super::super::tests::{Bed, notice};
use super::*;
use crate::mail::test_server::MailServer;
use crate::wiring::SystemRandom;

const ANN: &str = "ann@oakfield.example";

#[tokio::test]
async fn a_mail_leaves_once_and_its_row_goes() {
    let bed = Bed::new().await;
    bed.leave(notice(ANN)).await;
    assert_eq!(bed.deliver().await, 1);
    assert_eq!(bed.deliver().await, 0);
    assert_eq!((bed.mails().len(), bed.waiting().await), (1, 0));
    assert!(bed.mails()[0].contains("To: \"Ann Price\" <ann@oakfield.example>\r\n"), "{}", bed.mails()[0]);
}

#[tokio::test]
async fn more_than_a_batch_leaves_in_one_turn() {
    let bed = Bed::new().await;
    for _ in 0..40 {
        bed.leave(notice(ANN)).await;
    }
    assert_eq!(bed.deliver().await, 40);
    assert_eq!((bed.mails().len(), bed.waiting().await), (40, 0));
}

#[tokio::test]
async fn a_busy_mail_server_gets_the_mail_later() {
    let answers = vec!["451 4.7.1 try again", "451 4.7.1 try again"];
    let server = MailServer { to_recipients: Arc::new(Mutex::new(answers)), ..MailServer::default() };
    let bed = Bed::with_server(server.listen().await).await;
    bed.leave(notice(ANN)).await;
    assert_eq!(bed.deliver().await, 1);
    assert_eq!(bed.deliver().await, 0, "not at once");
    bed.clock.pass(Duration::from_secs(6));
    assert_eq!(bed.deliver().await, 1);
    bed.clock.pass(Duration::from_secs(6));
    assert_eq!(bed.deliver().await, 0, "the second wait is longer");
    bed.clock.pass(Duration::from_secs(12));
    assert_eq!(bed.deliver().await, 1);
    assert_eq!((server.received(), bed.waiting().await), (1, 0));
}

#[tokio::test]
async fn a_mail_that_is_refused_for_good_is_not_tried_again() {
    let answers = vec!["550 5.1.1 no such user"];
    let server = MailServer { to_recipients: Arc::new(Mutex::new(answers)), ..MailServer::default() };
    let bed = Bed::with_server(server.listen().await).await;
    bed.leave(notice(ANN)).await;
    assert_eq!(bed.deliver().await, 1);
    bed.clock.pass(Duration::from_hours(48));
    assert_eq!(bed.deliver().await, 0);
    assert_eq!((server.received(), bed.waiting().await), (0, 0));
}

#[tokio::test]
async fn one_mail_that_fails_does_not_hold_up_the_others() {
    let answers = vec!["550 5.1.1 no such user"];
    let server = MailServer { to_recipients: Arc::new(Mutex::new(answers)), ..MailServer::default() };
    let bed = Bed::with_server(server.listen().await).await;
    for _ in 0..5 {
        bed.leave(notice(ANN)).await;
    }
    assert_eq!(bed.deliver().await, 5);
    assert_eq!(server.received(), 4);
}

#[tokio::test]
async fn a_mail_server_that_is_down_overnight_loses_nothing_and_one_that_is_gone_is_given_up() {
    let bed = Bed::new().await;
    let folder = bed.folder.path().join("mails");
    std::fs::remove_dir(&folder).unwrap();
    bed.leave(notice(ANN)).await;
    bed.leave(notice(ANN)).await;
    let began = bed.now();
    let mut tries = 0;
    let mut overnight = None;
    while bed.waiting().await > 0 {
        tries += bed.deliver().await;
        bed.clock.pass(Duration::from_mins(1));
        let hours = bed.now().since(began).as_secs() / 3600;
        if hours >= 14 && overnight.is_none() {
            overnight = Some(bed.waiting().await);
        }
        assert!(hours < 48, "tried for ever");
    }
    assert_eq!(overnight, Some(2));
    assert_eq!(tries, 2 * usize::try_from(TRIES).unwrap());
    assert!(bed.now().since(began) > Duration::from_hours(24));
}

#[tokio::test]
async fn a_link_that_expired_is_not_mailed() {
    let bed = Bed::new().await;
    let mail = Mail::PasswordLink { name: "Ann".into(), link: "https://x/link/y".into(), minutes: 60, first: false };
    let mail = serde_json::to_value(mail).unwrap();
    bed.leave(Delivery::Mail { to: ANN.into(), language: Language::En, mail }).await;
    bed.clock.pass(Duration::from_hours(1));
    assert_eq!(bed.deliver().await, 1);
    assert_eq!((bed.mails().len(), bed.waiting().await), (0, 0));
}

#[tokio::test]
async fn a_mail_that_cannot_be_read_is_given_up() {
    let bed = Bed::new().await;
    let mail = serde_json::json!({"mail": "of-a-later-version"});
    bed.leave(Delivery::Mail { to: ANN.into(), language: Language::En, mail }).await;
    assert_eq!(bed.deliver().await, 1);
    assert_eq!((bed.mails().len(), bed.waiting().await), (0, 0));
}

#[tokio::test]
async fn whoever_dies_between_delivery_and_removal_delivers_the_same_message_again() {
    let server = MailServer::default();
    let bed = Bed::with_server(server.listen().await).await;
    bed.leave(notice(ANN)).await;
    // Another node claims it, hands it over and dies.
    let claimed =
        bed.store.execute(Claim { worker: "node-2".into(), lane: Lane::Mails, now: bed.now() }).await.unwrap();
    assert!(matches!(deliver(&bed.post(), &claimed[0]).await, Outcome::Delivered));
    assert_eq!(bed.deliver().await, 0, "while the claim holds, nobody else delivers it");
    bed.clock.pass(CLAIM);
    assert_eq!(bed.deliver().await, 1);
    let received = server.received.lock().unwrap().clone();
    let id = |text: &String| text.lines().find(|line| line.starts_with("Message-ID: ")).unwrap().to_owned();
    assert_eq!(received.len(), 2);
    assert_eq!(id(&received[0]), id(&received[1]));
}

#[tokio::test]
async fn a_message_that_kills_its_worker_is_given_up() {
    let bed = Bed::new().await;
    bed.leave(notice(ANN)).await;
    for _ in 0..TRIES {
        let claimed =
            bed.store.execute(Claim { worker: "node-2".into(), lane: Lane::Mails, now: bed.now() }).await.unwrap();
        assert_eq!(claimed.len(), 1);
        bed.clock.pass(CLAIM);
    }
    assert_eq!(bed.deliver().await, 1);
    assert_eq!((bed.mails().len(), bed.waiting().await), (0, 0));
}

#[test]
fn waits_grow_to_an_hour_and_are_not_all_alike() {
    let near = |tries, seconds: u64| {
        let wait = wait(tries, &SystemRandom).as_millis();
        let mean = u128::from(seconds) * 1000;
        assert!((mean * 9 / 10..=mean * 11 / 10).contains(&wait), "{tries}: {wait}");
    };
    for (tries, seconds) in [(1, 5), (2, 15), (3, 45), (6, 1215), (7, 3600), (8, 3600), (u32::MAX, 3600)] {
        near(tries, seconds);
    }
    let drawn: std::collections::HashSet<_> = (0..20).map(|_| wait(8, &SystemRandom)).collect();
    assert!(drawn.len() > 1);
}
