use std::sync::atomic::{AtomicI64, Ordering};

use super::*;

#[derive(Debug, Default)]
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(self.0.load(Ordering::Relaxed))
    }
}

fn store(entries: usize, bytes: usize) -> (Arc<Hand>, InProcess) {
    let clock = Arc::new(Hand::default());
    (Arc::clone(&clock), InProcess::new(clock, Limits { entries, bytes }))
}

const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_value_is_there_until_it_expires() {
    let (clock, store) = store(10, 10_000);
    store.put(b"code", b"payload".to_vec(), MINUTE).await.unwrap();
    clock.0.store(59, Ordering::Relaxed);
    assert_eq!(store.find(b"code").await.unwrap().as_deref(), Some(b"payload".as_slice()));
    clock.0.store(60, Ordering::Relaxed);
    assert_eq!(store.find(b"code").await.unwrap(), None);
}

#[tokio::test]
async fn a_removed_value_is_gone_and_a_later_one_replaces_the_former() {
    let (_, store) = store(10, 10_000);
    store.put(b"a", vec![1], MINUTE).await.unwrap();
    store.put(b"a", vec![2], MINUTE).await.unwrap();
    assert_eq!(store.find(b"a").await.unwrap(), Some(vec![2]));
    assert_eq!(store.len(), 1);
    store.remove(b"a").await.unwrap();
    assert_eq!(store.find(b"a").await.unwrap(), None);
    assert!(store.is_empty());
    assert_eq!(store.values().bytes, 0);
}

#[tokio::test]
async fn the_oldest_go_first_when_there_are_too_many() {
    let (_, store) = store(3, 10_000);
    for key in [b"a", b"b", b"c", b"d"] {
        store.put(key, vec![0], MINUTE).await.unwrap();
    }
    assert_eq!(store.find(b"a").await.unwrap(), None);
    assert_eq!(store.find(b"b").await.unwrap(), Some(vec![0]));
    // Written again, it is the youngest.
    store.put(b"b", vec![1], MINUTE).await.unwrap();
    store.put(b"e", vec![0], MINUTE).await.unwrap();
    assert_eq!(store.find(b"c").await.unwrap(), None);
    assert_eq!(store.find(b"b").await.unwrap(), Some(vec![1]));
}

#[tokio::test]
async fn bytes_are_bounded_too() {
    let (_, store) = store(1000, 10 * (OVERHEAD + 101));
    for key in 0..100_u8 {
        store.put(&[key], vec![0; 100], MINUTE).await.unwrap();
        assert!(store.values().bytes <= store.limits.bytes);
    }
    assert_eq!(store.len(), 10);
    let too_large = store.put(b"x", vec![0; 1 << 20], MINUTE).await;
    assert!(matches!(too_large, Err(StoreError::Full)));
    assert_eq!(store.len(), 10);
}

#[tokio::test]
async fn what_expired_makes_room_before_what_is_older() {
    let (clock, store) = store(2, 10_000);
    store.put(b"long", vec![0], 10 * MINUTE).await.unwrap();
    store.put(b"short", vec![0], MINUTE).await.unwrap();
    clock.0.store(61, Ordering::Relaxed);
    store.put(b"new", vec![0], MINUTE).await.unwrap();
    assert_eq!(store.find(b"long").await.unwrap(), Some(vec![0]));
    assert_eq!(store.len(), 2);
}
