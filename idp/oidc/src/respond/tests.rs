use super::*;
use crate::authorize::ErrorCode;

fn reply_to(redirect_uri: &str, mode: ResponseMode, state: Option<&str>) -> ReplyTo {
    ReplyTo { redirect_uri: redirect_uri.into(), mode, state: state.map(Into::into) }
}

fn code() -> SecretString {
    SecretString::from("the-code")
}

fn location(answer: Answer) -> String {
    match answer {
        Answer::Redirect { location } => location,
        Answer::FormPost { .. } => panic!("a page instead of a redirect"),
    }
}

#[test]
fn a_code_comes_with_state_and_issuer() {
    let to = reply_to("https://app.example/cb", ResponseMode::Query, Some("a b&iss=evil"));
    let answer = success(&to, "https://id.example", &code());
    let expected = "https://app.example/cb?code=the-code&state=a+b%26iss%3Devil&iss=https%3A%2F%2Fid.example";
    assert_eq!(location(answer), expected);
}

#[test]
fn the_query_of_a_registered_address_stays() {
    let at = |uri| location(success(&reply_to(uri, ResponseMode::Query, None), "i", &code()));
    assert_eq!(at("https://app.example/cb?tenant=1"), "https://app.example/cb?tenant=1&code=the-code&iss=i");
    assert_eq!(at("https://app.example/cb?"), "https://app.example/cb?code=the-code&iss=i");
    assert_eq!(at("https://app.example"), "https://app.example?code=the-code&iss=i");
}

#[test]
fn a_state_cannot_break_out_of_its_parameter() {
    let to = reply_to("https://app.example/cb", ResponseMode::Query, Some("x\r\nSet-Cookie: a=b#f"));
    let location = location(success(&to, "i", &code()));
    assert!(!location.contains(['\r', '\n', ' ', '#']), "{location}");
}

#[test]
fn errors_name_the_issuer_and_return_the_state() {
    let to = reply_to("https://app.example/cb", ResponseMode::Query, Some("s"));
    let answer = error(&to, "i", &ErrorCode::LoginRequired.into());
    assert_eq!(location(answer), "https://app.example/cb?error=login_required&state=s&iss=i");
    let answer = error(&to, "i", &ProtocolError::invalid("prompt has an unknown value"));
    let expected =
        "https://app.example/cb?error=invalid_request&error_description=prompt+has+an+unknown+value&state=s&iss=i";
    assert_eq!(location(answer), expected);
}

#[test]
fn form_post_holds_the_same_fields_and_leaves_the_address_alone() {
    let to = reply_to("https://app.example/cb?tenant=1", ResponseMode::FormPost, Some("s"));
    let fields = vec![("code", "the-code".to_owned()), ("state", "s".to_owned()), ("iss", "i".to_owned())];
    let expected = Answer::FormPost { action: "https://app.example/cb?tenant=1".into(), fields };
    assert_eq!(success(&to, "i", &code()), expected);
}

#[test]
fn debug_output_shows_no_code() {
    for mode in [ResponseMode::Query, ResponseMode::FormPost] {
        let answer = success(&reply_to("https://app.example/cb", mode, None), "i", &code());
        assert!(!format!("{answer:?}").contains("the-code"));
    }
}
