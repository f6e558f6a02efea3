//! Randomness that a vector dictates.

use std::sync::{Mutex, PoisonError};

use keyholder_core::random::Random;

/// Hands out given bytes in order, from the start again when they end.
#[derive(Debug)]
pub struct ScriptedRandom {
    script: Mutex<(Vec<u8>, usize)>,
}

impl Default for ScriptedRandom {
    fn default() -> Self {
        Self { script: Mutex::new(((0..=u8::MAX).collect(), 0)) }
    }
}

impl ScriptedRandom {
    /// Begins anew with these bytes; without any, with 00 01 02 ... ff.
    pub fn begin(&self, bytes: Vec<u8>) {
        let bytes = if bytes.is_empty() { (0..=u8::MAX).collect() } else { bytes };
        *self.script.lock().unwrap_or_else(PoisonError::into_inner) = (bytes, 0);
    }
}

impl Random for ScriptedRandom {
    fn fill(&self, bytes: &mut [u8]) {
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        for byte in bytes {
            let (script, at) = &mut *script;
            *byte = script.get(*at).copied().unwrap_or_default();
            *at = at.saturating_add(1).checked_rem(script.len()).unwrap_or_default();
        }
    }
}
