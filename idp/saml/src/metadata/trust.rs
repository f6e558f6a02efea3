//! When metadata is believed.

use std::time::Duration;

use keyholder_core::time::Timestamp;

use super::MetadataError;
use crate::messages::LONGEST_ENTITY_ID;
use crate::service_provider::SpMetadata;
use crate::verify::PublicKey;

/// What metadata must be to be believed.
#[derive(Debug, Clone, Copy)]
pub struct Trust<'a> {
    /// Keys of which one must have signed the whole document. None: whoever brought the document vouches for it.
    pub pinned: &'a [PublicKey],
    /// Our own entity ids: nobody else has one of them.
    pub own_entity_ids: &'a [String],
    pub validity: Validity,
    pub now: Timestamp,
}

/// Whether a document says how long it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// It must, and not for longer than this: else whoever replays an old copy keeps a revoked key alive.
    Required { longest: Duration },
    /// It may: an administrator gave the file, or chose an address without pinning a key.
    IfPresent,
}

impl Validity {
    /// What federations keep to: two to four weeks.
    pub const FEDERATION: Self = Self::Required { longest: Duration::from_hours(24 * 31) };
}

impl<'a> Trust<'a> {
    /// In a file that an administrator gave.
    pub const fn uploaded(own_entity_ids: &'a [String], now: Timestamp) -> Self {
        Self { pinned: &[], own_entity_ids, validity: Validity::IfPresent, now }
    }

    /// In a document from elsewhere, signed by one of these keys.
    pub const fn pinned(keys: &'a [PublicKey], own_entity_ids: &'a [String], now: Timestamp) -> Self {
        Self { pinned: keys, own_entity_ids, validity: Validity::FEDERATION, now }
    }

    /// In a document from elsewhere without a pinned key: TLS alone vouches for it.
    pub const fn fetched(own_entity_ids: &'a [String], now: Timestamp) -> Self {
        Self { pinned: &[], own_entity_ids, validity: Validity::FEDERATION, now }
    }

    pub(super) fn check_entity(&self, metadata: &SpMetadata, expected: Option<&str>) -> Result<(), MetadataError> {
        if metadata.entity_id.chars().count() > LONGEST_ENTITY_ID {
            return Err(MetadataError::LongEntityId);
        }
        if expected.is_some_and(|expected| expected != metadata.entity_id) {
            return Err(MetadataError::EntityId);
        }
        if self.own_entity_ids.contains(&metadata.entity_id) {
            return Err(MetadataError::OwnEntityId);
        }
        Ok(())
    }

    pub(super) fn check_validity(&self, valid_until: Option<Timestamp>) -> Result<(), MetadataError> {
        match (valid_until, self.validity) {
            (None, Validity::Required { .. }) => Err(MetadataError::NoValidUntil),
            (Some(end), _) if self.now >= end => Err(MetadataError::Expired),
            (Some(end), Validity::Required { longest }) if end > self.now.plus(longest) => {
                Err(MetadataError::ValidTooLong)
            }
            _ => Ok(()),
        }
    }
}
