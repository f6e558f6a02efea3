//! SOAP 1.1 around a message, for logout behind the browser's back (saml-bindings-2.0-os 3.2). Owns writing;
//! [`parse_soap_message`](crate::gate::parse_soap_message) reads.

use crate::names::SOAP;
use crate::xml::Element;

/// The `SOAPAction` header's value, in its quotes (saml-bindings-2.0-os 3.2.3.1; SOAP 1.1, 6.1.1).
pub const ACTION: &str = "\"http://www.oasis-open.org/committees/security\"";
/// The media type of requests and answers.
pub const MEDIA_TYPE: &str = "text/xml; charset=utf-8";

/// A fault's code (SOAP 1.1, 4.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultCode {
    /// The envelope cannot be read.
    Client,
    /// We are at fault.
    Server,
}

/// An envelope around a message. The message's own signature still holds: exclusive canonicalisation does not look
/// outside.
pub fn wrap(message: Element) -> Element {
    envelope(message)
}

/// An envelope that says that there is no answer.
pub fn fault(code: FaultCode, words: &'static str) -> Element {
    let code = match code {
        FaultCode::Client => "soap:Client",
        FaultCode::Server => "soap:Server",
    };
    let fault = Element::new("soap", SOAP, "Fault")
        .child(Element::new("", "", "faultcode").text(code))
        .child(Element::new("", "", "faultstring").text(words));
    envelope(fault)
}

fn envelope(inside: Element) -> Element {
    Element::new("soap", SOAP, "Envelope").child(Element::new("soap", SOAP, "Body").child(inside))
}
