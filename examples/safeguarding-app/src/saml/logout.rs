//! Single Logout by Redirect (saml-profiles-2.0-os 4.4; saml-bindings-2.0-os 3.4), both ways.
//!
//! samael signs and verifies addresses. Its `LogoutRequest` writes the session before the name, which the schema forbids, and does not
//! read the sessions that are named: the request is written, and these are read, here.

use std::io::Read as _;

use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat};
use flate2::Compression;
use flate2::read::{DeflateDecoder, DeflateEncoder};
use roxmltree::Document;
use samael::crypto::{UrlVerifier, sign_url};
use samael::schema::{Issuer, LogoutResponse, Status, StatusCode};
use samael::traits::ToXml as _;
use url::Url;

use super::gate::{ASSERTION, PROTOCOL};
use super::{CLOCK_SKEW, MESSAGE_LIFETIME, PERSISTENT, Provider, escape};
use crate::problem::Problem;
use crate::session::new_secret;
use crate::web::{Visit, see_other};

const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
/// A message that is larger is none of ours.
const LARGEST: u64 = 64 * 1024;

/// Where to send a browser whose session ended here, so that it ends there too; `None`: the identity provider has no such place.
pub(crate) fn end_session(visit: &Visit, name_id: &str, session_index: &str) -> Result<Option<String>, Problem> {
    let Some(provider) = &visit.application.saml else { return Ok(None) };
    provider.logout_request(name_id, session_index, (visit.application.now)()).map_err(Problem::Answer)
}

/// What a request names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) id: String,
    pub(super) name_id: String,
    pub(super) session_indexes: Vec<String>,
}

impl Provider {
    fn logout_request(&self, name_id: &str, session_index: &str, now: i64) -> Result<Option<String>, String> {
        let Some(destination) = &self.idp.single_logout else { return Ok(None) };
        let xml = format!(
            "<samlp:LogoutRequest xmlns:samlp=\"{PROTOCOL}\" xmlns:saml=\"{ASSERTION}\" ID=\"_{}\" Version=\"2.0\" IssueInstant=\"{}\" \
             Destination=\"{}\"><saml:Issuer>{}</saml:Issuer><saml:NameID Format=\"{PERSISTENT}\">{}</saml:NameID>\
             <samlp:SessionIndex>{}</samlp:SessionIndex></samlp:LogoutRequest>",
            new_secret(),
            instant(now)?.to_rfc3339_opts(SecondsFormat::Secs, true),
            escape(destination),
            escape(&self.own.entity_id),
            escape(name_id),
            escape(session_index),
        );
        self.signed(destination, "SAMLRequest", &xml, None).map(Some)
    }

    fn logout_response(&self, request_id: &str, relay_state: Option<&str>, now: i64) -> Result<String, String> {
        let destination = self.idp.single_logout.as_ref().ok_or("nowhere to answer")?;
        let response = LogoutResponse {
            id: Some(format!("_{}", new_secret())),
            in_response_to: Some(request_id.to_owned()),
            version: Some("2.0".to_owned()),
            issue_instant: Some(instant(now)?),
            destination: Some(destination.clone()),
            consent: None,
            issuer: Some(Issuer { value: Some(self.own.entity_id.clone()), ..Issuer::default() }),
            signature: None,
            status: Some(Status {
                status_code: StatusCode { value: Some(SUCCESS.to_owned()) },
                status_message: None,
                status_detail: None,
            }),
        };
        let xml = response.to_string().map_err(|error| error.to_string())?;
        self.signed(destination, "SAMLResponse", &xml, relay_state)
    }

    fn signed(
        &self,
        destination: &str,
        parameter: &str,
        xml: &str,
        relay_state: Option<&str>,
    ) -> Result<String, String> {
        let mut packed = Vec::new();
        let mut encoder = DeflateEncoder::new(xml.as_bytes(), Compression::default());
        encoder.read_to_end(&mut packed).map_err(|error| error.to_string())?;
        let mut address = Url::parse(destination).map_err(|error| error.to_string())?;
        address.query_pairs_mut().append_pair(parameter, &STANDARD.encode(packed));
        if let Some(relay_state) = relay_state {
            address.query_pairs_mut().append_pair("RelayState", relay_state);
        }
        sign_url(address, &self.key).map(String::from).map_err(|error| error.to_string())
    }

    /// Checks a request that came in an address (saml-core-2.0-os 3.7.3.1).
    pub(super) fn check_logout(&self, query: &str, now: i64) -> Result<(Named, Option<String>), &'static str> {
        let address = Url::parse(&format!("http://localhost/?{query}")).map_err(|_| "not a query")?;
        let pairs: Vec<(String, String)> = address.query_pairs().into_owned().collect();
        let all = |name: &str| pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value).collect::<Vec<_>>();
        let one = |name: &str| match all(name).as_slice() {
            [only] => Some(only.as_str()),
            _ => None,
        };
        let relay_state = match all("RelayState").as_slice() {
            [] => None,
            [only] => Some((*only).clone()),
            _ => return Err("RelayState twice"),
        };
        let message = one("SAMLRequest").ok_or("not one SAMLRequest")?;
        // samael goes down where one of these is missing, and with an algorithm that it names without having it.
        if one("SigAlg") != Some(RSA_SHA256) || one("Signature").is_none() {
            return Err("not signed");
        }
        let right = |certificate| {
            let verifier = UrlVerifier::from_x509(certificate);
            verifier.is_ok_and(|verifier| verifier.verify_signed_request_url(&address).unwrap_or(false))
        };
        if !self.idp.signing.iter().any(right) {
            return Err("signature");
        }
        let packed = STANDARD.decode(message).map_err(|_| "not base64")?;
        let mut xml = String::new();
        let unpacked = DeflateDecoder::new(packed.as_slice()).take(LARGEST).read_to_string(&mut xml);
        unpacked.map_err(|_| "not deflated text")?;
        Ok((self.read_logout(&xml, now)?, relay_state))
    }

    fn read_logout(&self, xml: &str, now: i64) -> Result<Named, &'static str> {
        let document = Document::parse(xml).map_err(|_| "not well-formed, or with a document type")?;
        let root = document.root_element();
        if !root.has_tag_name((PROTOCOL, "LogoutRequest")) {
            return Err("not a logout request");
        }
        let child = |name: (&'static str, &'static str)| {
            let text = move |node: roxmltree::Node<'_, '_>| node.text().map(str::trim).unwrap_or_default().to_owned();
            root.children().filter(move |node| node.has_tag_name(name)).map(text)
        };
        let at = |name: &str| {
            let text = root.attribute(name)?;
            DateTime::parse_from_rfc3339(text).ok().map(|instant| instant.timestamp())
        };
        let issued = at("IssueInstant").ok_or("no IssueInstant")?;
        let checks = [
            (child((ASSERTION, "Issuer")).eq([self.idp.entity_id.clone()]), "Issuer"),
            (root.attribute("Destination") == Some(self.own.single_logout.as_str()), "Destination"),
            (issued <= now + CLOCK_SKEW && now < issued + MESSAGE_LIFETIME + CLOCK_SKEW, "IssueInstant"),
            (
                !root.has_attribute("NotOnOrAfter") || at("NotOnOrAfter").is_some_and(|end| now < end + CLOCK_SKEW),
                "NotOnOrAfter",
            ),
        ];
        if let Some((_, why)) = checks.into_iter().find(|(holds, _)| !holds) {
            return Err(why);
        }
        Ok(Named {
            id: root.attribute("ID").ok_or("no ID")?.to_owned(),
            name_id: child((ASSERTION, "NameID")).next().ok_or("no NameID")?,
            session_indexes: child((PROTOCOL, "SessionIndex")).collect(),
        })
    }
}

/// `GET /saml/slo`: the identity provider says that a session ended, or that it heard that one ended here.
pub(super) async fn receive(visit: Visit, request: HttpRequest) -> HttpResponse {
    let query = request.query_string();
    // The answer to a request of ours: the session ended before it was asked, and nothing follows from what it says.
    if query.starts_with("SAMLResponse=") {
        return see_other(&visit.path("/signed-out")).finish();
    }
    let outcome = end_named(&visit, query).map_err(|why| Problem::Answer(format!("logout request: {why}")));
    visit.answer(outcome)
}

fn end_named(visit: &Visit, query: &str) -> Result<HttpResponse, String> {
    let (application, base) = (&visit.application, visit.mount.base());
    let provider = application.saml.as_ref().ok_or("no service provider")?;
    let now = (application.now)();
    let (named, relay_state) = provider.check_logout(query, now)?;
    let until = now + MESSAGE_LIFETIME + 2 * CLOCK_SKEW;
    if !application.sessions.use_once(&format!("logout:{}", named.id), until, now) {
        return Err("seen before".to_owned());
    }
    if named.session_indexes.is_empty() {
        application.sessions.end_named(&base, None, Some(&named.name_id));
    }
    for index in &named.session_indexes {
        application.sessions.end_named(&base, Some(index), None);
    }
    Ok(see_other(&provider.logout_response(&named.id, relay_state.as_deref(), now)?).finish())
}

fn instant(now: i64) -> Result<DateTime<chrono::Utc>, String> {
    DateTime::from_timestamp(now, 0).ok_or_else(|| "no such time".to_owned())
}
