//! `school`, our own parameter: the slug of the school for which the sign-in is.

use super::super::{ProtocolError, UnverifiedRequest};

pub(crate) fn school(request: &UnverifiedRequest) -> Result<Option<String>, ProtocolError> {
    let is_slug = |slug: &str| {
        slug.len() <= 64 && slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    // Whether there is such a school, and whether the person belongs to it, is told after the first proof only.
    match request.school.as_deref() {
        Some(slug) if !is_slug(slug) => Err(ProtocolError::invalid("school is no slug")),
        slug => Ok(slug.map(str::to_owned)),
    }
}
