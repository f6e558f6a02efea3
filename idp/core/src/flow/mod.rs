//! One sign-in in progress in one browser.
//!
//! Owns the stages and the transitions between them. Does not decide what comes next: that is [`dispatcher`], and nothing
//! else. Before the first proof a flow is a sealed value that the browser carries; after it, a row with a version.

pub mod dispatcher;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::assurance::Assurance;
use crate::id::{ApplicationId, FlowId, SchoolId, SessionId, TokenHash};
use crate::locale::Language;
use crate::time::Timestamp;

/// How long a sign-in may take from its beginning to its end.
pub const LIFETIME: Duration = Duration::from_mins(30);

/// One sign-in (or step-up) in progress in one browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    pub id: FlowId,
    /// Raised by each compare-and-swap of the row; zero while the browser carries the flow.
    pub version: i64,
    /// Digest of the browser cookie: a flow goes on only in the browser in which it began.
    pub browser: TokenHash,
    pub origin: Origin,
    pub ask: Ask,
    pub began_at: Timestamp,
    pub expires_at: Timestamp,
    pub stage: Stage,
}

/// Who asked for the sign-in, and with what answer it ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "origin")]
pub enum Origin {
    /// A checked authorization request, as the protocol crate wrote it and will read it.
    Oidc { application: ApplicationId, request: serde_json::Value },
    /// A checked `AuthnRequest`, or a sign-in that began here; as the protocol crate wrote it and will read it.
    Saml { application: ApplicationId, request: serde_json::Value },
    /// Keyholder's own pages; `return_to` is a path of ours.
    Portal { return_to: String },
}

impl Origin {
    /// The application that asked, where one did.
    pub fn application(&self) -> Option<ApplicationId> {
        match self {
            Self::Oidc { application, .. } | Self::Saml { application, .. } => Some(*application),
            Self::Portal { .. } => None,
        }
    }
}

/// What the origin asked of the sign-in, in words common to all protocols.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Ask {
    pub interaction: Interaction,
    /// A proof must not be older than this: `prompt=login`, `max_age`, `ForceAuthn`.
    pub proof_not_before: Option<Timestamp>,
    /// The person must be the one with this subject identifier at this application (`id_token_hint`).
    pub subject: Option<String>,
    /// What to put into the e-mail field.
    pub login_hint: Option<String>,
    /// Slug of the school that the application asks for.
    pub school: Option<String>,
    pub school_choice: SchoolChoice,
    pub assurance: Option<AskedAssurance>,
    pub consent: ConsentPrompt,
    pub aim: Aim,
    /// What the application wants to know, for the consent page.
    pub scopes: Vec<String>,
    /// The language asked for (`ui_locales`), else the browser's.
    pub language: Option<Language>,
}

/// What the sign-in is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Aim {
    /// To use an application, or Keyholder's own pages.
    #[default]
    Use,
    /// To change one's keys: a recovery code will do, a managed key will not.
    ManageKeys,
}

/// Whether pages may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Interaction {
    #[default]
    Allowed,
    /// `prompt=none`, `IsPassive`.
    Forbidden,
}

/// Whether the school is asked although it could be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SchoolChoice {
    #[default]
    AsNeeded,
    /// `prompt=select_account`, **Change school**.
    Always,
}

/// Whether consent is asked although it was given before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConsentPrompt {
    #[default]
    AsNeeded,
    /// `prompt=consent`.
    Always,
}

/// The assurance that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedAssurance {
    /// Acceptable classes, the preferred first.
    pub classes: Vec<Assurance>,
    pub weight: Weight,
}

/// Whether an answer below what was asked is of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// The best reached is answered instead (`acr_values`).
    Voluntary,
    /// An error is answered instead (`claims` with `essential`).
    Essential,
}

/// How far the sign-in is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "stage")]
pub enum Stage {
    /// Nothing is known.
    Identify,
    /// An address was typed; whether anybody has it is not known to the browser.
    FirstProof { email: String },
    /// The first proof was given in this session.
    Authenticated { session: SessionId },
    /// The school is settled.
    SchoolChosen { session: SessionId, school: SchoolId },
    /// **Continue without my key**: what the group gives without one will do.
    KeyDeclined { session: SessionId, school: SchoolId },
    /// The person agreed to what the application learns.
    Consented { session: SessionId, school: SchoolId },
    /// Answered, or refused. Nothing follows.
    Finished,
}

impl Stage {
    /// Whether an offer of more with a key is still to be made: the person has neither declined it nor gone past it.
    fn may_ask_for_key(&self) -> bool {
        matches!(self, Self::SchoolChosen { .. })
    }
}

/// The step does not fit the stage: a second tab, the back button, or a forged form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the step does not fit the stage of this flow")]
pub struct WrongStage;

impl Flow {
    /// Whether the flow may still go on.
    pub fn is_open(&self, now: Timestamp) -> bool {
        now < self.expires_at && self.stage != Stage::Finished
    }

    /// The session of this flow, once there is one.
    pub fn session(&self) -> Option<SessionId> {
        match self.stage {
            Stage::Authenticated { session }
            | Stage::SchoolChosen { session, .. }
            | Stage::KeyDeclined { session, .. }
            | Stage::Consented { session, .. } => Some(session),
            Stage::Identify | Stage::FirstProof { .. } | Stage::Finished => None,
        }
    }

    /// Another address, or none yet: back to the first page.
    pub fn forget_address(self) -> Result<Self, WrongStage> {
        match self.stage {
            Stage::Identify | Stage::FirstProof { .. } => Ok(Self { stage: Stage::Identify, ..self }),
            _ => Err(WrongStage),
        }
    }

    /// An address was typed.
    pub fn identify(self, email: String) -> Result<Self, WrongStage> {
        match self.stage {
            Stage::Identify | Stage::FirstProof { .. } => Ok(Self { stage: Stage::FirstProof { email }, ..self }),
            _ => Err(WrongStage),
        }
    }

    /// The school of this flow, once it is settled.
    pub fn school(&self) -> Option<SchoolId> {
        match self.stage {
            Stage::SchoolChosen { school, .. }
            | Stage::KeyDeclined { school, .. }
            | Stage::Consented { school, .. } => Some(school),
            Stage::Identify | Stage::FirstProof { .. } | Stage::Authenticated { .. } | Stage::Finished => None,
        }
    }

    /// The first proof was given, or the browser's session already holds one that is good enough.
    pub fn authenticate(self, session: SessionId) -> Result<Self, WrongStage> {
        match self.stage {
            Stage::Identify | Stage::FirstProof { .. } => Ok(Self { stage: Stage::Authenticated { session }, ..self }),
            _ => Err(WrongStage),
        }
    }

    /// The school was chosen. Choosing again before the end is allowed (**Change school**).
    pub fn choose_school(self, school: SchoolId) -> Result<Self, WrongStage> {
        match self.stage {
            Stage::Authenticated { session }
            | Stage::SchoolChosen { session, .. }
            | Stage::KeyDeclined { session, .. } => Ok(Self { stage: Stage::SchoolChosen { session, school }, ..self }),
            _ => Err(WrongStage),
        }
    }

    /// The person goes on without a key.
    pub fn decline_key(self) -> Result<Self, WrongStage> {
        match self.stage {
            Stage::SchoolChosen { session, school } => {
                Ok(Self { stage: Stage::KeyDeclined { session, school }, ..self })
            }
            _ => Err(WrongStage),
        }
    }

    /// The person agreed.
    pub fn consent(self) -> Result<Self, WrongStage> {
        match self.stage {
            Stage::SchoolChosen { session, school } | Stage::KeyDeclined { session, school } => {
                Ok(Self { stage: Stage::Consented { session, school }, ..self })
            }
            _ => Err(WrongStage),
        }
    }

    /// The origin was answered.
    pub fn finish(self) -> Result<Self, WrongStage> {
        match self.stage {
            Stage::Finished => Err(WrongStage),
            _ => Ok(Self { stage: Stage::Finished, ..self }),
        }
    }
}
