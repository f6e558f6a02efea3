//! How a page handler fails: what the person is told, and what the operator is.

use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use keyholder_core::ports::StoreError;
use keyholder_theme::DrawError;
use keyholder_theme::page::{ProblemKind, Way};

use super::About;

/// Why a page was not answered with what was asked for. Drawn by what stands around every request, in the reader's language.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The person is told, with ways forward.
    #[error("answered with the problem {:?}", .0.kind)]
    Problem(Box<Problem>),
    /// No problem at all: what was asked for has moved to this path of ours.
    #[error("answered with another address")]
    Elsewhere(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a page could not be drawn")]
    Draw(#[from] DrawError),
    /// Something that cannot be was.
    #[error("{0}")]
    Fault(&'static str),
}

/// A problem page to be drawn.
#[derive(Debug)]
pub struct Problem {
    pub kind: ProblemKind,
    pub ways: Vec<Way>,
    pub about: About,
    pub retry_after: Option<Duration>,
}

impl PageError {
    /// A problem without ways forward yet.
    pub fn problem(kind: ProblemKind) -> Self {
        Self::Problem(Box::new(Problem { kind, ways: Vec::new(), about: About::default(), retry_after: None }))
    }

    /// Adds a way forward; the likeliest comes first.
    #[must_use]
    pub fn way(self, way: Way) -> Self {
        self.change(|problem| problem.ways.push(way))
    }

    /// Adds the way to our own first page.
    #[must_use]
    pub fn way_home(self) -> Self {
        self.way(Way::Home { href: "/".into() })
    }

    /// Adds several ways.
    #[must_use]
    pub fn ways(self, ways: Vec<Way>) -> Self {
        self.change(|problem| problem.ways.extend(ways))
    }

    /// Says what the page is about.
    #[must_use]
    pub fn about(self, about: About) -> Self {
        self.change(|problem| problem.about = about)
    }

    /// Says when to try again.
    #[must_use]
    pub fn retry_after(self, wait: Duration) -> Self {
        self.change(|problem| problem.retry_after = Some(wait))
    }

    fn change(mut self, change: impl FnOnce(&mut Problem)) -> Self {
        if let Self::Problem(problem) = &mut self {
            change(problem);
        }
        self
    }

    /// What the person is told.
    pub(super) fn kind(&self) -> ProblemKind {
        match self {
            Self::Problem(problem) => problem.kind,
            Self::Store(StoreError::Full) => ProblemKind::StorageFull,
            Self::Store(StoreError::Unavailable(_)) => ProblemKind::Busy,
            Self::Store(_) | Self::Draw(_) | Self::Fault(_) | Self::Elsewhere(_) => ProblemKind::Fault,
        }
    }
}

impl ResponseError for PageError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Elsewhere(_) => StatusCode::SEE_OTHER,
            _ => status_of(self.kind()),
        }
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        match self {
            Self::Elsewhere(path) => super::see_other(path),
            _ => HttpResponse::new(self.status_code()),
        }
    }
}

fn status_of(kind: ProblemKind) -> StatusCode {
    match kind {
        ProblemKind::FlowExpired | ProblemKind::LinkDead => StatusCode::GONE,
        ProblemKind::FlowFinished | ProblemKind::FlowMoved => StatusCode::CONFLICT,
        ProblemKind::OtherBrowser
        | ProblemKind::CookiesRefused
        | ProblemKind::NoMembership
        | ProblemKind::GroupNeedsKey
        | ProblemKind::OtherPerson
        | ProblemKind::AssuranceNotReached
        | ProblemKind::LinkElsewhere
        | ProblemKind::SignInDenied
        | ProblemKind::ForeignForm => StatusCode::FORBIDDEN,
        ProblemKind::BadApplicationRequest | ProblemKind::BadRequest => StatusCode::BAD_REQUEST,
        ProblemKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ProblemKind::NotFound => StatusCode::NOT_FOUND,
        ProblemKind::Busy => StatusCode::SERVICE_UNAVAILABLE,
        ProblemKind::Throttled => StatusCode::TOO_MANY_REQUESTS,
        ProblemKind::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
        ProblemKind::Fault => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
