//! Ceremonies that others made: an independent library, and the virtual keys of a browser. The same files run in the sandbox.

use keyholder_plugin_sdk::testing::vectors;

use crate::SecurityKey;

macro_rules! vector {
    ($name:literal) => {
        let schema = include_str!("../../config.schema.json");
        let vector = include_str!(concat!("../../vectors/", $name));
        assert_eq!(vectors::run_with_seeds::<SecurityKey>(vector, schema), Ok(Vec::new()));
    };
}

#[test]
fn a_ceremony_of_an_independent_library_is_accepted() {
    vector!("soft-webauthn.json");
}

#[test]
fn ceremonies_of_a_browser_are_accepted() {
    vector!("chromium-ctap2.json");
    vector!("chromium-u2f.json");
    vector!("chromium-rs256.json");
    vector!("chromium-synced.json");
}

#[test]
fn a_key_registered_long_ago_under_u2f_is_accepted_by_its_application_id() {
    vector!("chromium-u2f-appid.json");
}
