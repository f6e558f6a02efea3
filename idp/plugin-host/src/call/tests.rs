#![allow(clippy::unwrap_used, reason = "tests")]

use wasmtime::component::{Component, Linker};

use super::*;
use crate::engine::running;
use crate::limits::{CORE_INSTANCES, MEMORIES, TABLES};
use crate::settings::Allocation;

#[derive(Debug)]
struct Zero;

impl Random for Zero {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

fn settings() -> CallSettings {
    CallSettings {
        identity: Arc::new(Identity { id: "many".into(), version: "1.0.0".into() }),
        limits: Limits { deadline: Duration::from_mins(10), ..Limits::PLUGIN },
        now: Timestamp::from_seconds(1_800_000_000),
        random: Arc::new(Zero),
        stopping: Arc::new(AtomicBool::new(false)),
    }
}

/// A component of one core module, with these sections, that is instantiated so many times (Component Model, Binary.md).
fn instances(sections: &[u8], times: u8) -> Vec<u8> {
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    let module = [b"\0asm\x01\0\0\0", sections].concat();
    bytes.extend([1, u8::try_from(module.len()).unwrap()]);
    bytes.extend(module);
    bytes.extend([2, times * 3 + 1, times]);
    (0..times).for_each(|_| bytes.extend([0, 0, 0]));
    bytes
}

#[test]
fn a_plugin_has_a_bounded_number_of_instances_memories_and_tables_wherever_they_come_from() {
    // Sections of a core module: nothing; one memory of no page; one table of no element.
    let kinds: [(&[u8], u32); 3] =
        [(&[], CORE_INSTANCES), (&[5, 3, 1, 0, 0], MEMORIES), (&[4, 4, 1, 0x70, 0, 0], TABLES)];
    for (sections, most) in kinds {
        let most = u8::try_from(most).unwrap();
        for (times, fits) in [(most, true), (most + 1, false)] {
            let engine = running(1, Allocation::OnDemand).unwrap();
            let component = Component::from_binary(&engine, &instances(sections, times)).unwrap();
            let mut store = store(&engine, settings()).unwrap();
            let made = Linker::new(&engine).instantiate(&mut store, &component);
            assert_eq!(made.is_ok(), fits, "{sections:?}: {times}");
        }
    }
}
