//! In which language a page is written, and the address to which a switch of language comes back.

use actix_web::HttpRequest;
use actix_web::http::header::ACCEPT_LANGUAGE;
use keyholder_core::locale::Language;
use keyholder_core::time::Timestamp;

use crate::cookies;

/// A language that an application asked for (`ui_locales`), and since when.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    pub language: Language,
    pub at: Timestamp,
}

/// The reader's language: the one asked for by the application, else the one chosen by the switch, else the browser's. A choice
/// made after the application asked goes first, or the switch would do nothing there.
pub fn language(request: &HttpRequest, asked: Option<Asked>) -> Language {
    let chosen = chosen(request);
    let later = chosen.filter(|(_, at)| asked.is_none_or(|asked| *at >= asked.at.as_seconds()));
    let header = || request.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match (later, asked) {
        (Some((language, _)), _) => language,
        (None, Some(asked)) => asked.language,
        (None, None) => Language::negotiate(header(), &[]),
    }
}

/// The cookie's value for a choice made now: language and second.
pub(crate) fn choice(language: Language, now: Timestamp) -> String {
    format!("{}.{}", language.tag(), now.as_seconds())
}

fn chosen(request: &HttpRequest) -> Option<(Language, i64)> {
    let value = cookies::find(request, cookies::LANGUAGE)?;
    let (tag, at) = value.split_once('.')?;
    Some((Language::from_tag(tag)?, at.parse().ok()?))
}

/// The address as a path of ours; `None` where a browser could read another host or a new header line into it.
pub fn own_path(path: &str) -> Option<&str> {
    let rest = path.strip_prefix('/')?;
    // WHATWG URL 4.4: a backslash counts as a slash, and tabs and line ends are dropped wherever they stand.
    let foreign = rest.starts_with(['/', '\\']) || path.contains(|c: char| c.is_control() || c == '\\');
    (!foreign && path.len() <= 8192).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn only_paths_of_ours_are_gone_back_to() {
        for path in [
            "",
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "/a\r\nX: y",
            "sign-in",
        ] {
            assert_eq!(own_path(path), None, "{path:?}");
        }
        assert_eq!(own_path("/sign-in/abc?x=1"), Some("/sign-in/abc?x=1"));
    }

    #[test]
    fn the_application_goes_before_an_older_choice_and_behind_a_newer_one() {
        let asked = Some(Asked { language: Language::Cy, at: Timestamp::from_seconds(100) });
        let with = |cookie: &str| {
            TestRequest::default()
                .insert_header(("cookie", format!("{}={cookie}", cookies::LANGUAGE)))
                .to_http_request()
        };
        assert_eq!(language(&with("en.99"), asked), Language::Cy);
        assert_eq!(language(&with("en.100"), asked), Language::En);
        assert_eq!(language(&with("cy.1"), None), Language::Cy);
        assert_eq!(language(&with("klingon"), None), Language::En);
        let header = TestRequest::default().insert_header(("accept-language", "cy")).to_http_request();
        assert_eq!(language(&header, None), Language::Cy);
    }
}
