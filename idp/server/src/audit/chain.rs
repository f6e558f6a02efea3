//! The chain that seals audit events: each link commits to one event and to everything before it.
//!
//! Owns the canonical bytes of an event and the two digests. Does not own who seals when (`crate::workers`).
//!
//! `commitment = SHA-256(salt || event)`: the salt has 128 bits, so that after truncation, which deletes it together with
//! the personal fields, nobody can tell from the commitment whom the event was about. `chain = SHA-256(former chain ||
//! sequence || commitment)`: the chain still verifies from the commitments alone.

use aws_lc_rs::digest::{Context, SHA256};
use keyholder_core::audit::{AuditEvent, ChainLink};

/// Names the canonical form; another form gets another name.
const FORM: &[u8] = b"keyholder audit event 1";

/// The commitment to an event.
pub fn commit(event: &AuditEvent) -> [u8; 32] {
    let mut digest = Context::new(&SHA256);
    digest.update(&event.salt);
    let mut field = |value: Option<&[u8]>| match value {
        // The length goes before the bytes, so that no two events share canonical bytes; absent is not empty.
        Some(value) => {
            digest.update(&[1]);
            digest.update(&u64::try_from(value.len()).unwrap_or(u64::MAX).to_be_bytes());
            digest.update(value);
        }
        None => digest.update(&[0]),
    };
    let personal = &event.personal;
    field(Some(FORM));
    field(Some(event.id.as_uuid().as_bytes()));
    field(Some(&event.at.as_millis().to_be_bytes()));
    // The name in the log, as serde writes it, quotes included.
    field(Some(serde_json::to_string(&event.kind).unwrap_or_default().as_bytes()));
    field(event.school.map(keyholder_core::id::SchoolId::as_uuid).as_ref().map(|id| id.as_bytes().as_slice()));
    field(
        event.application.map(keyholder_core::id::ApplicationId::as_uuid).as_ref().map(|id| id.as_bytes().as_slice()),
    );
    field(personal.subject.map(keyholder_core::id::PersonId::as_uuid).as_ref().map(|id| id.as_bytes().as_slice()));
    field(personal.actor.map(keyholder_core::id::PersonId::as_uuid).as_ref().map(|id| id.as_bytes().as_slice()));
    for text in [&personal.email, &personal.address, &personal.user_agent, &personal.detail] {
        field(text.as_deref().map(str::as_bytes));
    }
    finish(digest)
}

/// The link that follows `former` (`None`: the chain begins) and commits to this event.
pub fn follow(former: Option<&ChainLink>, commitment: [u8; 32]) -> ChainLink {
    let sequence = former.map_or(0, |link| link.sequence).saturating_add(1);
    let mut digest = Context::new(&SHA256);
    digest.update(&former.map_or([0; 32], |link| link.chain));
    digest.update(&sequence.to_be_bytes());
    digest.update(&commitment);
    ChainLink { sequence, commitment, chain: finish(digest) }
}

fn finish(digest: Context) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (target, byte) in bytes.iter_mut().zip(digest.finish().as_ref()) {
        *target = *byte;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use keyholder_core::audit::{AuditKind, PersonalFields};
    use keyholder_core::id::{AuditId, SchoolId};
    use keyholder_core::time::Timestamp;
    use uuid::Uuid;

    use super::*;

    fn event() -> AuditEvent {
        AuditEvent {
            id: AuditId::from_uuid(Uuid::from_u128(1)),
            at: Timestamp::from_seconds(1_800_000_000),
            kind: AuditKind::SignedIn,
            school: Some(SchoolId::from_uuid(Uuid::from_u128(2))),
            application: None,
            salt: [7; 16],
            personal: PersonalFields { email: Some("ann@oakfield.example".into()), ..PersonalFields::default() },
        }
    }

    #[test]
    fn every_field_is_committed_to() {
        let changes: [fn(&mut AuditEvent); 8] = [
            |event| event.id = AuditId::from_uuid(Uuid::from_u128(3)),
            |event| event.at = event.at.plus(std::time::Duration::from_millis(1)),
            |event| event.kind = AuditKind::SignInFailed,
            |event| event.school = None,
            |event| event.application = Some(keyholder_core::id::ApplicationId::from_uuid(Uuid::from_u128(2))),
            |event| event.salt = [8; 16],
            |event| event.personal.email = Some(String::new()),
            // The same text in another field is another event.
            |event| event.personal.address = event.personal.email.take(),
        ];
        let mut seen = vec![commit(&event())];
        for change in changes {
            let mut changed = event();
            change(&mut changed);
            assert!(!seen.contains(&commit(&changed)), "{changed:?}");
            seen.push(commit(&changed));
        }
    }

    #[test]
    fn the_canonical_form_does_not_drift() {
        // A changed value here means that chains sealed before no longer verify against their events.
        assert_eq!(STANDARD.encode(commit(&event())), "qgmy7+dzr9JEcR2vhUwrji35JQN7wfQy1bR2QKUNogU=");
    }

    #[test]
    fn a_removed_swapped_or_altered_link_breaks_the_chain() {
        let commitments = [[1; 32], [2; 32], [3; 32]];
        let chain_of = |commitments: &[[u8; 32]]| {
            commitments
                .iter()
                .fold(None, |former: Option<ChainLink>, commitment| Some(follow(former.as_ref(), *commitment)))
        };
        let whole = chain_of(&commitments).unwrap();
        assert_eq!(whole.sequence, 3);
        for other in [&[[1; 32], [3; 32]][..], &[[2; 32], [1; 32], [3; 32]], &[[1; 32], [9; 32], [3; 32]]] {
            assert_ne!(chain_of(other).unwrap().chain, whole.chain);
        }
    }
}
