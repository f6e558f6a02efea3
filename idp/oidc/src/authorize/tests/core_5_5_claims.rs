//! `OpenID` Connect Core 5.5: the `claims` parameter, and `acr_values`, which is a short form of it.

use keyholder_core::assurance::{ACR_MULTI_FACTOR, ACR_PHISHING_RESISTANT, Assurance};
use keyholder_core::flow::{AskedAssurance, Weight};
use serde_json::{Value, json};

use super::super::fixture::{checked, refused};

fn asked(claims: &Value) -> Option<AskedAssurance> {
    checked(&[("claims", &claims.to_string())]).unwrap().ask.assurance
}

#[test]
fn what_is_no_claims_request_is_refused() {
    let deep = format!("{}1{}", "{\"a\":".repeat(200), "}".repeat(200));
    for claims in [
        "x",
        "[]",
        "null",
        "\"{}\"",
        "{\"id_token\":1}",
        "{\"id_token\":{\"acr\":true}}",
        "{\"id_token\":{\"acr\":[true]}}",
        "{",
        &deep,
    ] {
        assert_eq!(refused(checked(&[("claims", claims)])), "invalid_request", "{claims}");
    }
    let essential = json!({"id_token": {"email": {"essential": "yes"}}}).to_string();
    assert_eq!(refused(checked(&[("claims", &essential)])), "invalid_request");
}

#[test]
fn members_that_are_not_understood_are_ignored() {
    let claims = json!({"userinfo": {"email": {"essential": true, "purpose": "x"}, "zodiac": null}, "saml": {}});
    let kept = checked(&[("claims", &claims.to_string())]).unwrap().request.claims.unwrap();
    assert!(kept.userinfo["email"].as_ref().is_some_and(|email| email.essential));
    assert_eq!(kept.userinfo["zodiac"], None);
}

#[test]
fn an_essential_acr_is_essential_and_a_voluntary_one_is_not() {
    let multi = AskedAssurance { classes: vec![Assurance::MultiFactor], weight: Weight::Essential };
    assert_eq!(
        asked(&json!({"id_token": {"acr": {"essential": true, "value": ACR_MULTI_FACTOR}}})),
        Some(multi.clone())
    );
    assert_eq!(asked(&json!({"id_token": {"acr": {"essential": true, "values": [ACR_MULTI_FACTOR]}}})), Some(multi));
    let voluntary = asked(&json!({"id_token": {"acr": {"values": [ACR_PHISHING_RESISTANT, ACR_MULTI_FACTOR]}}}));
    assert_eq!(voluntary.map(|asked| (asked.weight, asked.classes.len())), Some((Weight::Voluntary, 2)));
}

#[test]
fn an_essential_acr_that_nobody_knows_cannot_be_reached() {
    let asked = asked(&json!({"id_token": {"acr": {"essential": true, "values": ["urn:loa:9"]}}}));
    assert_eq!(asked, Some(AskedAssurance { classes: Vec::new(), weight: Weight::Essential }));
}

#[test]
fn acr_values_are_a_voluntary_acr_claim() {
    let both = format!("{ACR_PHISHING_RESISTANT} urn:unknown {ACR_MULTI_FACTOR}");
    let checked_both = checked(&[("acr_values", &both)]).unwrap();
    let expected = vec![Assurance::PhishingResistant, Assurance::MultiFactor];
    assert_eq!(checked_both.ask.assurance, Some(AskedAssurance { classes: expected, weight: Weight::Voluntary }));
    let kept = checked_both.request.claims.unwrap();
    assert_eq!(kept.id_token["acr"].as_ref().unwrap().values.len(), 3);
    assert_eq!(checked(&[("acr_values", "urn:unknown")]).unwrap().ask.assurance, None);
}

#[test]
fn an_essential_acr_goes_before_acr_values() {
    let claims = json!({"id_token": {"acr": {"essential": true, "value": ACR_MULTI_FACTOR}}}).to_string();
    let ask = checked(&[("claims", &claims), ("acr_values", ACR_PHISHING_RESISTANT)]).unwrap().ask;
    assert_eq!(ask.assurance.map(|asked| asked.weight), Some(Weight::Essential));
}

#[test]
fn a_sub_value_names_the_person() {
    let claims = json!({"id_token": {"sub": {"value": "person-1"}}}).to_string();
    assert_eq!(checked(&[("claims", &claims)]).unwrap().ask.subject.as_deref(), Some("person-1"));
    let number = json!({"id_token": {"sub": {"value": 1}}}).to_string();
    assert_eq!(refused(checked(&[("claims", &number)])), "invalid_request");
}
