//! The second factor at sign-in.

use serde::Serialize;

use super::{KeyKind, PromptView};

/// **Two Factor Authentication**: one factor's prompts, and beside them what else could be used.
#[derive(Debug, Clone, Serialize)]
pub struct TwoFactor {
    /// The factor that is asked for.
    pub factor: FactorName,
    /// Its label for this person: the name of their key where there is one.
    pub key: Option<String>,
    /// `None` where it cannot be asked for now.
    pub prompt: Option<PromptView>,
    pub trouble: Option<FactorTrouble>,
    /// The other factors, the last used first.
    pub others: Vec<OtherFactor>,
    /// Where **Continue without my key** is posted; `None` where it would give nothing.
    pub continue_action: Option<String>,
    /// Where a recovery code opens one's keys, where the person has some left and this sign-in takes none.
    pub recovery_href: Option<String>,
    /// Names of Admin Key Holders of the school, who can help whoever has no key at hand.
    pub admins: Vec<String>,
}

/// Adds a key: the steps of its factor, and a name for it.
#[derive(Debug, Clone, Serialize)]
pub struct AddKey {
    pub factor: FactorName,
    /// `None` where it cannot be asked for now.
    pub prompt: Option<PromptView>,
    pub trouble: Option<FactorTrouble>,
    pub back_href: String,
}

/// How a factor is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FactorName {
    pub kind: KeyKind,
    /// The plugin's own name, where the kind is [`KeyKind::Other`].
    pub name: Option<String>,
}

/// Another factor that could be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OtherFactor {
    pub factor: FactorName,
    pub href: String,
    /// Until when it waits after too many wrong answers, in milliseconds since the epoch.
    pub waits_until: Option<i64>,
}

/// Why a factor cannot be asked for now, or was not accepted without anything being wrong with the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "trouble")]
pub enum FactorTrouble {
    /// The plugin failed: nobody gets in by it, and whoever runs the service knows.
    Fault,
    /// Too many at once.
    Busy,
    /// Too many wrong answers: it waits. Milliseconds since the epoch; and whether another key of the person works meanwhile.
    Waits { until: i64, others: bool },
    /// Too many wrong answers of this person: again in so many minutes (1 or more).
    Throttled { minutes: u32 },
    /// It was asked for too often: again in so many minutes (1 or more).
    Often { minutes: u32 },
    /// They have as many keys as one may have.
    Full { most: usize },
}

impl FactorTrouble {
    /// In how many seconds it is worth to try again, where that is known.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Throttled { minutes } | Self::Often { minutes } => Some(u64::from(*minutes) * 60),
            Self::Fault | Self::Busy | Self::Waits { .. } | Self::Full { .. } => None,
        }
    }
}
