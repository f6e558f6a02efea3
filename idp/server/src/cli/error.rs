//! Why a command of the command line fails: one sentence on standard error, and an exit code.

use keyholder_core::ports::StoreError;

use super::plain::plain;
use crate::config::faults::Faults;
use crate::config::load::ConfigError;
use crate::serve::{DataError, ServeError};

/// Why a command fails.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// Exit code 2.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Mistakes in a file that was given; nothing was changed.
    #[error(transparent)]
    Faults(#[from] Faults),
    /// What was asked cannot be done; the text says why.
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Backup(#[from] crate::backup::BackupError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Theme(#[from] keyholder_theme::ThemeError),
    #[error(transparent)]
    Keys(#[from] crate::keys::KeyError),
    #[error("the password cannot be hashed")]
    Pool(#[from] crate::password::pool::PoolError),
    #[error("the password pool cannot start")]
    PoolStart(#[from] crate::password::pool::PoolStartError),
    #[error(transparent)]
    Plugins(#[from] keyholder_plugin_host::HostError),
    #[error("the terminal cannot be read or written")]
    Terminal(#[from] std::io::Error),
}

impl CliError {
    /// 2 for a configuration that is wrong, 1 for everything else.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) => 2,
            _ => 1,
        }
    }

    /// The error with its causes, in one line where there is one mistake. Nothing in it steers the terminal.
    pub fn sentence(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            let clause = cause.to_string();
            if !text.contains(&clause) {
                text = format!("{text}: {clause}");
            }
            source = cause.source();
        }
        plain(&text).into_owned()
    }
}
