//! `prompt` (`OpenID` Connect Core 3.1.2.1).

use super::super::{ProtocolError, UnverifiedRequest};

/// Which pages the application wants shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Prompt {
    /// None at all.
    None,
    /// The first proof, although there is a session.
    Login,
    /// Consent, although it was given.
    Consent,
    /// The choice of school, although it is known.
    SelectAccount,
}

impl Prompt {
    /// Every value.
    pub const ALL: [Self; 4] = [Self::None, Self::Login, Self::Consent, Self::SelectAccount];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Login => "login",
            Self::Consent => "consent",
            Self::SelectAccount => "select_account",
        }
    }
}

pub(crate) fn prompt(request: &UnverifiedRequest) -> Result<Vec<Prompt>, ProtocolError> {
    let read = |name: &str| Prompt::ALL.into_iter().find(|prompt| prompt.name() == name);
    let names = request.prompt.iter().flat_map(|names| names.split(' ')).filter(|name| !name.is_empty());
    let prompts: Option<Vec<Prompt>> = names.map(read).collect();
    let prompts = prompts.ok_or(ProtocolError::invalid("prompt has an unknown value"))?;
    // Core 3.1.2.1: "If this parameter contains none with any other value, an error is returned."
    if prompts.contains(&Prompt::None) && prompts.iter().any(|prompt| *prompt != Prompt::None) {
        return Err(ProtocolError::invalid("prompt has none together with another value"));
    }
    Ok(prompts)
}
