use super::*;

#[test]
fn every_provider_error_has_a_sentence_and_none_repeats_what_the_address_said() {
    let codes = [
        "access_denied",
        "login_required",
        "interaction_required",
        "consent_required",
        "account_selection_required",
        "server_error",
        "temporarily_unavailable",
        "unmet_authentication_requirements",
        "invalid_request",
        "unauthorized_client",
        "invalid_scope",
        "unsupported_response_type",
        "<script>alert(1)</script>",
        "",
    ];
    for code in codes {
        let words = Problem::Refused { code: code.to_owned(), description: "ring 0900".to_owned() }.words();
        assert!(words.status.is_client_error() || words.status.is_server_error(), "{code}");
        assert!(words.sentence.ends_with('.') && words.again, "{code}");
        assert!(!words.sentence.contains("script") && !words.sentence.contains("0900"), "{code}");
    }
}

#[test]
fn a_log_line_cannot_be_forged_by_an_address() {
    let problem = Problem::Refused { code: "a\nINFO b".to_owned(), description: "c\r\nINFO d".to_owned() };
    assert!(!problem.to_string().contains(['\n', '\r']));
}
