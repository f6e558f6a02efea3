//! Base64 as it comes, with line ends in it (RFC 2045 6.8), otherwise strict; and as we write it, on one line.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Decodes, passing over white space. `None` where anything else is out of place, padding included.
pub(crate) fn decode_lenient(text: &str) -> Option<Vec<u8>> {
    let packed: Vec<u8> = text.bytes().filter(|byte| !b" \t\r\n".contains(byte)).collect();
    STANDARD.decode(packed).ok()
}

/// Encodes, padded.
pub(crate) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
