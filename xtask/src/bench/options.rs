//! What of the bench is asked for, and how long and how often each operation is repeated.

use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Writes the rows to this file as JSON
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,
    /// A short run: less exact
    #[arg(long)]
    pub(super) quick: bool,
    /// Without the peer, which needs Node.js
    #[arg(long)]
    pub(super) no_peer: bool,
    /// Measures this program instead of building one
    #[arg(long, value_name = "PROGRAM")]
    pub(super) binary: Option<PathBuf>,
    /// Measures this part alone; may be given several times
    #[arg(long, value_name = "PART")]
    pub(super) only: Vec<Part>,
}

impl Options {
    /// Whether this part is asked for.
    pub(super) fn has(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
}

/// What can be measured by itself, while one works on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Part {
    /// Cold starts and idle memory
    Starts,
    /// Sign-ins and step-ups with a second factor
    Keys,
    /// Each plugin by itself
    Plugins,
    /// The operations that the peer has as well
    Common,
    /// Sign-ins with a password
    SignIns,
    /// SAML sign-ons
    Saml,
    /// Sign-ons and exchanges of codes
    Exchanges,
    /// Tokens while sign-ins saturate the server
    Saturation,
}

/// How long and how often.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    pub(super) warm_up: Duration,
    pub(super) time: Duration,
    pub(super) sign_in_time: Duration,
    pub(super) codes: usize,
    /// Calls of each plugin.
    pub(super) calls: usize,
}

impl Extent {
    pub(super) fn new(quick: bool) -> Self {
        let seconds = Duration::from_secs;
        if quick {
            Self {
                warm_up: Duration::from_millis(200),
                time: seconds(1),
                sign_in_time: seconds(2),
                codes: 2_000,
                calls: 500,
            }
        } else {
            Self { warm_up: seconds(1), time: seconds(5), sign_in_time: seconds(15), codes: 12_000, calls: 5_000 }
        }
    }
}
