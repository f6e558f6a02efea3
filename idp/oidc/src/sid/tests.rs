//! A `sid` tells one session from another to one application, and joins nothing for two.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::HashSet;

use aws_lc_rs::digest::{SHA256, digest};
use keyholder_core::ports::SealError;
use uuid::Uuid;

use super::*;

/// A sealer that can only digest, with a key that everybody knows.
#[derive(Debug)]
pub(crate) struct OnlyDigests;

impl Sealer for OnlyDigests {
    fn seal(&self, _: &str, _: &[u8]) -> Result<Vec<u8>, SealError> {
        Err(SealError)
    }

    fn open(&self, _: &str, _: &[u8]) -> Result<Vec<u8>, SealError> {
        Err(SealError)
    }

    fn digest(&self, context: &str, value: &[u8]) -> [u8; 32] {
        digest(&SHA256, &[context.as_bytes(), b"\0", value].concat()).as_ref().try_into().unwrap()
    }
}

fn sid(session: u128, application: u128, subject: &str) -> Sid {
    let (session, application) = (Uuid::from_u128(session), Uuid::from_u128(application));
    Sid::new(&OnlyDigests, SessionId::from_uuid(session), ApplicationId::from_uuid(application), subject)
}

#[test]
fn session_application_and_subject_each_make_another_sid() {
    let all = [sid(1, 2, "ann"), sid(1, 3, "ann"), sid(1, 2, "ann-elsewhere"), sid(3, 2, "ann"), sid(2, 1, "ann")];
    assert_eq!(all.iter().map(Sid::as_str).collect::<HashSet<_>>().len(), all.len());
    assert_eq!(all[0], sid(1, 2, "ann"));
}

#[test]
fn the_id_of_the_session_is_not_to_be_seen() {
    let session = Uuid::from_u128(0x01a2_1044_f823_7643_9b21_fe00_5acc_e398);
    let name = sid(session.as_u128(), 2, "ann");
    assert!(!name.as_str().contains(&session.simple().to_string()));
    assert_eq!(name.as_str().len(), 43);
}
