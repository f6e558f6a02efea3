//! Adding and using keys, with nobody lying.

use keyholder_plugin_sdk::factor::{Credential, EnrolOutcome, Factor as _, Fault, RejectReason, VerifyOutcome};
use keyholder_plugin_sdk::testing::{cancelled, messages, stored};
use serde_json::json;

use super::authenticator::{Authenticator, BE, BS, UP, UV, b64};
use super::{APPID, PERSON, RP_ID, accepted, after, ctx, enrol, enrolled, not_enrolled, options, verify, webauthn};
use crate::SecurityKey;
use crate::refusal::{ALREADY_ADDED, POSSIBLE_CLONE, words};

pub(super) fn added(authenticator: &Authenticator, id: &str) -> Credential {
    let ctx = ctx("{}");
    let step = SecurityKey::begin_enrolment(ctx.clone(), Vec::new()).unwrap();
    let answer = authenticator.create(&options(&step));
    stored(id, &enrolled(enrol(&ctx, &[], &step, webauthn(answer.to_string()))))
}

#[test]
fn a_key_is_added_and_used() {
    let key = Authenticator::new(1).of_this_person();
    let stored = added(&key, "k");
    assert_eq!(stored.lookup.as_deref(), Some(key.id.as_slice()));
    let ctx = ctx("{}");
    let step = SecurityKey::begin_challenge(ctx.clone(), vec![stored.clone()]).unwrap();
    let asked = options(&step);
    assert_eq!(asked["allowCredentials"], json!([{ "type": "public-key", "id": b64(&key.id), "transports": ["usb"] }]));
    assert_eq!((&asked["rpId"], &asked["userVerification"]), (&json!(RP_ID), &json!("preferred")));
    assert_eq!(asked.get("extensions"), None);
    let accepted = accepted(verify(&ctx, &[stored], &step, webauthn(key.get(&asked).to_string())));
    assert_eq!(accepted.credential_id, "k");
    // It does not count, so there is nothing to store.
    assert_eq!(accepted.update, None);
    assert!(
        accepted.evidence.phishing_resistant && !accepted.evidence.user_verified && !accepted.evidence.hardware_bound
    );
    assert_eq!(accepted.evidence.amr, ["hwk", "user"]);
}

#[test]
fn the_browser_is_asked_for_what_the_contract_says() {
    let existing = added(&Authenticator::new(1), "k");
    let step = SecurityKey::begin_enrolment(ctx("{}"), vec![existing]).unwrap();
    let asked = options(&step);
    assert_eq!(asked["rp"], json!({ "id": RP_ID, "name": "Keyholder" }));
    assert_eq!(asked["user"]["id"], json!(b64(&PERSON)));
    assert_eq!(asked["attestation"], "none");
    assert_eq!(asked["excludeCredentials"], json!([{ "type": "public-key", "id": b64(&[1; 20]) }]));
    assert_eq!(
        asked["authenticatorSelection"],
        json!({ "residentKey": "discouraged", "requireResidentKey": false, "userVerification": "preferred" })
    );
    let algorithms: Vec<_> =
        asked["pubKeyCredParams"].as_array().unwrap().iter().map(|one| one["alg"].as_i64().unwrap()).collect();
    assert_eq!(algorithms, [-7, -35, -257]);
    let step = SecurityKey::begin_enrolment(
        ctx(r#"{"attachment":"cross-platform","user-verification":"required"}"#),
        Vec::new(),
    );
    let asked = options(&step.unwrap());
    assert_eq!(asked["authenticatorSelection"]["authenticatorAttachment"], "cross-platform");
    assert_eq!(asked["authenticatorSelection"]["userVerification"], "required");
}

#[test]
fn no_two_challenges_are_the_same() {
    let key = added(&Authenticator::new(1), "k");
    let challenge =
        || options(&SecurityKey::begin_challenge(ctx("{}"), vec![key.clone()]).unwrap())["challenge"].clone();
    let first = challenge();
    assert_ne!(first, challenge());
    assert_eq!(first.as_str().unwrap().len(), 43);
}

#[test]
fn of_several_keys_the_one_that_answered_is_named() {
    let (one, two) = (Authenticator::new(1), Authenticator::new(2));
    let keys = [added(&one, "one"), added(&two, "two")];
    let ctx = ctx("{}");
    let step = SecurityKey::begin_challenge(ctx.clone(), keys.to_vec()).unwrap();
    let answer = two.get(&options(&step)).to_string();
    assert_eq!(accepted(verify(&ctx, &keys, &step, webauthn(answer))).credential_id, "two");
}

#[test]
fn the_counter_is_stored_and_has_to_rise() {
    let key = Authenticator::new(1).saying(|says| says.counter = 5);
    let mut stored = added(&key, "k");
    let ctx = ctx("{}");
    for counter in [6, 7, 900] {
        let step = SecurityKey::begin_challenge(ctx.clone(), vec![stored.clone()]).unwrap();
        let answer = key.saying(|says| says.counter = counter).get(&options(&step));
        let used = accepted(verify(&ctx, std::slice::from_ref(&stored), &step, webauthn(answer.to_string())));
        assert!(used.update.is_some());
        stored = after(&used, &stored);
    }
}

#[test]
fn what_the_key_says_of_itself_is_told() {
    let synced = Authenticator::new(1).saying(|says| {
        says.flags = UP | UV | BE | BS;
        says.aaguid = *b"\x2f\xc0\x57\x9f\x81\x13\x47\xea\xb1\x16\xbb\x5a\x8d\xb9\x20\x2a";
        says.transports = json!(["internal", "hybrid", "telepathy", "internal"]);
    });
    let ctx = ctx("{}");
    let step = SecurityKey::begin_enrolment(ctx.clone(), Vec::new()).unwrap();
    let new = enrolled(enrol(&ctx, &[], &step, webauthn(synced.create(&options(&step)).to_string())));
    let facts: Vec<_> = new.facts.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let aaguid = ("aaguid", "2fc0579f-8113-47ea-b116-bb5a8db9202a");
    assert_eq!(facts, [aaguid, ("transports", "hybrid internal"), ("synced", "yes")]);
    assert_eq!((new.evidence.amr, new.evidence.backed_up), (vec!["swk".to_owned(), "user".to_owned()], Some(true)));
    assert!(new.evidence.user_verified);
}

#[test]
fn evidence_stays_within_the_ceiling() {
    let ceiling = SecurityKey::describe().ceiling;
    for flags in [UP, UP | UV, UP | BE, UP | UV | BE | BS] {
        let key = Authenticator::new(1).saying(|says| says.flags = flags);
        let stored = added(&key, "k");
        let ctx = ctx("{}");
        let step = SecurityKey::begin_challenge(ctx.clone(), vec![stored.clone()]).unwrap();
        let evidence =
            accepted(verify(&ctx, &[stored], &step, webauthn(key.get(&options(&step)).to_string()))).evidence;
        assert!(evidence.amr.iter().all(|value| ceiling.amr.contains(value)));
        assert!(!evidence.hardware_bound && !evidence.recovery_only);
        assert_eq!(evidence.classes, ceiling.classes);
        assert_eq!(evidence.user_verified, flags & UV != 0);
        assert_eq!(evidence.backed_up, Some(flags & BS != 0));
    }
}

#[test]
fn a_key_that_has_to_verify_its_holder_is_asked_to() {
    let (plain, verified) = (Authenticator::new(1), Authenticator::new(2).saying(|says| says.flags = UP | UV));
    let asked = |keys: &[Credential]| {
        let step = SecurityKey::begin_challenge(ctx(r#"{"user-verification":"discouraged"}"#), keys.to_vec()).unwrap();
        options(&step)["userVerification"].clone()
    };
    let (plain, verified) = (added(&plain, "plain"), added(&verified, "verified"));
    assert_eq!(asked(std::slice::from_ref(&plain)), "discouraged");
    assert_eq!(asked(&[plain, verified]), "preferred");
}

#[test]
fn a_key_is_not_added_twice() {
    let key = Authenticator::new(1);
    let existing = [added(&key, "k")];
    let ctx = ctx("{}");
    let step = SecurityKey::begin_enrolment(ctx.clone(), existing.to_vec()).unwrap();
    let outcome = enrol(&ctx, &existing, &step, webauthn(key.create(&options(&step)).to_string()));
    let EnrolOutcome::More(again) = outcome else { panic!("{outcome:?}") };
    assert_eq!(again.problem.as_ref().unwrap().reason, RejectReason::Other(ALREADY_ADDED.into()));
    // With another challenge, so the page may ask for another key.
    let other = Authenticator::new(2).create(&options(&again));
    enrolled(enrol(&ctx, &existing, &again, webauthn(other.to_string())));
}

#[test]
fn synced_passkeys_are_let_in_or_not_as_the_operator_set() {
    let synced = Authenticator::new(1).saying(|says| says.flags = UP | UV | BE);
    let ctx = ctx(r#"{"synced-passkeys":false}"#);
    let step = SecurityKey::begin_enrolment(ctx.clone(), Vec::new()).unwrap();
    let outcome = enrol(&ctx, &[], &step, webauthn(synced.create(&options(&step)).to_string()));
    assert_eq!(not_enrolled(outcome), RejectReason::AuthenticatorNotAllowed);
}

#[test]
fn giving_up_leaves_the_page_with_a_new_question() {
    let key = added(&Authenticator::new(1), "k");
    let ctx = ctx("{}");
    let step = SecurityKey::begin_challenge(ctx.clone(), vec![key.clone()]).unwrap();
    let outcome = verify(&ctx, &[key], &step, cancelled());
    assert!(matches!(outcome, VerifyOutcome::More(again) if again.state != step.state));
    let step = SecurityKey::begin_enrolment(ctx.clone(), Vec::new()).unwrap();
    assert!(matches!(enrol(&ctx, &[], &step, cancelled()), EnrolOutcome::More(again) if again.state != step.state));
}

#[test]
fn settings_are_checked() {
    for good in
        ["{}", r#"{"appid":""}"#, r#"{"appid":"https://old.school.example/u2f.json","user-verification":"required"}"#]
    {
        assert_eq!(SecurityKey::check_config(good.into()), [], "{good}");
    }
    let bad = [
        "",
        "[]",
        r#"{"appid":"http://old.school.example"}"#,
        r#"{"appid":"old.school.example"}"#,
        r#"{"user-verification":"always"}"#,
        r#"{"user_verification":"required"}"#,
        r#"{"synced-passkeys":"no"}"#,
    ];
    for bad in bad {
        assert_eq!(SecurityKey::check_config(bad.into()).len(), 1, "{bad}");
    }
    assert!(matches!(SecurityKey::begin_enrolment(ctx("nonsense"), Vec::new()), Err(Fault::BadConfig(_))));
}

#[test]
fn a_foreign_application_id_is_not_offered() {
    let legacy = super::registrations::imported(&Authenticator::new(3), APPID);
    let asked = |rp_id: &str, key: &Credential| {
        let ctx = keyholder_plugin_sdk::factor::Context { rp_id: rp_id.into(), ..ctx("{}") };
        options(&SecurityKey::begin_challenge(ctx, vec![key.clone()]).unwrap())
    };
    assert_eq!(asked(RP_ID, &legacy)["extensions"], json!({ "appid": APPID }));
    // A browser would refuse the whole request.
    assert_eq!(asked("id.other.example", &legacy).get("extensions"), None);
    let asked = options(&SecurityKey::begin_enrolment(ctx("{}"), vec![legacy]).unwrap());
    assert_eq!(asked["extensions"], json!({ "appidExclude": APPID }));
}

#[test]
fn texts_exist_in_both_languages() {
    let reasons = [
        RejectReason::UserVerificationMissing,
        RejectReason::UnknownCredential,
        RejectReason::AuthenticatorNotAllowed,
        RejectReason::WrongResponse,
        RejectReason::WrongOrigin,
        RejectReason::Other(POSSIBLE_CLONE.into()),
        RejectReason::Other(ALREADY_ADDED.into()),
    ];
    for ftl in [include_str!("../../locales/en.ftl"), include_str!("../../locales/cy.ftl")] {
        let said: Vec<_> = messages(ftl).into_iter().map(|(key, _)| key).collect();
        let words: Vec<_> = reasons.iter().map(|reason| words(reason).unwrap().key).collect();
        assert!(words.iter().all(|key| said.contains(&key.as_str())));
        assert_eq!(said.len(), words.len());
    }
}
