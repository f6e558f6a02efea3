//! What the log tells of plugins: one event for each fault, and of a flood no more than a few lines.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "host/bed.rs"]
mod bed;

use std::io::Write;
use std::sync::{Arc, Mutex};

use futures::executor::block_on;
use keyholder_core::factor::Factors as _;
use tracing_subscriber::fmt::MakeWriter;

#[derive(Debug, Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Written {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// One test: the subscriber is the process's, since guests write on threads of the host.
#[test]
fn a_fault_is_one_line_and_a_flood_a_few() {
    let written = Written::default();
    tracing_subscriber::fmt().with_ansi(false).without_time().with_writer(written.clone()).init();
    let take = || String::from_utf8(std::mem::take(&mut *written.0.lock().unwrap())).unwrap();

    let (host, _) = bed::hostile(r#"{"do": "panic"}"#);
    bed::verify(&host, "hostile").unwrap_err();
    let lines = take();
    assert_eq!(
        lines.trim(),
        "WARN keyholder_plugin_host::host: a plugin failed plugin=hostile version=1.0.0 export=\"verify\" \
         cause=it trapped: wasm `unreachable` instruction executed untold=0"
    );

    let (host, _) = bed::hostile(r#"{"do": "log-flood"}"#);
    block_on(host.begin_challenge("hostile", bed::context(), &[])).unwrap();
    let lines = take();
    // A thousand lines of 300 bytes with line breaks in them were written.
    assert!((1..=16).contains(&lines.lines().count()), "{lines}");
    assert!(lines.len() < 8 * 1024);
    assert!(lines.lines().all(|line| line.contains("a plugin warns plugin=hostile version=1.0.0 said=flood")));
}
