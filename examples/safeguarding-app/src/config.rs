//! Flags and environment variables, and the checks that turn them into something that can run.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use openidconnect::{ClientId, ClientSecret, IssuerUrl};
use reqwest::Certificate;
use url::Url;

use crate::mount::{Client, Mount, Way};
use crate::saml::{self, Files, SamlError};

/// A small safeguarding application that signs people in over `OpenID` Connect, and over SAML where it is told how.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Flags {
    /// Address and port to listen on
    #[arg(long, env = "SAFEGUARDING_LISTEN", default_value = "127.0.0.1:8081")]
    pub(crate) listen: SocketAddr,
    /// Where browsers find this application [default: `http://` and the listening address]
    #[arg(long, env = "SAFEGUARDING_PUBLIC_URL")]
    public_url: Option<Url>,
    /// The provider's issuer, exactly as its discovery document writes it
    #[arg(long, env = "SAFEGUARDING_ISSUER")]
    issuer: String,
    /// The client served at `/`
    #[arg(long, env = "SAFEGUARDING_CLIENT_ID")]
    client_id: Option<String>,
    /// Its secret; none for a public client. Other users of the machine can read a flag: prefer the variable or the file
    #[arg(long, env = "SAFEGUARDING_CLIENT_SECRET", hide_env_values = true, requires = "client_id")]
    client_secret: Option<String>,
    /// A file that holds the secret
    #[arg(long, env = "SAFEGUARDING_CLIENT_SECRET_FILE", conflicts_with = "client_secret", requires = "client_id")]
    client_secret_file: Option<PathBuf>,
    /// The school to sign in to at `/`, for people who belong to several
    #[arg(long, env = "SAFEGUARDING_SCHOOL", requires = "client_id")]
    school: Option<String>,
    /// One more client, served under `/s/SLUG`: `SLUG:CLIENT_ID:CLIENT_SECRET`. Repeat it for each school
    #[arg(long = "client", env = "SAFEGUARDING_CLIENTS", hide_env_values = true, value_delimiter = ',')]
    clients: Vec<String>,
    /// What the application calls itself
    #[arg(long, env = "SAFEGUARDING_NAME", default_value = "Safeguarding")]
    name: String,
    /// PEM file with certificates to trust besides the system's, for an issuer with a certificate of its own making
    #[arg(long, env = "SAFEGUARDING_CA_FILE")]
    ca_file: Option<PathBuf>,
    /// Signs in over SAML as well, under `/s/over-saml`: the identity provider's metadata. Its keys are those in this file
    #[arg(long, env = "SAFEGUARDING_SAML_IDP_METADATA", requires_all = ["saml_key", "saml_certificate"])]
    saml_idp_metadata: Option<PathBuf>,
    /// PEM file with the private key that signs requests, RSA
    #[arg(long, env = "SAFEGUARDING_SAML_KEY")]
    saml_key: Option<PathBuf>,
    /// PEM file with its certificate
    #[arg(long, env = "SAFEGUARDING_SAML_CERTIFICATE")]
    saml_certificate: Option<PathBuf>,
    /// Prints the metadata of this service provider, to be registered, and ends
    #[arg(long, requires = "saml_certificate")]
    print_saml_metadata: bool,
}

/// A configuration that holds together.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) name: String,
    pub(crate) public_url: Url,
    pub(crate) issuer: IssuerUrl,
    pub(crate) mounts: Vec<Mount>,
    pub(crate) certificates: Vec<Certificate>,
    pub(crate) saml: Option<saml::Provider>,
}

/// Why the application cannot start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("--issuer is not an address: {0}")]
    Issuer(url::ParseError),
    #[error("--public-url must be an http or https address without path, query or fragment")]
    PublicUrl,
    #[error(
        "--client must be SLUG:CLIENT_ID:CLIENT_SECRET, the slug of lower-case letters, digits and hyphens, each slug once"
    )]
    Client,
    #[error("no client: give --client-id, or --client at least once")]
    NoClient,
    #[error("--client-secret-file cannot be read: {0}")]
    SecretFile(std::io::Error),
    #[error("--ca-file cannot be read: {0}")]
    CaFile(std::io::Error),
    #[error("--ca-file holds no usable certificate")]
    CaContent,
    #[error("SAML: {0}")]
    Saml(#[from] SamlError),
}

impl Flags {
    /// What `--print-saml-metadata` prints; `None`: nobody asked.
    pub(crate) fn metadata_to_print(&self) -> Result<Option<String>, ConfigError> {
        if !self.print_saml_metadata {
            return Ok(None);
        }
        Ok(Some(saml::own_metadata(&self.saml_files(), &self.checked_public_url()?)?))
    }

    fn saml_files(&self) -> Files {
        Files {
            idp_metadata: self.saml_idp_metadata.clone().unwrap_or_default(),
            key: self.saml_key.clone().unwrap_or_default(),
            certificate: self.saml_certificate.clone().unwrap_or_default(),
        }
    }

    fn checked_public_url(&self) -> Result<Url, ConfigError> {
        match &self.public_url {
            Some(url) => check_public_url(url.clone()),
            None => Url::parse(&format!("http://{}", self.listen)).map_err(|_| ConfigError::PublicUrl),
        }
    }

    pub(crate) fn check(self) -> Result<Config, ConfigError> {
        let public_url = self.checked_public_url()?;
        let saml_files = self.saml_idp_metadata.is_some().then(|| self.saml_files());
        let saml = saml_files.map(|files| saml::Provider::load(&files, &public_url)).transpose()?;
        let mut mounts = Vec::new();
        if let Some(client_id) = self.client_id {
            let secret = match self.client_secret_file {
                Some(path) => Some(std::fs::read_to_string(path).map_err(ConfigError::SecretFile)?.trim().to_owned()),
                None => self.client_secret,
            };
            mounts.push(Mount {
                slug: None,
                way: Way::OpenIdConnect(Client {
                    id: ClientId::new(client_id),
                    secret: secret.map(ClientSecret::new),
                    school: self.school,
                }),
            });
        }
        for client in &self.clients {
            let mount = parse_client(client)?;
            if mounts.iter().any(|other| other.slug == mount.slug) {
                return Err(ConfigError::Client);
            }
            mounts.push(mount);
        }
        if saml.is_some() {
            mounts.push(saml::mount());
        }
        if mounts.is_empty() {
            return Err(ConfigError::NoClient);
        }
        let certificates = match self.ca_file {
            Some(path) => parse_certificates(&std::fs::read(path).map_err(ConfigError::CaFile)?)?,
            None => Vec::new(),
        };
        let issuer = IssuerUrl::new(self.issuer).map_err(ConfigError::Issuer)?;
        Ok(Config { name: self.name, public_url, issuer, mounts, certificates, saml })
    }
}

fn check_public_url(url: Url) -> Result<Url, ConfigError> {
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    if bare && matches!(url.scheme(), "http" | "https") { Ok(url) } else { Err(ConfigError::PublicUrl) }
}

fn parse_client(client: &str) -> Result<Mount, ConfigError> {
    let mut parts = client.splitn(3, ':');
    let (Some(slug), Some(client_id), Some(secret)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(ConfigError::Client);
    };
    let clean = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if slug.is_empty() || slug.len() > 40 || !slug.bytes().all(clean) || client_id.is_empty() || secret.is_empty() {
        return Err(ConfigError::Client);
    }
    Ok(Mount {
        slug: Some(slug.to_owned()),
        way: Way::OpenIdConnect(Client {
            id: ClientId::new(client_id.to_owned()),
            secret: Some(ClientSecret::new(secret.to_owned())),
            school: None,
        }),
    })
}

fn parse_certificates(pem: &[u8]) -> Result<Vec<Certificate>, ConfigError> {
    match Certificate::from_pem_bundle(pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(ConfigError::CaContent),
    }
}

#[cfg(test)]
mod tests;
