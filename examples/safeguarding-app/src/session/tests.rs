use super::*;

fn begun(base: &str, browser: &str) -> BegunSignIn {
    BegunSignIn {
        base: base.to_owned(),
        browser: browser.to_owned(),
        expected: Expected::Code { nonce: Nonce::new_random(), verifier: PkceCodeVerifier::new("v".repeat(43)) },
        return_page: ReturnPage::Home,
        with_key: false,
    }
}

#[test]
fn an_answer_counts_once_and_only_in_its_own_browser_and_mount() {
    let sessions = Sessions::default();
    sessions.remember("state".to_owned(), begun("/s/oakfield", "browser"));
    assert!(sessions.take("state", "/s/oakfield", "another browser").is_none());
    assert!(sessions.take("state", "/s/hill", "browser").is_none());
    assert!(sessions.take("other state", "/s/oakfield", "browser").is_none());
    assert!(sessions.take("state", "/s/oakfield", "browser").is_some());
    assert!(sessions.take("state", "/s/oakfield", "browser").is_none());
}

#[test]
fn begun_sign_ins_do_not_fill_the_memory() {
    let sessions = Sessions::default();
    for number in 0..=SIGN_INS_AT_MOST {
        sessions.remember(number.to_string(), begun("", "browser"));
    }
    assert_eq!(lock(&sessions.sign_ins).len(), SIGN_INS_AT_MOST);
    assert!(sessions.take("0", "", "browser").is_none());
    assert!(sessions.take(&SIGN_INS_AT_MOST.to_string(), "", "browser").is_some());
}

#[test]
fn a_logout_token_counts_once_while_it_would_count() {
    let sessions = Sessions::default();
    assert!(sessions.use_once("j", 100, 10));
    assert!(!sessions.use_once("j", 100, 100));
    assert!(sessions.use_once("k", 100, 10));
    sessions.use_once("l", 300, 101);
    assert_eq!(lock(&sessions.messages).len(), 1, "what counts no more is forgotten");
}
