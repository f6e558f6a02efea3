//! Where to go after a sign-in.
//!
//! Threat: `/sign-in?return=https://evil.example` in a mail sends people, freshly signed in and trusting, to a page of
//! somebody else. Defence: what comes in is never sent back out. It only chooses one of the pages that exist here, and the
//! address is built from that choice.

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ReturnPage {
    #[default]
    Home,
    Incidents,
    Incident(u32),
}

impl ReturnPage {
    /// Reads a path within a mount. Whatever is not a page to return to is the first page.
    pub(crate) fn parse(path: &str) -> Self {
        match path {
            "/incidents" => Self::Incidents,
            _ => path.strip_prefix("/incidents/").and_then(parse_number).map_or(Self::Home, Self::Incident),
        }
    }

    /// The path within the mount.
    pub(crate) fn path(self) -> String {
        match self {
            Self::Home => "/".to_owned(),
            Self::Incidents => "/incidents".to_owned(),
            Self::Incident(number) => format!("/incidents/{number}"),
        }
    }
}

/// Digits only: `parse` alone would take a sign.
pub(crate) fn parse_number(digits: &str) -> Option<u32> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests;
