#![allow(clippy::unwrap_used, reason = "tests")]

mod aggregates;
mod entities;
mod ours;

use super::*;
use crate::certificate::Certificate;
use crate::tests_support::{IDP, NOW, vector};
use crate::verify::PublicKey;

/// The key that the signed vectors were signed with.
fn federation() -> [PublicKey; 1] {
    let text = String::from_utf8(vector("metadata/federation.pem")).unwrap();
    [Certificate::from_text(&text).unwrap().public_key().unwrap()]
}

fn ours() -> Vec<String> {
    vec!["https://another.example".to_owned(), IDP.to_owned()]
}

fn uploaded(name: &str, expected: Option<&str>) -> Result<SpMetadata, MetadataError> {
    read_entity(&vector(&format!("metadata/{name}.xml")), expected, &Trust::uploaded(&ours(), NOW))
}

fn pinned(name: &str, expected: Option<&str>) -> Result<SpMetadata, MetadataError> {
    read_entity(&vector(&format!("metadata/{name}.xml")), expected, &Trust::pinned(&federation(), &ours(), NOW))
}

fn fetched(name: &str, expected: Option<&str>) -> Result<SpMetadata, MetadataError> {
    read_entity(&vector(&format!("metadata/{name}.xml")), expected, &Trust::fetched(&ours(), NOW))
}
