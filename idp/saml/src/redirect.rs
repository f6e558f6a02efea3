//! The message inside a query of the Redirect binding (SAML Bindings 3.4.4.1): base64 of raw DEFLATE.

use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::{Decompress, FlushDecompress, Status};

/// Longest message once inflated, in bytes; a deflate bomb stops here.
pub const LONGEST: usize = 64 * 1024;

/// Why a query holds no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedirectError {
    /// Not base64.
    #[error("not base64")]
    Base64,
    /// Not one whole DEFLATE stream and nothing else.
    #[error("not one whole DEFLATE stream")]
    Deflate,
    /// More than [`LONGEST`] bytes.
    #[error("too large")]
    Flood,
}

/// Inflates the percent-decoded value of `SAMLRequest` or `SAMLResponse`.
pub fn inflate(value: &str) -> Result<Vec<u8>, RedirectError> {
    if value.len() > LONGEST {
        return Err(RedirectError::Flood);
    }
    let packed = STANDARD.decode(value).map_err(|_| RedirectError::Base64)?;
    let mut inflater = Decompress::new(false);
    let mut out = Vec::with_capacity(LONGEST + 1);
    let status =
        inflater.decompress_vec(&packed, &mut out, FlushDecompress::Finish).map_err(|_| RedirectError::Deflate)?;
    if out.len() > LONGEST {
        return Err(RedirectError::Flood);
    }
    let whole = usize::try_from(inflater.total_in()).is_ok_and(|read| read == packed.len());
    if status == Status::StreamEnd && whole { Ok(out) } else { Err(RedirectError::Deflate) }
}

/// Deflates and encodes a message of ours; the caller percent-encodes it.
pub fn deflate(message: &str) -> Result<String, RedirectError> {
    let mut packed = Vec::new();
    flate2::read::DeflateEncoder::new(message.as_bytes(), flate2::Compression::default())
        .read_to_end(&mut packed)
        .map_err(|_| RedirectError::Deflate)?;
    Ok(STANDARD.encode(packed))
}
