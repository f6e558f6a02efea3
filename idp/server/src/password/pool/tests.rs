#![allow(clippy::unwrap_used, reason = "tests")]

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use keyholder_core::time::Timestamp;

use super::*;
use crate::wiring::SystemRandom;

fn settings() -> PasswordSettings {
    PasswordSettings { queue: 4, ..PasswordSettings::default() }
}

/// Nobody works: whatever is asked waits.
fn idle_pool() -> PasswordPool {
    PasswordPool::with_threads(&settings(), Arc::new(SystemRandom), 0).unwrap()
}

fn pool() -> PasswordPool {
    PasswordPool::with_threads(&settings(), Arc::new(SystemRandom), 2).unwrap()
}

fn herons() -> SecretString {
    SecretString::from("seven quiet herons")
}

fn stored(hash: String) -> StoredPassword {
    StoredPassword { hash, changed_at: Timestamp::from_millis(0) }
}

fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test]
async fn a_password_that_was_hashed_verifies() {
    let pool = pool();
    let hash = pool.hash(herons()).await.unwrap();
    assert_eq!(pool.verify(herons(), Some(stored(hash.clone()))).await, Ok(Verification::Right { rehash: None }));
    assert_eq!(pool.verify(SecretString::from("seven quiet heron"), Some(stored(hash))).await, Ok(Verification::Wrong));
}

#[tokio::test]
async fn nobody_and_damaged_hashes_are_wrong() {
    let pool = pool();
    assert_eq!(pool.verify(herons(), None).await, Ok(Verification::Wrong));
    assert_eq!(pool.verify(herons(), Some(stored("rubbish".into()))).await, Ok(Verification::Wrong));
}

#[test]
fn nobody_costs_as_much_as_somebody() {
    // What makes the time are the parameters: the decoy has those that a hash made now has.
    let pool = idle_pool();
    let shared = &pool.shared;
    let mut memory = Memory::default();
    assert_eq!(format!("{memory:?}"), "Memory(0 KiB)");
    let answer = shared.decoy.verify(&shared.hasher, &herons(), None, &SystemRandom, &mut memory);
    assert_eq!(answer, Verification::Wrong);
    assert_eq!(format!("{memory:?}"), "Memory(19456 KiB)", "the decoy was computed, in all its memory");
}

#[test]
fn a_full_queue_says_when_to_come_back() {
    let pool = idle_pool();
    let mut waiting: Vec<_> = (0..4).map(|_| Box::pin(pool.verify(herons(), None))).collect();
    for request in &mut waiting {
        assert!(poll(request.as_mut()).is_pending());
    }
    let refused = poll(pin!(pool.verify(herons(), None)));
    assert_eq!(refused, Poll::Ready(Err(PoolError::Busy { retry_after: Duration::from_secs(1) })));
    let refused = poll(pin!(pool.hash(herons())));
    assert!(matches!(refused, Poll::Ready(Err(PoolError::Busy { .. }))));
}

#[test]
fn advice_when_to_come_back_grows_with_the_queue() {
    let pool = idle_pool();
    assert_eq!(pool.shared.retry_after(0), Duration::from_secs(1));
    assert_eq!(pool.shared.retry_after(256), Duration::from_secs(10));
    assert_eq!(pool.shared.retry_after(1_000_000), Duration::from_mins(1));
}

#[test]
fn a_request_that_goes_away_frees_its_place() {
    let pool = idle_pool();
    let mut waiting: Vec<_> = (0..4).map(|_| Box::pin(pool.verify(herons(), None))).collect();
    for request in &mut waiting {
        assert!(poll(request.as_mut()).is_pending());
    }
    drop(waiting.remove(1));
    assert!(poll(pin!(pool.verify(herons(), None))).is_pending());
}

#[tokio::test]
async fn closing_answers_those_who_wait_and_refuses_those_who_come() {
    let pool = pool();
    let mut waiting: Vec<_> = (0..4).map(|_| Box::pin(pool.verify(herons(), None))).collect();
    for request in &mut waiting {
        assert!(poll(request.as_mut()).is_pending());
    }
    pool.close();
    assert_eq!(pool.verify(herons(), None).await, Err(PoolError::Closed));
    for request in waiting {
        assert_eq!(request.await, Ok(Verification::Wrong));
    }
}

#[tokio::test]
async fn many_at_once_are_all_answered_rightly() {
    let wide = PasswordSettings { queue: 64, ..PasswordSettings::default() };
    let pool = PasswordPool::with_threads(&wide, Arc::new(SystemRandom), 2).unwrap();
    let hash = pool.hash(herons()).await.unwrap();
    let answers = futures::future::join_all((0..16).map(|number| {
        let password = if number % 2 == 0 { herons() } else { SecretString::from(format!("wrong {number}")) };
        pool.verify(password, Some(stored(hash.clone())))
    }));
    for (number, answer) in answers.await.into_iter().enumerate() {
        assert_eq!(matches!(answer.unwrap(), Verification::Right { .. }), number % 2 == 0, "{number}");
    }
}

#[test]
fn threads_are_named() {
    let pool = pool();
    assert_eq!(pool.threads[1].thread().name(), Some("password-1"));
}

#[test]
fn nothing_shows_a_password_in_debug_output() {
    let pool = idle_pool();
    let mut request = Box::pin(pool.verify(herons(), Some(stored("$argon2id$secret".into()))));
    assert!(poll(request.as_mut()).is_pending());
    let shown = format!("{pool:?}");
    assert!(!shown.contains("herons") && !shown.contains("argon2id"), "{shown}");
}
