#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use super::*;
use crate::code::{Code, precompile};

/// The smallest component.
const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

#[test]
fn what_one_engine_compiles_every_other_runs() {
    let (pooling, on_demand) = (running(4, Allocation::Pooling).unwrap(), running(4, Allocation::OnDemand).unwrap());
    assert_eq!(fingerprint(&pooling), fingerprint(&compiling().unwrap()));
    assert_eq!(fingerprint(&on_demand), fingerprint(&pooling));
    let artefact = precompile(EMPTY).unwrap();
    for engine in [pooling, on_demand] {
        Code::load_verified(&engine, &artefact).unwrap();
    }
}

#[test]
fn without_address_space_plugins_run_on_demand() {
    // 100,000 slots of 4 GiB are more than a process can address.
    let engine = running(100_000, Allocation::Pooling).unwrap();
    Code::compile(&engine, EMPTY).unwrap();
}

#[test]
fn modules_texts_and_strangers_artefacts_are_no_components() {
    let engine = compiling().unwrap();
    let artefact = precompile(EMPTY).unwrap();
    for bytes in [b"\0asm\x01\0\0\0".as_slice(), b"(component)", b"", b"\0asm", &artefact] {
        assert!(Code::compile(&engine, bytes).is_err());
        assert!(precompile(bytes).is_err());
    }
    assert!(Code::load_verified(&engine, EMPTY).is_err());
}
