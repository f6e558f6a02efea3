//! Security keys.
