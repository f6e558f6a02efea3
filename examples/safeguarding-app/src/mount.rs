//! A place in the address space at which one registered client is served: `/`, or `/s/{slug}` for one school among several.
//!
//! Each mount has its own client, cookies and sessions, so that one browser can be signed in to two schools at once.

use openidconnect::{ClientId, ClientSecret};

#[derive(Debug, Clone)]
pub(crate) struct Mount {
    /// `None` at the root.
    pub(crate) slug: Option<String>,
    pub(crate) way: Way,
}

/// How people sign in there.
#[derive(Debug, Clone)]
pub(crate) enum Way {
    OpenIdConnect(Client),
    /// As [`crate::saml`] knows how.
    Saml,
}

/// A client of the `OpenID` provider.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) id: ClientId,
    /// `None` for a public client.
    pub(crate) secret: Option<ClientSecret>,
    /// Sent along as the request parameter `school`.
    pub(crate) school: Option<String>,
}

impl Mount {
    /// What stands before every path of this mount; empty at the root.
    pub(crate) fn base(&self) -> String {
        self.slug.as_deref().map(|slug| format!("/s/{slug}")).unwrap_or_default()
    }

    /// What to call the school before the provider has named it: `oakfield-primary` becomes `Oakfield Primary`.
    pub(crate) fn label(&self) -> Option<String> {
        if matches!(self.way, Way::Saml) {
            return None;
        }
        let capital = |word: &str| {
            word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect::<String>()
        };
        self.slug.as_deref().map(|slug| slug.split('-').map(capital).collect::<Vec<_>>().join(" "))
    }

    /// What a link from another mount says.
    pub(crate) fn title(&self) -> String {
        match self.way {
            Way::Saml => "All schools, signing in over SAML".to_owned(),
            Way::OpenIdConnect(_) => self.label().unwrap_or_else(|| "All schools".to_owned()),
        }
    }

    /// Name of the session cookie. `__Host-` keeps other hosts of the domain from setting it, and needs https.
    pub(crate) fn session_cookie(&self, secure: bool) -> String {
        self.cookie("session", secure)
    }

    /// Name of the cookie that binds a sign-in to the browser that began it.
    pub(crate) fn browser_cookie(&self, secure: bool) -> String {
        self.cookie("browser", secure)
    }

    fn cookie(&self, purpose: &str, secure: bool) -> String {
        let prefix = if secure { "__Host-" } else { "" };
        match &self.slug {
            Some(slug) => format!("{prefix}safeguarding-{purpose}-{slug}"),
            None => format!("{prefix}safeguarding-{purpose}"),
        }
    }
}
