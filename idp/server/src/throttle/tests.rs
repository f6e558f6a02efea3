use std::net::Ipv4Addr;

use super::*;

const OFFICE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7));

fn account(number: u32) -> [u8; 32] {
    let mut account = [0; 32];
    account[..4].copy_from_slice(&number.to_be_bytes());
    account
}

fn stranger(number: u32, network: IpAddr) -> Attempt {
    Attempt { account: account(number), network, acquaintance: Acquaintance::Stranger }
}

fn familiar(number: u32, network: IpAddr) -> Attempt {
    Attempt { acquaintance: Acquaintance::Familiar, ..stranger(number, network) }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_800_000_000 + seconds)
}

fn fail(throttle: &Throttle, attempt: &Attempt, now: Timestamp) -> Result<(), Throttled> {
    throttle.check(attempt, now)?;
    throttle.failed(attempt, now);
    Ok(())
}

#[test]
fn two_hundred_staff_behind_one_address_are_never_blocked() {
    let throttle = Throttle::new();
    for person in 0..200_u32 {
        let now = at(i64::from(person) * 900 / 200);
        let attempt = stranger(person, OFFICE);
        // Every tenth slips: half of those get it right at once, the others go for a coffee and never come back.
        if person % 10 == 0 {
            assert_eq!(fail(&throttle, &attempt, now), Ok(()), "{person}");
        }
        if person % 20 != 0 {
            assert_eq!(throttle.check(&attempt, now), Ok(()), "{person}");
            throttle.succeeded(&attempt, now);
        }
    }
    assert_eq!(throttle.check(&stranger(1_000, OFFICE), at(900)), Ok(()));
}

#[test]
fn two_hundred_staff_who_all_sign_in_at_the_same_second_are_never_blocked() {
    let throttle = Throttle::new();
    for person in 0..200 {
        assert_eq!(throttle.check(&stranger(person, OFFICE), at(0)), Ok(()), "{person}");
    }
}

#[test]
fn a_person_waits_longer_after_each_failure_but_never_for_good() {
    let throttle = Throttle::new();
    let attempt = stranger(1, OFFICE);
    let mut now = at(0);
    let mut waits = Vec::new();
    for _ in 0..20 {
        if let Err(throttled) = fail(&throttle, &attempt, now) {
            assert_eq!(throttled.of, Count::Account);
            waits.push(throttled.retry_after.as_secs());
            now = now.plus(throttled.retry_after);
            assert_eq!(fail(&throttle, &attempt, now), Ok(()), "after the wait that was asked for");
        }
    }
    assert_eq!(waits[..9], [5, 10, 20, 40, 80, 160, 320, 640, 900]);
    assert!(waits[9..].iter().all(|wait| *wait == 900));
}

#[test]
fn a_try_that_is_refused_does_not_prolong_the_wait() {
    let throttle = Throttle::new();
    let attempt = stranger(1, OFFICE);
    for _ in 0..5 {
        fail(&throttle, &attempt, at(0)).unwrap();
    }
    for second in 0..5 {
        assert!(throttle.check(&attempt, at(second)).is_err(), "{second}");
    }
    assert_eq!(throttle.check(&attempt, at(5)), Ok(()));
}

#[test]
fn a_flood_of_refused_tries_is_told_once() {
    let throttle = Throttle::new();
    for number in 0..51 {
        fail(&throttle, &stranger(number, ELSEWHERE), at(0)).unwrap();
    }
    for attempt in [stranger(1, OFFICE), stranger(99, ELSEWHERE)] {
        while fail(&throttle, &attempt, at(1)).is_ok() {}
        let mut now = at(1);
        for _ in 0..3 {
            let news = |now| throttle.check(&attempt, now).unwrap_err().news;
            // The loops before were told of the first refusal already.
            assert!((0..100).all(|_| news(now) == News::Repeated));
            now = now.plus(throttle.check(&attempt, now).unwrap_err().retry_after);
            fail(&throttle, &attempt, now).unwrap();
            assert_eq!(news(now), News::First);
        }
    }
}

#[test]
fn parallel_tries_count_before_they_fail() {
    let throttle = Throttle::new();
    let attempt = stranger(1, OFFICE);
    let let_through = (0..100).filter(|_| throttle.check(&attempt, at(0)).is_ok()).count();
    assert_eq!(let_through, 5);
}

#[test]
fn success_clears_the_count_of_the_person() {
    let throttle = Throttle::new();
    let attempt = stranger(1, OFFICE);
    for _ in 0..4 {
        fail(&throttle, &attempt, at(0)).unwrap();
    }
    throttle.check(&attempt, at(0)).unwrap();
    throttle.succeeded(&attempt, at(0));
    for _ in 0..5 {
        assert_eq!(fail(&throttle, &attempt, at(1)), Ok(()));
    }
}

#[test]
fn a_try_that_no_thread_looked_at_does_not_count() {
    let throttle = Throttle::new();
    let attempt = stranger(1, OFFICE);
    for _ in 0..50 {
        assert_eq!(throttle.check(&attempt, at(0)), Ok(()));
        throttle.withdrawn(&attempt, at(0));
    }
}

#[test]
fn who_guesses_cannot_keep_the_owner_out_of_a_browser_that_is_known() {
    let throttle = Throttle::new();
    let mut now = at(0);
    for _ in 0..50 {
        if let Err(throttled) = fail(&throttle, &stranger(1, ELSEWHERE), now) {
            now = now.plus(throttled.retry_after);
        }
    }
    while fail(&throttle, &stranger(1, ELSEWHERE), now).is_ok() {}
    assert!(throttle.check(&stranger(1, OFFICE), now).is_err());
    assert_eq!(throttle.check(&familiar(1, OFFICE), now), Ok(()));
}

#[test]
fn a_known_browser_does_not_guess_without_bounds_either() {
    let throttle = Throttle::new();
    let let_through = (0..100).filter(|_| fail(&throttle, &familiar(1, OFFICE), at(0)).is_ok()).count();
    assert_eq!(let_through, 5);
}

#[test]
fn a_network_that_fails_with_many_accounts_is_slowed() {
    let throttle = Throttle::new();
    let spray = |from: u32, count: u32, now| {
        (from..from + count).filter(|number| fail(&throttle, &stranger(*number, ELSEWHERE), now).is_ok()).count()
    };
    assert_eq!(spray(0, 1_000, at(0)), 51, "the first beyond the free ones begins the waiting");
    let mut let_through = 51;
    let mut next = 1_000;
    for second in 1..900 {
        let_through += spray(next, 10, at(second));
        next += 10;
    }
    assert!(let_through < 130, "{let_through} in a quarter of an hour");
    assert_eq!(throttle.check(&stranger(9, ELSEWHERE), at(900)).map_err(|throttled| throttled.of), Err(Count::Network));
    // Nobody else pays for it, and neither do browsers that are known.
    assert_eq!(throttle.check(&stranger(1_000_000, OFFICE), at(900)), Ok(()));
    assert_eq!(throttle.check(&familiar(1_000_000, ELSEWHERE), at(900)), Ok(()));
}

#[test]
fn unknown_and_known_addresses_count_alike() {
    // An account is a digest of what was typed: there is nothing here by which they could be told apart. What is left to
    // hold is that one account tried often is one account.
    let throttle = Throttle::new();
    let mut now = at(0);
    for _ in 0..60 {
        if let Err(throttled) = fail(&throttle, &stranger(1, OFFICE), now) {
            assert_eq!(throttled.of, Count::Account);
            now = now.plus(throttled.retry_after);
        }
    }
    assert_eq!(throttle.check(&stranger(2, OFFICE), now), Ok(()));
}

#[test]
fn a_network_is_forgiven_in_time_and_by_success() {
    let throttle = Throttle::new();
    for number in 0..51 {
        fail(&throttle, &stranger(number, OFFICE), at(0)).unwrap();
    }
    throttle.check(&stranger(99, OFFICE), at(0)).unwrap_err();
    assert_eq!(throttle.check(&stranger(99, OFFICE), at(3_600)), Ok(()));

    let throttle = Throttle::new();
    for number in 0..50 {
        fail(&throttle, &stranger(number, OFFICE), at(0)).unwrap();
    }
    for number in 0..10 {
        throttle.succeeded(&stranger(number, OFFICE), at(0));
    }
    for number in 100..110 {
        assert_eq!(fail(&throttle, &stranger(number, OFFICE), at(0)), Ok(()), "{number}");
    }
}

#[test]
fn one_household_is_one_network() {
    let of = |text: &str| network(text.parse().unwrap());
    assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2::"));
    assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
    assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
}

#[test]
fn memory_is_bounded_and_the_oldest_go_first() {
    let mut remembered = Remembered::new(160, Duration::from_hours(1));
    for number in 0..10_000_u32 {
        remembered.note(number, at(i64::from(number) / 10), || ());
        assert!(remembered.entries.len() <= 160);
    }
    assert!(remembered.find_mut(&9_900, at(1_000)).is_some());
    assert!(remembered.find_mut(&9_000, at(1_000)).is_none());
}

#[test]
fn a_flood_of_one_instant_makes_room_too() {
    let mut remembered = Remembered::new(160, Duration::from_hours(1));
    for number in 0..10_000_u32 {
        remembered.note(number, at(0), || ());
    }
    assert!((140..=160).contains(&remembered.entries.len()));
}
