//! In the place of `saml` where the application is built without it: nobody signs in that way, and no C libraries are needed.

use std::convert::Infallible;
use std::path::PathBuf;

use actix_web::{HttpResponse, Scope};
use url::Url;

use crate::mount::{Mount, Way};
use crate::problem::Problem;
use crate::return_page::ReturnPage;
use crate::web::Visit;

/// What a response said: there is none.
pub(crate) type Answer = Infallible;

/// There is none.
#[derive(Debug)]
pub(crate) enum Provider {}

/// What the command line names.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    pub(crate) idp_metadata: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) certificate: PathBuf,
}

/// Why SAML cannot be spoken.
#[derive(Debug, thiserror::Error)]
#[error("this program was built without SAML (its feature `saml`)")]
pub(crate) struct SamlError;

/// How the identity provider would be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    Plainly,
    ForKey,
    WhetherKeyCounts,
}

impl Provider {
    pub(crate) fn load(files: &Files, _: &Url) -> Result<Self, SamlError> {
        tracing::debug!(?files, "not read");
        Err(SamlError)
    }
}

pub(crate) fn mount() -> Mount {
    Mount { slug: None, way: Way::Saml }
}

pub(crate) fn routes(scope: Scope) -> Scope {
    scope
}

pub(crate) fn own_metadata(_: &Files, _: &Url) -> Result<String, SamlError> {
    Err(SamlError)
}

pub(crate) fn begin(_: &Visit, _: ReturnPage, _: Asked) -> Result<HttpResponse, Problem> {
    Err(Problem::NotFound)
}

pub(crate) fn end_session(_: &Visit, _: &str, _: &str) -> Result<Option<String>, Problem> {
    Err(Problem::NotFound)
}
