//! Our own metadata (saml-metadata-2.0-os 2.4.3; sstc-saml-metadata-ui-v1.0-os).
//!
//! What is written is what works: endpoints and formats are parameters. The key that signs this document is not one of
//! those in it.

use std::time::Duration;

use keyholder_core::random::Random;
use keyholder_core::time::Timestamp;

use super::MetadataError;
use super::entity::{MDUI, XML};
use crate::algorithm::{DigestAlgorithm, SignatureAlgorithm};
use crate::certificate::Certificate;
use crate::messages::{NameIdFormat, write};
use crate::names::{AES128_GCM, AES256_GCM, DSIG, METADATA, PROTOCOL, RSA_OAEP_MGF1P};
use crate::service_provider::LogoutBinding;
use crate::signer::{Signer, sign_enveloped};
use crate::xml::{Element, Id, Value, ValueError};

/// The extension that says for which domains scoped attributes are believed.
const SHIBMD: &str = "urn:mace:shibboleth:metadata:1.0";
/// The extension that names algorithms.
const ALGORITHM_SUPPORT: &str = "urn:oasis:names:tc:SAML:metadata:algsupport";

/// What our metadata says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdpMetadata {
    /// Of the installation, or of one application or school.
    pub entity_id: String,
    pub single_sign_on: Vec<SsoEndpoint>,
    pub single_logout: Vec<LogoutEndpoint>,
    /// Every key that signs or will sign: the new one stands beside the old one before it is used.
    pub signing: Vec<Certificate>,
    /// Keys for which identifiers may be encrypted to us; empty where nothing can be decrypted.
    pub encryption: Vec<Certificate>,
    pub name_id_formats: Vec<NameIdFormat>,
    pub want_authn_requests_signed: bool,
    /// Domains with which scoped attributes end.
    pub scopes: Vec<String>,
    pub display: Option<Display>,
    /// Where a service provider sends people who cannot get in.
    pub error_url: Option<String>,
    pub organization: Option<Organization>,
    pub contacts: Vec<Contact>,
    /// When these statements stop to count.
    pub valid_until: Timestamp,
    /// How long they may be kept before they are fetched again.
    pub cache: Duration,
}

/// Where requests for a sign-in are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SsoEndpoint {
    /// [`LogoutBinding::Redirect`] or [`LogoutBinding::Post`]: the same bindings.
    pub binding: LogoutBinding,
    pub location: String,
}

/// Where messages about logout are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutEndpoint {
    pub binding: LogoutBinding,
    pub location: String,
}

/// A text in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Localised {
    /// An `xml:lang`: "en", "cy".
    pub language: &'static str,
    pub text: String,
}

/// How a page that lets people choose shows us (`mdui:UIInfo`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Display {
    pub names: Vec<Localised>,
    pub descriptions: Vec<Localised>,
    pub information_url: Option<Localised>,
    pub privacy_statement_url: Option<Localised>,
    pub logo: Option<Logo>,
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logo {
    pub url: String,
    /// In pixels.
    pub width: u32,
    pub height: u32,
}

/// Who runs us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    pub name: Localised,
    pub display_name: Localised,
    pub url: Localised,
}

/// Whom to write to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    pub kind: ContactKind,
    pub name: Option<String>,
    /// Without `mailto:`.
    pub email: String,
}

/// About what (saml-metadata-2.0-os 2.3.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContactKind {
    Technical,
    Support,
    Administrative,
}

const fn md(local: &'static str) -> Element {
    Element::new("md", METADATA, local)
}

const fn mdui(local: &'static str) -> Element {
    Element::new("mdui", MDUI, local)
}

impl IdpMetadata {
    /// Writes the document and signs it.
    pub fn sign(&self, signer: &dyn Signer, random: &dyn Random) -> Result<String, MetadataError> {
        Ok(sign_enveloped(self.write(&Id::draw(random))?, signer)?.canonical())
    }

    /// Writes the `EntityDescriptor` without a signature.
    pub fn write(&self, id: &Id) -> Result<Element, ValueError> {
        let seconds = Value::new(format!("PT{}S", self.cache.as_secs()))?;
        let root = md("EntityDescriptor")
            .with("ID", id)
            .with("entityID", write::entity_id(&self.entity_id)?)
            .with("validUntil", Value::instant(self.valid_until)?)
            .with("cacheDuration", seconds)
            .child(self.role()?);
        let root = match &self.organization {
            Some(organization) => root.child(organization.write()?),
            None => root,
        };
        Ok(root.and_children(self.contacts.iter().map(Contact::write).collect::<Result<Vec<_>, _>>()?))
    }

    fn role(&self) -> Result<Element, ValueError> {
        let role = md("IDPSSODescriptor")
            .with("protocolSupportEnumeration", PROTOCOL)
            .with("WantAuthnRequestsSigned", self.want_authn_requests_signed)
            .with_some("errorURL", self.error_url.as_deref().map(write::address).transpose()?);
        let role = role.child(self.extensions()?);
        let logout = |endpoint: &LogoutEndpoint| service("SingleLogoutService", endpoint.binding, &endpoint.location);
        let sign_on = |endpoint: &SsoEndpoint| service("SingleSignOnService", endpoint.binding, &endpoint.location);
        let formats = self.name_id_formats.iter().map(|format| md("NameIDFormat").text(format.uri()));
        Ok(role
            .and_children(self.signing.iter().map(|certificate| key("signing", certificate)))
            .and_children(self.encryption.iter().map(|certificate| {
                [AES256_GCM, AES128_GCM, RSA_OAEP_MGF1P]
                    .into_iter()
                    .fold(key("encryption", certificate), |key, method| {
                        key.child(md("EncryptionMethod").with("Algorithm", method))
                    })
            }))
            .and_children(self.single_logout.iter().map(logout).collect::<Result<Vec<_>, _>>()?)
            .and_children(formats)
            .and_children(self.single_sign_on.iter().map(sign_on).collect::<Result<Vec<_>, _>>()?))
    }

    fn extensions(&self) -> Result<Element, ValueError> {
        let mut inside = Vec::new();
        for scope in &self.scopes {
            let scope = write::text(Element::new("shibmd", SHIBMD, "Scope"), scope)?;
            inside.push(scope.with("regexp", false));
        }
        if let Some(display) = &self.display {
            inside.push(display.write()?);
        }
        // Saml-metadata-algsupport-1.0 2.2, 2.3: what we accept, the best known first. Else the Shibboleth SP signs with SHA-1 over SOAP.
        let digests = DigestAlgorithm::ALL.map(|algorithm| alg("DigestMethod").with("Algorithm", algorithm.uri()));
        let signatures =
            SignatureAlgorithm::ALL.map(|algorithm| alg("SigningMethod").with("Algorithm", algorithm.uri()));
        inside.extend(digests.into_iter().chain(signatures));
        Ok(md("Extensions").and_children(inside))
    }
}

fn service(local: &'static str, binding: LogoutBinding, location: &str) -> Result<Element, ValueError> {
    Ok(md(local).with("Binding", binding.uri()).with("Location", write::address(location)?))
}

fn alg(local: &'static str) -> Element {
    Element::new("alg", ALGORITHM_SUPPORT, local)
}

fn key(used_for: &'static str, certificate: &Certificate) -> Element {
    let certificate = Element::new("ds", DSIG, "X509Certificate").text(Value::base64(certificate.as_der()));
    let data = Element::new("ds", DSIG, "X509Data").child(certificate);
    md("KeyDescriptor").with("use", used_for).child(Element::new("ds", DSIG, "KeyInfo").child(data))
}

impl Localised {
    fn write(&self, element: Element) -> Result<Element, ValueError> {
        Ok(write::text(element, &self.text)?.with_in("xml", XML, "lang", self.language))
    }

    fn write_address(&self, element: Element) -> Result<Element, ValueError> {
        Ok(element.text(write::address(&self.text)?).with_in("xml", XML, "lang", self.language))
    }
}

impl Display {
    fn write(&self) -> Result<Element, ValueError> {
        let mut info = mdui("UIInfo");
        for name in &self.names {
            info = info.child(name.write(mdui("DisplayName"))?);
        }
        for description in &self.descriptions {
            info = info.child(description.write(mdui("Description"))?);
        }
        if let Some(logo) = &self.logo {
            let element = mdui("Logo").with("width", logo.width).with("height", logo.height);
            info = info.child(element.text(write::address(&logo.url)?));
        }
        if let Some(url) = &self.information_url {
            info = info.child(url.write_address(mdui("InformationURL"))?);
        }
        if let Some(url) = &self.privacy_statement_url {
            info = info.child(url.write_address(mdui("PrivacyStatementURL"))?);
        }
        Ok(info)
    }
}

impl Organization {
    fn write(&self) -> Result<Element, ValueError> {
        Ok(md("Organization")
            .child(self.name.write(md("OrganizationName"))?)
            .child(self.display_name.write(md("OrganizationDisplayName"))?)
            .child(self.url.write_address(md("OrganizationURL"))?))
    }
}

impl Contact {
    fn write(&self) -> Result<Element, ValueError> {
        let kind = match self.kind {
            ContactKind::Technical => "technical",
            ContactKind::Support => "support",
            ContactKind::Administrative => "administrative",
        };
        let person = md("ContactPerson").with("contactType", kind);
        let person = match &self.name {
            Some(name) => person.child(write::text(md("GivenName"), name)?),
            None => person,
        };
        Ok(person.child(md("EmailAddress").text(write::address(&format!("mailto:{}", self.email))?)))
    }
}
