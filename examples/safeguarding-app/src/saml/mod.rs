//! Signing in over SAML 2.0, with samael's service-provider side: another implementation than Keyholder's own.
//!
//! Owns the service provider: whom it trusts (`Provider`), the two halves of a sign-in (`sign_in`), what a response must be before
//! anything of it is believed (`response`), and sign-out (`logout`). saml-profiles-2.0-os 4.1 (Web Browser SSO), 4.4 (Single Logout).
//!
//! What samael does by default, and what is done about it here:
//! - without its feature `xmlsec`, every signature is a good one: [`Provider::load`] wants to see an altered document refused;
//! - without a certificate it takes unsigned responses: there is always one;
//! - whoever allows unsolicited responses switches `InResponseTo` off for all of them: they are not allowed, and one that comes only
//!   makes this application ask by itself;
//! - its request ids have 32 random bits, and it keeps no account of what it asked or what it saw: both are here;
//! - conditions, times and a second factor that are not in an assertion are not missed: `response` does;
//! - its errors cannot leave their thread, and xmlsec blocks: it runs where blocking is allowed.

mod gate;
mod logout;
mod response;
mod sign_in;

use std::path::PathBuf;

use actix_web::Scope;
use openssl::pkey::{PKey, Private};
use openssl::x509::X509;
use samael::crypto::{AllowedSignatureAlgorithm, CertificateDer, Crypto, CryptoProvider, ReduceMode};
use samael::metadata::{EntityDescriptor, HTTP_REDIRECT_BINDING};
use samael::service_provider::ServiceProvider;
use url::Url;

use crate::mount::{Mount, Way};

pub(crate) use logout::end_session;
pub(crate) use response::Answer;
pub(crate) use sign_in::{Asked, begin};

/// Where the mount is: `/s/over-saml`.
const SLUG: &str = "over-saml";
/// What is taken from the identity provider, and what it is sent.
const ALGORITHMS: [AllowedSignatureAlgorithm; 1] = [AllowedSignatureAlgorithm::RsaSha256];
/// Seconds by which two clocks may differ.
const CLOCK_SKEW: i64 = 60;
/// For how many seconds a message counts. A reader without scripts has to press a button first.
const MESSAGE_LIFETIME: i64 = 300;
const PERSISTENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";

/// Files of a service provider.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    /// The identity provider's metadata: its keys are those in this file, whatever it publishes later.
    pub(crate) idp_metadata: PathBuf,
    /// PEM.
    pub(crate) key: PathBuf,
    /// PEM.
    pub(crate) certificate: PathBuf,
}

/// Why SAML cannot be spoken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SamlError {
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("{}: {what}", path.display())]
    Content { path: PathBuf, what: String },
    #[error("samael does not tell an altered document from a signed one")]
    SelfTest,
}

/// This service provider, and the identity provider that it trusts.
pub(crate) struct Provider {
    samael: ServiceProvider,
    key: PKey<Private>,
    own: Own,
    idp: Idp,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Provider").field("own", &self.own).field("idp", &self.idp).finish_non_exhaustive()
    }
}

/// What the identity provider says of itself.
#[derive(Debug, Clone)]
struct Idp {
    entity_id: String,
    /// Both by Redirect.
    single_sign_on: String,
    single_logout: Option<String>,
    signing: Vec<CertificateDer>,
}

/// Our own addresses.
#[derive(Debug, Clone)]
struct Own {
    entity_id: String,
    assertion_consumer_service: String,
    single_logout: String,
}

impl Own {
    fn at(public_url: &Url) -> Self {
        let at = |path: &str| format!("{}{}/saml/{path}", public_url.as_str().trim_end_matches('/'), mount().base());
        Self { entity_id: at("metadata"), assertion_consumer_service: at("acs"), single_logout: at("slo") }
    }
}

/// The mount that signs in over SAML.
pub(crate) fn mount() -> Mount {
    Mount { slug: Some(SLUG.to_owned()), way: Way::Saml }
}

/// The routes of such a mount besides those of every mount.
pub(crate) fn routes(scope: Scope) -> Scope {
    use actix_web::web::{FormConfig, get, post};
    scope
        // Somebody with many groups has a larger response than other forms are. Percent-encoding makes it longer.
        .app_data(FormConfig::default().limit(2 * gate::LARGEST))
        .route("/saml/acs", post().to(sign_in::receive))
        .route("/saml/continue", get().to(sign_in::go_on))
        .route("/saml/slo", get().to(logout::receive))
        .route("/saml/metadata", get().to(metadata))
}

async fn metadata(visit: crate::web::Visit) -> actix_web::HttpResponse {
    match &visit.application.saml {
        Some(provider) => actix_web::HttpResponse::Ok()
            .content_type("application/samlmetadata+xml")
            .body(provider.samael.certificate.as_ref().map(|own| describe(&provider.own, own)).unwrap_or_default()),
        None => actix_web::HttpResponse::NotFound().finish(),
    }
}

impl Provider {
    pub(crate) fn load(files: &Files, public_url: &Url) -> Result<Self, SamlError> {
        let wrong = |path: &PathBuf, what: &str| SamlError::Content { path: path.clone(), what: what.to_owned() };
        let text = String::from_utf8(read(&files.idp_metadata)?);
        let text = text.map_err(|_| wrong(&files.idp_metadata, "not UTF-8"))?;
        let described: EntityDescriptor =
            text.parse().map_err(|_| wrong(&files.idp_metadata, "not the metadata of one entity"))?;
        let key = PKey::private_key_from_pem(&read(&files.key)?);
        let key = key.map_err(|_| wrong(&files.key, "not a private key in PEM"))?;
        let certificate = certificate(files)?;
        let own = Own::at(public_url);
        let samael = ServiceProvider {
            entity_id: Some(own.entity_id.clone()),
            key: Some(key.clone()),
            certificate: Some(certificate),
            acs_url: Some(own.assertion_consumer_service.clone()),
            slo_url: Some(own.single_logout.clone()),
            idp_metadata: described,
            authn_name_id_format: Some(PERSISTENT.to_owned()),
            allow_idp_initiated: false,
            max_issue_delay: chrono::Duration::seconds(MESSAGE_LIFETIME),
            max_clock_skew: chrono::Duration::seconds(CLOCK_SKEW),
            allowed_signature_algorithms: Some(ALGORITHMS.to_vec()),
            ..ServiceProvider::default()
        };
        let signing = samael.idp_signing_certs().ok().flatten().filter(|all| !all.is_empty());
        let idp = Idp {
            entity_id: samael
                .idp_metadata
                .entity_id
                .clone()
                .ok_or_else(|| wrong(&files.idp_metadata, "has no entity id"))?,
            single_sign_on: samael
                .sso_binding_location(HTTP_REDIRECT_BINDING)
                .ok_or_else(|| wrong(&files.idp_metadata, "has no single sign-on service by Redirect"))?,
            single_logout: samael.slo_binding_location(HTTP_REDIRECT_BINDING),
            signing: signing.ok_or_else(|| wrong(&files.idp_metadata, "has no signing certificate"))?,
        };
        let provider = Self { samael, key, own, idp };
        if provider.refuses_what_is_altered() { Ok(provider) } else { Err(SamlError::SelfTest) }
    }

    /// Signs a document, alters it, and asks samael about both.
    fn refuses_what_is_altered(&self) -> bool {
        let Some(certificate) = &self.samael.certificate else { return false };
        let reads = |text: &str| {
            let certificates = std::slice::from_ref(certificate);
            Crypto::reduce_xml_to_signed_with_allowed_algorithms(
                text,
                certificates,
                ReduceMode::PreDigest,
                Some(&ALGORITHMS),
            )
            .is_ok()
        };
        let der = self.key.private_key_to_der().unwrap_or_default();
        let Ok(signed) = Crypto::sign_xml(SELF_TEST, &der) else { return false };
        reads(&signed) && !reads(&signed.replace("genuine", "altered"))
    }
}

const SELF_TEST: &str = r##"<r ID="_t">genuine<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"></ds:SignatureMethod><ds:Reference URI="#_t"><ds:Transforms><ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"></ds:Transform><ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"></ds:Transform></ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"></ds:DigestMethod><ds:DigestValue></ds:DigestValue></ds:Reference></ds:SignedInfo><ds:SignatureValue></ds:SignatureValue></ds:Signature></r>"##;

/// What this service provider says of itself: what `keyholder apply` reads. samael's own writes each key twice for signing, and logout
/// by POST alone.
pub(crate) fn own_metadata(files: &Files, public_url: &Url) -> Result<String, SamlError> {
    Ok(describe(&Own::at(public_url), &certificate(files)?))
}

fn describe(own: &Own, certificate: &CertificateDer) -> String {
    use base64::Engine as _;
    let key = |usage: &str, methods: &str| {
        let certificate = base64::engine::general_purpose::STANDARD.encode(certificate.der_data());
        format!(
            "<md:KeyDescriptor use=\"{usage}\"><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><ds:X509Data>\
             <ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>{methods}</md:KeyDescriptor>"
        )
    };
    // What samael decrypts that is authenticated encryption.
    let methods = "<md:EncryptionMethod Algorithm=\"http://www.w3.org/2009/xmlenc11#aes128-gcm\"/>\
                   <md:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p\"/>";
    format!(
        "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{}\"><md:SPSSODescriptor \
         AuthnRequestsSigned=\"true\" WantAssertionsSigned=\"true\" protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">\
         {}{}<md:SingleLogoutService Binding=\"{HTTP_REDIRECT_BINDING}\" Location=\"{}\"/><md:NameIDFormat>{PERSISTENT}</md:NameIDFormat>\
         <md:AssertionConsumerService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"{}\" index=\"0\" \
         isDefault=\"true\"/></md:SPSSODescriptor></md:EntityDescriptor>\n",
        escape(&own.entity_id),
        key("signing", ""),
        key("encryption", methods),
        escape(&own.single_logout),
        escape(&own.assertion_consumer_service),
    )
}

fn certificate(files: &Files) -> Result<CertificateDer, SamlError> {
    let path = &files.certificate;
    let der = X509::from_pem(&read(path)?).and_then(|certificate| certificate.to_der());
    let der =
        der.map_err(|_| SamlError::Content { path: path.clone(), what: "not a certificate in PEM".to_owned() })?;
    Ok(CertificateDer::from(der))
}

fn read(path: &PathBuf) -> Result<Vec<u8>, SamlError> {
    std::fs::read(path).map_err(|source| SamlError::File { path: path.clone(), source })
}

/// XML 1.0, 2.4: text, and values of attributes between double quotes.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests;
