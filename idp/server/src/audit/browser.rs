//! What a user agent calls itself, in words for people: `Edge on Windows`.
//!
//! Owns the handful of names that people at schools know. Anything else is said to be unknown instead of being guessed;
//! crates that know thousands of names are either unkept or carry megabytes of expressions.

/// Browsers by their tokens, those that claim to be others as well first.
const BROWSERS: [(&str, &str); 15] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("DuckDuckGo/", "DuckDuckGo"),
    ("Ddg/", "DuckDuckGo"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Firefox/", "Firefox"),
    ("Chromium/", "Chromium"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Version/", "Safari"),
];

/// Systems, the more particular first: an iPad that asks for mobile pages says `Mac OS X` too.
const SYSTEMS: [(&str, &str); 8] = [
    ("iPhone", "an iPhone"),
    ("iPad", "an iPad"),
    ("Android", "Android"),
    ("CrOS", "a Chromebook"),
    ("Windows", "Windows"),
    ("Macintosh", "a Mac"),
    ("X11; Linux", "Linux"),
    ("Wayland; Linux", "Linux"),
];

/// The browser and its system; `None` where it is not a browser that we know.
pub fn name(user_agent: &str) -> Option<String> {
    let (browser, system) = parts(user_agent)?;
    Some(system.map_or_else(|| browser.to_owned(), |system| format!("{browser} on {system}")))
}

/// The same in its parts, for texts in other languages.
pub fn parts(user_agent: &str) -> Option<(&'static str, Option<&'static str>)> {
    let find = |names: &[(&str, &'static str)]| {
        names.iter().find(|(token, _)| user_agent.contains(token)).map(|(_, name)| *name)
    };
    // Every browser says so since Netscape; programs do not.
    let browser = user_agent.starts_with("Mozilla/5.0 ").then(|| find(&BROWSERS)).flatten()?;
    if browser == "Safari" && !user_agent.contains("Safari/") {
        return None;
    }
    Some((browser, find(&SYSTEMS)))
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn browsers_at_schools_have_names() {
        for (expected, user_agent) in [
            (
                "Edge on Windows",
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
            ),
            (
                "Chrome on Windows",
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
            ),
            (
                "Chrome on a Chromebook",
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
            ),
            (
                "Safari on a Mac",
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
            ),
            (
                "Safari on an iPhone",
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
            ),
            (
                "Chrome on an iPad",
                "Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0.0.0 Mobile/15E148 Safari/604.1",
            ),
            (
                "Edge on Android",
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36 EdgA/142.0.0.0",
            ),
            (
                "Samsung Internet on Android",
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
            ),
            ("Firefox on Linux", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
            ("Firefox on Windows", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0"),
            ("Firefox", "Mozilla/5.0 (Plan9; rv:144.0) Gecko/20100101 Firefox/144.0"),
        ] {
            assert_eq!(name(user_agent).as_deref(), Some(expected), "{user_agent}");
        }
    }

    #[test]
    fn what_is_no_known_browser_has_no_name() {
        for user_agent in [
            "",
            "curl/8.16.0",
            "python-requests/2.32",
            "Chrome/142.0",
            "Mozilla/5.0 (compatible; bot/1.0)",
            "<b>Edg/</b>",
        ] {
            assert_eq!(name(user_agent), None, "{user_agent}");
        }
    }
}
