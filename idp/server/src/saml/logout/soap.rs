//! Messages about logout behind the browser's back (saml-bindings-2.0-os 3.2): ours to service providers, and theirs to us.
//!
//! Owns one try. That nobody is forgotten is the outbox's: a row for each service provider with a SOAP endpoint is left where the session
//! ends (`keyholder_core::logout`), and taken back by whoever told it sooner.

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse};
use async_trait::async_trait;
use keyholder_core::id::GrantId;
use keyholder_core::logout::notice_of;
use keyholder_core::ports::{Command, StoreError, Transaction};
use keyholder_core::random::Random;
use keyholder_core::time::Timestamp;
use keyholder_saml::checks::Arrival;
use keyholder_saml::gate::GateError;
use keyholder_saml::inbound::Inbound;
use keyholder_saml::logout::{
    Outcome, Outgoing, Participant, Pending, Reply, SendError, Telling, Untrusted, Way, answer_soap, ask,
    receive_response,
};
use keyholder_saml::messages::soap::{self, FaultCode};
use keyholder_saml::service_provider::{LogoutBinding, ServiceProvider};
use keyholder_saml::signer::NativeSigner;
use url::Url;

use crate::app::App;
use crate::outbound::{FetchError, Fetcher};
use crate::web::PageError;

/// More than any answer has, in bytes.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Why it is not known what came of a request.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SoapError {
    #[error("it takes no SOAP requests for logout any more")]
    NoEndpoint,
    #[error("the request cannot be made")]
    Make(#[from] SendError),
    #[error("the request had no answer")]
    Fetch(#[from] FetchError),
    #[error("the answer cannot be read")]
    Answer(#[from] GateError),
    #[error("the answer cannot be trusted")]
    Untrusted(#[from] Untrusted),
}

impl SoapError {
    /// Whether another try may go better.
    pub(crate) fn is_temporary(&self) -> bool {
        !matches!(self, Self::NoEndpoint | Self::Make(_))
    }
}

/// With what a request is made and sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Means<'a> {
    pub(crate) signer: &'a NativeSigner,
    pub(crate) fetcher: &'a Fetcher,
    pub(crate) random: &'a dyn Random,
    pub(crate) now: Timestamp,
}

/// Asks one participant to end its session. The signature is made here: beside the exchange that follows, it is nothing.
pub(crate) async fn tell(
    means: Means<'_>,
    provider: &ServiceProvider,
    participant: &Participant,
) -> Result<Outcome, SoapError> {
    let service = provider.metadata.single_logout_service(LogoutBinding::Soap).ok_or(SoapError::NoEndpoint)?;
    let address = Url::parse(&service.location).map_err(|_| SoapError::NoEndpoint)?;
    let telling =
        Telling { participant: participant.clone(), binding: LogoutBinding::Soap, address: service.location.clone() };
    let (id, message) = ask(&telling, None, means.signer, means.now, means.random)?;
    let Outgoing::Soap { body, .. } = message else { return Err(SoapError::NoEndpoint) };
    let headers = [("content-type", soap::MEDIA_TYPE), ("soapaction", soap::ACTION)];
    let answer = means.fetcher.post_document(&address, &headers, body, LONGEST_ANSWER).await?;
    let answer = Inbound::from_soap(&answer, "LogoutResponse")?;
    let pending = [Pending { id, provider: participant.provider.clone() }];
    let arrival =
        Arrival { issuer: &participant.issuer, endpoint: "", relay_state: None, decryption: &[], now: means.now };
    let (_, outcome) = receive_response(&answer, provider, &arrival, Way::Back, &pending)?;
    Ok(outcome)
}

/// Takes back the rows of those that were told already.
pub(super) struct TakeBack(pub(super) Vec<GrantId>);

#[async_trait]
impl Command for TakeBack {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        for grant in &self.0 {
            transaction.delete_outbox(notice_of(*grant)).await?;
        }
        Ok(())
    }
}

/// Whether a body says that it is a SOAP message: SOAP 1.1's `text/xml`, or the name of its successor, which pysaml2 writes for 1.1 too.
pub(super) fn is_soap(request: &HttpRequest) -> bool {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    ["text/xml", "application/soap+xml"].iter().any(|known| kind.eq_ignore_ascii_case(known))
}

/// The answer to a request that came over SOAP.
pub(super) async fn respond(app: &App, reply: Reply) -> Result<HttpResponse, PageError> {
    let ring = app.saml.load(app).await.map_err(|error| super::super::ending::unusable(&error))?;
    let (now, random) = (app.now(), app.random.clone());
    let made = tokio::task::spawn_blocking(move || answer_soap(&reply, ring.signer.as_ref(), now, random.as_ref()));
    let made = made.await.map_err(|_| PageError::Fault("signing was interrupted"))?;
    let body = made.map_err(|_| PageError::Fault("a logout response cannot be written"))?;
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, soap::MEDIA_TYPE)).body(body))
}

/// A fault (SOAP 1.1, 6.2: with status 500).
pub(super) fn fault(code: FaultCode, words: &'static str) -> HttpResponse {
    let body = soap::fault(code, words).canonical();
    HttpResponse::build(StatusCode::INTERNAL_SERVER_ERROR).insert_header((CONTENT_TYPE, soap::MEDIA_TYPE)).body(body)
}
