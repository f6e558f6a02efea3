#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| keyholder_saml::fuzz::messages(bytes));
