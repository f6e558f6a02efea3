use super::*;
use crate::assurance::ACR_MULTI_FACTOR;

fn person(id_token: serde_json::Value, user: Option<serde_json::Value>) -> Person {
    let id_token: IdClaims = serde_json::from_value(id_token).unwrap();
    let user = user.map(|user| {
        UserClaims::from_json::<std::io::Error>(user.to_string().as_bytes(), Some(id_token.subject())).unwrap()
    });
    Person::from_claims(&id_token, user.as_ref())
}

fn id_token(extra: &serde_json::Value) -> serde_json::Value {
    let mut claims =
        serde_json::json!({ "iss": "https://idp.example", "sub": "1", "aud": ["app"], "exp": 20, "iat": 10 });
    claims.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    claims
}

#[test]
fn a_userinfo_answer_never_raises_the_assurance() {
    let user = serde_json::json!({ "sub": "1", "name": "A", "acr": ACR_MULTI_FACTOR, "amr": ["mfa"] });
    let person =
        person(id_token(&serde_json::json!({ "acr": "https://refeds.org/profile/sfa", "amr": ["pwd"] })), Some(user));
    assert_eq!(person.assurance(15), Assurance::SingleFactor);
    assert_eq!((person.display_name(), person.amr.as_slice()), ("A", &["pwd".to_owned()][..]));
}

#[test]
fn an_elevation_ends_when_it_said_it_would() {
    let person = person(id_token(&serde_json::json!({ "acr": ACR_MULTI_FACTOR, "elevated_until": 100 })), None);
    assert!(person.assurance(99).used_key());
    assert!(!person.assurance(100).used_key());
}

#[test]
fn claims_of_the_school_are_read_from_either_place() {
    let school = serde_json::json!({ "school": { "id": "s1", "name": "Oakfield Primary" }, "groups": ["staff"] });
    let from_id_token = person(id_token(&school), Some(serde_json::json!({ "sub": "1" })));
    let mut user = serde_json::json!({ "sub": "1" });
    user.as_object_mut().unwrap().extend(school.as_object().unwrap().clone());
    let from_user = person(id_token(&serde_json::json!({})), Some(user));
    assert_eq!(from_id_token.school, from_user.school);
    assert_eq!((from_id_token.groups, from_user.groups), (vec!["staff".to_owned()], vec!["staff".to_owned()]));
}
