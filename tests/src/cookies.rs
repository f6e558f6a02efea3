//! The cookies of one browser, as far as RFC 6265 matters here. Loopback counts as secure, as browsers have it.

use std::collections::BTreeMap;

use url::Url;

/// Cookies by host (a cookie knows no port) and name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cookies {
    jar: BTreeMap<String, BTreeMap<String, String>>,
    /// Every `Set-Cookie` seen, so that a test can look at the attributes.
    pub(crate) seen: Vec<String>,
}

impl Cookies {
    /// Takes a `Set-Cookie` header.
    pub(crate) fn take(&mut self, from: &Url, header: &str) {
        self.seen.push(header.to_owned());
        let mut parts = header.split(';');
        let (name, value) = parts.next().unwrap().split_once('=').unwrap();
        let attributes: Vec<String> = parts.map(|part| part.trim().to_lowercase()).collect();
        let has = |attribute: &str| attributes.iter().any(|other| other == attribute);
        if name.starts_with("__Host-") {
            // RFC 6265bis 4.1.3.2: else the browser drops it.
            let domain = attributes.iter().any(|attribute| attribute.starts_with("domain="));
            assert!(has("secure") && has("path=/") && !domain, "a browser would refuse {header}");
        }
        let host = self.jar.entry(from.host_str().unwrap().to_owned()).or_default();
        if has("max-age=0") || has("expires=thu, 01 jan 1970 00:00:00 gmt") || value.is_empty() {
            host.remove(name.trim());
        } else {
            host.insert(name.trim().to_owned(), value.trim().to_owned());
        }
    }

    /// The `Cookie` header for an address.
    pub(crate) fn header(&self, to: &Url) -> Option<String> {
        let host = self.jar.get(to.host_str()?)?;
        let pairs: Vec<String> = host.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    pub(crate) fn names(&self, host: &str) -> Vec<String> {
        self.jar.get(host).map(|cookies| cookies.keys().cloned().collect()).unwrap_or_default()
    }

    pub(crate) fn forget(&mut self) {
        self.jar.clear();
    }
}
