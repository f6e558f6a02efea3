//! Raw DEFLATE (RFC 1951), with a limit.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// Longest message once inflated, in bytes.
pub const LONGEST: usize = 64 * 1024;

/// Why a message cannot be inflated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum DeflateError {
    /// A bomb, most likely; inflating stopped there.
    #[error("longer than 64 kB")]
    TooLong,
    #[error("it ends too early")]
    Truncated,
    #[error("there are bytes behind its end")]
    Trailing,
    #[error("not DEFLATE")]
    Malformed,
}

/// Inflates one whole stream of at most [`LONGEST`] bytes and nothing else.
pub fn inflate(packed: &[u8]) -> Result<Vec<u8>, DeflateError> {
    let Unpacked { out, status, read } = unpack(packed)?;
    if out.len() > LONGEST {
        return Err(DeflateError::TooLong);
    }
    if status != Status::StreamEnd {
        return Err(DeflateError::Truncated);
    }
    if usize::try_from(read).is_ok_and(|read| read == packed.len()) { Ok(out) } else { Err(DeflateError::Trailing) }
}

/// What came out of a stream before its end or the limit.
pub(super) struct Unpacked {
    pub(super) out: Vec<u8>,
    status: Status,
    /// How many bytes of the stream that took.
    read: u64,
}

pub(super) fn unpack(packed: &[u8]) -> Result<Unpacked, DeflateError> {
    let mut inflater = Decompress::new(false);
    // The library writes no further than the capacity.
    let mut out = Vec::with_capacity(LONGEST + 1);
    let status =
        inflater.decompress_vec(packed, &mut out, FlushDecompress::Finish).map_err(|_| DeflateError::Malformed)?;
    Ok(Unpacked { out, status, read: inflater.total_in() })
}

/// Deflates a message of ours.
pub fn deflate(message: &[u8]) -> Vec<u8> {
    let mut deflater = Compress::new(Compression::default(), false);
    let mut out = Vec::with_capacity(message.len() / 2 + 64);
    loop {
        let read = usize::try_from(deflater.total_in()).unwrap_or(usize::MAX);
        let rest = message.get(read..).unwrap_or_default();
        // Compressing cannot fail: there is no dictionary, and the flush is a finish from the start.
        if !matches!(deflater.compress_vec(rest, &mut out, FlushCompress::Finish), Ok(Status::Ok | Status::BufError)) {
            return out;
        }
        out.reserve(message.len() / 2 + 64);
    }
}
