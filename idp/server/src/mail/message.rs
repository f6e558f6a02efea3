//! The message around a drawn mail (RFC 5322, RFC 2046).

use std::time::{Duration, SystemTime};

use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};

use super::{Letter, SendError};

/// `Auto-Submitted: auto-generated` (RFC 3834 5): no holiday notice answers it.
#[derive(Debug, Clone, Copy)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".into())
    }
}

pub(super) fn compose(from: &Mailbox, domain: &str, letter: &Letter<'_>) -> Result<Message, SendError> {
    let address = letter.address.parse().map_err(permanent)?;
    // A name comes from a roster; what cannot be seen has no place in a header.
    let name: String = letter.name.chars().filter(|character| !character.is_control()).collect();
    let to = Mailbox::new(Some(name).filter(|name| !name.trim().is_empty()), address);
    let written_at = Duration::from_millis(u64::try_from(letter.written_at.as_millis()).unwrap_or(0));
    // RFC 2046 5.1.4: the last alternative is the one to be preferred. The boundary holds the random id of the row, so that
    // no text can contain it.
    let body = MultiPart::alternative()
        .boundary(format!("keyholder-{}", letter.id))
        .singlepart(SinglePart::plain(letter.drawn.text.clone()))
        .singlepart(SinglePart::html(letter.drawn.html.clone()));
    Message::builder()
        .from(from.clone())
        .to(to)
        .subject(letter.drawn.subject.clone())
        .date(SystemTime::UNIX_EPOCH + written_at)
        .message_id(Some(format!("<{}@{domain}>", letter.id)))
        .header(AutoSubmitted)
        .multipart(body)
        .map_err(permanent)
}

fn permanent(source: impl std::error::Error + Send + Sync + 'static) -> SendError {
    SendError::Permanent(Box::new(source))
}
