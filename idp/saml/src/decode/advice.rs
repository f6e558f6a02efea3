//! What can be done about a refusal: one sentence, for the person who connects an application.

use crate::checks::{self, Refusal};
use crate::gate::{GateError, SignatureFault};
use crate::inbound::InboundError;
use crate::logout;
use crate::metadata::MetadataError;
use crate::redirect::{DeflateError, RedirectError};
use crate::verify::VerifyError;

const NONE: &str = "";
/// For what was cut.
pub(super) const WHOLE: &str = "Copy the whole value, from the address bar or the form, and try again.";
const FORGED: &str = "If the application did not write it so, somebody tried to forge a message.";
const SHA_2: &str = "Have the application sign with RSA or ECDSA and SHA-256: SHA-1 can be forged.";
const ENCRYPTED: &str = "Have the application read our metadata again, sign what it sends, and encrypt to the first key for encryption there, by AES-GCM and RSA-OAEP; or not at all.";
const LARGE: &str = "No real message is so large. Look who sent it.";

pub(super) fn of_gate(error: GateError) -> &'static str {
    match error {
        GateError::Comment
        | GateError::CData
        | GateError::ProcessingInstruction
        | GateError::DocumentType
        | GateError::Entity => {
            "Messages hold elements, attributes and text alone. If the application wrote it so, its SAML library is not fit for use."
        }
        GateError::Signature(fault) => of_fault(fault),
        GateError::MissingIssuer | GateError::IssuerNotFirst | GateError::RepeatedIssuer => {
            "Set the application's entity id; its library writes it as the first element."
        }
        GateError::TooLong
        | GateError::TooManyEvents
        | GateError::TooDeep
        | GateError::TooManyAttributes
        | GateError::TooManyNamespaces
        | GateError::LongNamespace => LARGE,
        GateError::Encoding => "Have the application write UTF-8.",
        GateError::DuplicateId => FORGED,
        _ => NONE,
    }
}

fn of_fault(fault: SignatureFault) -> &'static str {
    match fault {
        SignatureFault::Algorithm | SignatureFault::Digest => SHA_2,
        SignatureFault::Canonicalization | SignatureFault::Transforms => {
            "Have the application use exclusive canonicalisation without comments and the enveloped-signature transform."
        }
        SignatureFault::Repeated
        | SignatureFault::Misplaced
        | SignatureFault::Reference
        | SignatureFault::References
        | SignatureFault::Indirection => FORGED,
        SignatureFault::Parts | SignatureFault::Base64 => NONE,
    }
}

pub(super) fn of_inbound(error: InboundError) -> &'static str {
    match error {
        InboundError::Gate(error) => of_gate(error),
        InboundError::TooLong | InboundError::Base64 => NONE,
    }
}

pub(super) fn of_redirect(error: &RedirectError) -> &'static str {
    match error {
        RedirectError::Algorithm => SHA_2,
        RedirectError::Both | RedirectError::Repeated(_) | RedirectError::Disguised => FORGED,
        RedirectError::TooLong | RedirectError::Deflate(DeflateError::TooLong) => LARGE,
        RedirectError::Encoding => "Have the application deflate its messages: HTTP-Redirect knows no other way.",
        RedirectError::HalfSigned => "An address was copied in part, or somebody took its signature off.",
        RedirectError::Missing
        | RedirectError::Percent
        | RedirectError::Base64
        | RedirectError::Deflate(DeflateError::Truncated | DeflateError::Trailing | DeflateError::Malformed) => WHOLE,
    }
}

fn of_verify(error: VerifyError) -> &'static str {
    match error {
        VerifyError::Key => {
            "The application signs with a key that its registered metadata does not have. If it has a new key, register its metadata again."
        }
        VerifyError::Digest => "Something changed the message after it was signed: a proxy, or somebody on the way.",
        VerifyError::Unsigned => "Switch on signing in the application.",
        VerifyError::Gate(error) => of_gate(error),
    }
}

pub(super) fn of_request(error: &checks::Rejection) -> &'static str {
    use checks::Untrusted as Bad;
    match error {
        checks::Rejection::Untrusted(bad) => match bad {
            Bad::Unsigned => {
                "Its metadata or its settings say that its requests are signed. Switch on signing in the application, or register its metadata again."
            }
            Bad::Signature(error) => of_verify(*error),
            Bad::Destination | Bad::DestinationMissing => {
                "Have the application read our metadata again: it sends to another address than the one named there."
            }
            Bad::Stale => {
                "It is too old: a bookmark of the sign-in page, a page left open, or a clock that is slow. Start at the application again."
            }
            Bad::Future => "The clock of the application's server is fast, or ours is slow. Set both by NTP.",
            Bad::AcsNotRegistered | Bad::IndexNotRegistered | Bad::NoAcs => {
                "The address must be in the registered metadata, character by character: scheme, case, port, path, slash at the end."
            }
            Bad::IndexWithUrl => "Configure either the address or its number in the application, not both.",
            Bad::MetadataExpired => "Register its current metadata, or see why the scheduled fetch fails.",
            Bad::Issuer => "Use the same entity id in the application and in the registered metadata.",
            Bad::RelayStateTooLong | Bad::RelayStateCharacter => {
                "Have the application keep its state on its own side and send a short reference to it."
            }
            Bad::Message(_) | Bad::Id => NONE,
        },
        checks::Rejection::Refused(refused) => match refused.refusal {
            Refusal::NameIdFormat => {
                "Choose this identifier in the settings of the application here, or another one in the application."
            }
            Refusal::SpNameQualifier => "Leave SPNameQualifier out: every application has its own identifiers.",
            Refusal::AuthnContext => {
                "Ask for a class that exists here, or have the settings of the application here ignore requested classes."
            }
            Refusal::ProtocolBinding => "Have the application ask for its answer by HTTP-POST.",
            Refusal::Version => "Only SAML 2.0 is spoken here.",
            Refusal::OpaqueSubject => ENCRYPTED,
            Refusal::Passive
            | Refusal::AuthnFailed
            | Refusal::Denied
            | Refusal::UnknownPrincipal
            | Refusal::Internal => NONE,
        },
    }
}

pub(super) fn of_logout(error: &logout::Rejection) -> &'static str {
    use logout::Untrusted as Bad;
    match error {
        logout::Rejection::Untrusted(bad) => match bad {
            Bad::Unsigned => "Messages about logout have to be signed. Switch on signing in the application.",
            Bad::Signature(error) => of_verify(*error),
            Bad::Destination | Bad::DestinationMissing => {
                "Have the application read our metadata again: it sends to another address than the one named there."
            }
            Bad::Stale | Bad::Expired => "It is too old, or a clock is slow.",
            Bad::Future => "The clock of the application's server is fast, or ours is slow. Set both by NTP.",
            Bad::MetadataExpired => "Register its current metadata, or see why the scheduled fetch fails.",
            Bad::Issuer => "Use the same entity id in the application and in the registered metadata.",
            Bad::Message(_) | Bad::Id | Bad::RelayState | Bad::InResponseTo => NONE,
        },
        logout::Rejection::Refused(refused) => match refused.refusal {
            logout::Refusal::Encrypted(_) => ENCRYPTED,
            logout::Refusal::OpaquePrincipal => "Have the application send the identifier as it got it.",
            _ => NONE,
        },
    }
}

pub(super) fn of_metadata(error: &MetadataError) -> &'static str {
    match error {
        MetadataError::Gate(error) => of_gate(*error),
        MetadataError::Several => "Name the entity id that is meant.",
        MetadataError::Endpoint(_) => "Endpoints need https, without a user name and a fragment.",
        MetadataError::NoServiceProvider => "Look whether this is the metadata of an identity provider.",
        MetadataError::NoAssertionConsumerService => {
            "Switch on HTTP-POST in the application: answers leave by nothing else."
        }
        MetadataError::Expired => "Fetch it again from the application.",
        MetadataError::EntityId => "Compare the entity id letter by letter: case, scheme, port, slash at the end.",
        MetadataError::OwnEntityId => "Give the application an entity id of its own.",
        MetadataError::NoValidUntil => "Save the document, look at it, and register it as a file.",
        _ => NONE,
    }
}
