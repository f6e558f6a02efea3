//! What the host lends: log, random bytes, signature checks.

use super::factor_world::keyholder::factor::types as factor_types;
use super::factor_world::keyholder::host::{crypto, log, random};
use super::policy_world::keyholder::policy::types as policy_types;
use crate::call::{CallState, Level};

impl log::Host for CallState {
    fn write(&mut self, level: log::Level, event: String, fields: Vec<(String, String)>) -> wasmtime::Result<()> {
        let level = match level {
            log::Level::Debug => Level::Debug,
            log::Level::Info => Level::Info,
            log::Level::Warn => Level::Warn,
            log::Level::Error => Level::Error,
        };
        self.write_log(level, &event, &fields);
        Ok(())
    }
}

impl random::Host for CallState {
    fn bytes(&mut self, len: u32) -> wasmtime::Result<Vec<u8>> {
        self.draw(len.into())
    }
}

impl crypto::Host for CallState {
    fn verify(
        &mut self,
        alg: crypto::SigAlg,
        key: crypto::PublicKey,
        message: Vec<u8>,
        signature: Vec<u8>,
    ) -> wasmtime::Result<Result<bool, crypto::CryptoError>> {
        Ok(super::crypto::verify(&alg, &key, &message, &signature))
    }
}

// Types alone.
impl factor_types::Host for CallState {}
impl policy_types::Host for CallState {}
