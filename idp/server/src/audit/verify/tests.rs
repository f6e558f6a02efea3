#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use keyholder_core::audit::{AuditEvent, AuditKind};
use keyholder_core::time::Timestamp;

use super::*;
use crate::audit::{About, event_at};
use crate::wiring::SystemRandom;

fn chain(length: i64) -> Vec<AuditRow> {
    let mut former = None;
    (1..=length)
        .map(|number| {
            let about = About { email: Some("ann@oakfield.example"), ..About::default() };
            let event = event_at(&SystemRandom, Timestamp::from_seconds(number), AuditKind::SignInFailed, about);
            let link = follow(former.as_ref(), commit(&event));
            former = Some(link.clone());
            AuditRow {
                id: event.id.as_uuid(),
                sequence: Some(link.sequence),
                commitment: Some(link.commitment.to_vec()),
                chain: Some(link.chain.to_vec()),
                at: event.at,
                values: Values::Present(Box::new(event)),
            }
        })
        .collect()
}

fn verify(rows: &[AuditRow]) -> Result<Walk, Break> {
    let mut walk = Walk::default();
    rows.iter().try_for_each(|row| walk.step(row)).map(|()| walk)
}

fn change(row: &mut AuditRow, change: impl FnOnce(&mut AuditEvent)) {
    let Values::Present(event) = &mut row.values else { panic!("{row:?}") };
    change(event);
}

fn remove_values(row: &mut AuditRow) {
    let Values::Present(event) = &row.values else { panic!("{row:?}") };
    let bare =
        AuditEvent { salt: [0; 16], personal: keyholder_core::audit::PersonalFields::default(), ..*event.clone() };
    row.values = Values::Removed(Box::new(bare));
}

fn broken(sequence: i64, flaw: Flaw) -> Break {
    Break { sequence, flaw }
}

#[test]
fn a_chain_as_it_was_sealed_verifies() {
    let walk = verify(&chain(5)).unwrap();
    assert_eq!((walk.verified, walk.removed, walk.head().unwrap().sequence), (5, 0, 5));
}

#[test]
fn an_altered_event_is_named() {
    let mut rows = chain(5);
    change(&mut rows[2], |event| event.personal.email = Some("eve@oakfield.example".into()));
    assert_eq!(verify(&rows).unwrap_err(), broken(3, Flaw::Altered));
    let mut rows = chain(5);
    change(&mut rows[2], |event| event.at = Timestamp::from_seconds(9));
    assert_eq!(verify(&rows).unwrap_err(), broken(3, Flaw::Altered));
}

#[test]
fn an_altered_event_with_a_commitment_made_to_fit_is_named() {
    let mut rows = chain(5);
    change(&mut rows[2], |event| event.personal.email = None);
    let Values::Present(event) = rows[2].values.clone() else { panic!() };
    rows[2].commitment = Some(commit(&event).to_vec());
    assert_eq!(verify(&rows).unwrap_err(), broken(3, Flaw::Unlinked));
    // And with a link made to fit as well, the next event tells.
    let former =
        ChainLink { sequence: 2, commitment: [0; 32], chain: rows[1].chain.clone().unwrap().try_into().unwrap() };
    rows[2].chain = Some(follow(Some(&former), commit(&event)).chain.to_vec());
    assert_eq!(verify(&rows).unwrap_err(), broken(4, Flaw::Unlinked));
}

#[test]
fn a_deleted_event_is_named() {
    for at in 0..4 {
        let mut rows = chain(5);
        rows.remove(at);
        assert_eq!(verify(&rows).unwrap_err(), broken(i64::try_from(at).unwrap() + 1, Flaw::Missing));
    }
    // Numbered anew to hide it, the event after the gap tells.
    let mut rows = chain(5);
    rows.remove(2);
    for (number, row) in rows.iter_mut().enumerate() {
        row.sequence = Some(i64::try_from(number).unwrap() + 1);
    }
    assert_eq!(verify(&rows).unwrap_err(), broken(3, Flaw::Unlinked));
}

#[test]
fn events_put_in_another_order_are_named() {
    let mut rows = chain(5);
    rows.swap(1, 3);
    (rows[1].sequence, rows[3].sequence) = (Some(2), Some(4));
    assert_eq!(verify(&rows).unwrap_err(), broken(2, Flaw::Unlinked));
}

#[test]
fn a_truncated_beginning_verifies_and_a_hole_does_not() {
    let mut rows = chain(5);
    remove_values(&mut rows[0]);
    remove_values(&mut rows[1]);
    let walk = verify(&rows).unwrap();
    assert_eq!((walk.verified, walk.removed), (3, 2));
    remove_values(&mut rows[3]);
    assert_eq!(verify(&rows).unwrap_err(), broken(4, Flaw::RemovedOutOfOrder));
}

#[test]
fn a_damaged_event_is_named() {
    let mut rows = chain(3);
    rows[1].values = Values::Damaged;
    assert_eq!(verify(&rows).unwrap_err(), broken(2, Flaw::Damaged));
    let mut rows = chain(3);
    rows[1].commitment = None;
    assert_eq!(verify(&rows).unwrap_err(), broken(2, Flaw::Damaged));
}
