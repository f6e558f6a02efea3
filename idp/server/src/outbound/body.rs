//! A document that is read by one thread while another receives it.

use std::io::{self, Read};

use actix_web::web::Bytes;
use tokio::sync::mpsc;

/// Chunks that wait for the reader; a chunk has a few kilobytes.
const WAITING: usize = 16;

/// What came so far, and what will come. Reading blocks.
#[derive(Debug)]
pub struct Body {
    chunks: mpsc::Receiver<Bytes>,
    current: Bytes,
}

/// The end that chunks are put into, and the end that they are read from.
pub(super) fn channel() -> (mpsc::Sender<Bytes>, Body) {
    let (sender, chunks) = mpsc::channel(WAITING);
    (sender, Body { chunks, current: Bytes::new() })
}

impl Read for Body {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.chunks.blocking_recv() {
                Some(chunk) => self.current = chunk,
                None => return Ok(0),
            }
        }
        let taken = self.current.split_to(self.current.len().min(out.len()));
        if let Some(place) = out.get_mut(..taken.len()) {
            place.copy_from_slice(&taken);
        }
        Ok(taken.len())
    }
}
