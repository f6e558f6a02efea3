//! Why a call failed.

use keyholder_core::factor::Fault;

/// Why a call failed: for the operator's log and the metrics. People read one plain sentence, whatever it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    #[error("its budget of instructions was spent")]
    Fuel,
    #[error("it ran beyond its deadline")]
    Deadline,
    #[error("it wanted more memory than it may have")]
    Memory,
    #[error("it handed over more than the host takes at once")]
    Transfer,
    #[error("it trapped: {0}")]
    Trap(String),
    #[error("it broke the contract: {0}")]
    Contract(String),
    /// In the plugin's own words.
    #[error("it gave up: {0}")]
    Said(String),
    #[error("it cannot read stored keys of format {0}")]
    UnsupportedFormat(u32),
    #[error("too many calls wait")]
    Busy,
    #[error("the server stops")]
    Stopping,
}

impl Cause {
    /// A word for metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Fuel => "fuel",
            Self::Deadline => "deadline",
            Self::Memory => "memory",
            Self::Transfer => "transfer",
            Self::Trap(_) => "trap",
            Self::Contract(_) => "contract",
            Self::Said(_) => "said",
            Self::UnsupportedFormat(_) => "format",
            Self::Busy => "busy",
            Self::Stopping => "stopping",
        }
    }

    pub(crate) fn contract(what: impl Into<String>) -> Self {
        Self::Contract(what.into())
    }
}

impl From<Cause> for Fault {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Busy => Self::Busy,
            Cause::UnsupportedFormat(format) => Self::UnsupportedFormat(format),
            other => Self::Failed(other.to_string()),
        }
    }
}

/// Whether a character changes what its neighbours look like and is none itself: directions (Unicode TR9), line ends that are no control
/// characters, marks and tags that nobody sees. With them a line reads otherwise than it stands. Joiners and hyphens for where a word may
/// or must not break are part of texts, and stay.
pub(crate) fn turns_or_hides(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}'
    )
}

/// Text of a plugin as it may stand in one line of a log: without control characters or what turns a line round, at most `most` characters.
pub(crate) fn readable(text: &str, most: usize) -> String {
    let shown = |character: char| {
        if character.is_control() || turns_or_hides(character) { '\u{fffd}' } else { character }
    };
    let mut line: String = text.chars().take(most).map(shown).collect();
    if text.chars().nth(most).is_some() {
        line.push('\u{2026}');
    }
    line
}
