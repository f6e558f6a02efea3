//! Wrong answers: what they cost, and that they do no harm to right ones.

use keyholder_core::flow::Stage;

use super::*;
use crate::spine::commands::FinishFlow;

#[actix_web::test]
async fn a_key_waits_after_five_wrong_codes_and_others_work_meanwhile() {
    let house = house(&[], &[CODE, TOUCH]).await;
    let (browser, page) = at_factor(&house).await;
    let mut page = browser.open(&page.link("/factor/soft-key").replace("security-key", "soft-key")).await;
    for nth in 0..5 {
        page = type_code(&browser, &page, "111111").await;
        assert_eq!(page.status, if nth == 4 { 429 } else { 422 }, "{}", page.text);
    }
    assert!(page.has("This key waits until"), "{}", page.text);
    assert!(house.events(ANN).await.contains(&AuditKind::FactorLocked));
    let touch = browser.open(&page.link("/factor/security-key")).await;
    assert_eq!(touch.status, 200);
    let (_, other) = at_factor(&house).await;
    assert!(other.has("data-webauthn"), "a key that waits is not asked first");
    house.pass(Duration::from_secs(6));
    assert!(is_answered(&browser.submit(&touch, "/factor", &[("response", "touched")]).await));
    house.pass(Duration::from_mins(1));
    let (browser, page) = at_factor(&house).await;
    let page = browser.open(&page.link("/factor/soft-key")).await;
    assert!(is_answered(&type_code(&browser, &page, DIGITS).await));
}

fn refuse(house: &House, ceremony: &Ceremony, key: &Credential) -> Refuse {
    let event = |kind| event(house.app(), kind, About::default());
    Refuse {
        ceremony: ceremony.clone(),
        keys: vec![key.clone()],
        updates: Vec::new(),
        consume: Vec::new(),
        then: Then::GoOn(Box::new(ceremony.clone())),
        counts: true,
        diagnosis: Diagnosis::NotMade,
        last_try: true,
        audit: event(AuditKind::FactorRefused),
        locked: event(AuditKind::FactorLocked),
        now: house.app().now(),
    }
}

#[actix_web::test]
async fn guesses_sent_at_once_are_worth_no_more_than_one_after_the_other() {
    let house = house(&[], &[CODE]).await;
    let (_, ceremony, key, session) = challenge(&house).await;
    // A hundred answers were checked before any of them was written: five count, and the right one comes too late.
    for _ in 0..100 {
        house.run(refuse(&house, &ceremony, &key)).await;
    }
    let failures = house.app().store.list_failures(&[key.id]).await.unwrap().remove(0);
    assert_eq!(failures.waits_until(house.app().now()), Some(house.app().now().plus(Duration::from_mins(1))));
    assert_eq!(failures.locks, 1, "answers that could not count any more do not make it wait longer");
    let outcome = house.run(accept(&house, &ceremony, &key, &session)).await;
    assert!(matches!(outcome, Accepting::Waits(_)), "{outcome:?}");
    assert!(factors_in(&session_of(&house, ANN).await).is_empty());
}

#[actix_web::test]
async fn an_answer_that_was_checked_against_a_former_step_or_key_changes_nothing() {
    let house = house(&[], &[CODE]).await;
    let (_, ceremony, key, session) = challenge(&house).await;
    // Somebody's wrong answer came first; the browser's request is then tried once more.
    house.run(refuse(&house, &ceremony, &key)).await;
    assert_eq!(house.run(accept(&house, &ceremony, &key, &session)).await, Accepting::Lost);
    let now = open_ceremony(&house, ANN).await;
    assert_eq!(now.version, ceremony.version + 1);
    let stale = Credential { version: key.version - 1, ..key.clone() };
    assert_eq!(house.run(accept(&house, &now, &stale, &session)).await, Accepting::Lost);
    let elsewhere = Session { token: hash_token("another"), ..session.clone() };
    assert_eq!(house.run(accept(&house, &now, &key, &elsewhere)).await, Accepting::SignedOut);
    assert_eq!(open_ceremony(&house, ANN).await, now, "nothing was changed");
    assert!(matches!(house.run(accept(&house, &now, &key, &session)).await, Accepting::Done { .. }));
}

#[actix_web::test]
async fn an_end_that_was_decided_for_another_session_or_an_older_flow_is_not_made() {
    for stale in ["session", "flow", "nothing"] {
        let house = house(&[], &[CODE]).await;
        let (_, ceremony, key, mut session) = challenge(&house).await;
        let store = &house.app().store;
        let mut flow = store.find_flow(ceremony.flow.unwrap()).await.unwrap().unwrap();
        match stale {
            "session" => session.version -= 1,
            "flow" => flow.version -= 1,
            _ => {}
        }
        let end = Some(FinishFlow { flow: flow.clone(), grant: None, audit: Vec::new() });
        let outcome = house.run(Accept { end, ..accept(&house, &ceremony, &key, &session) }).await;
        let Accepting::Done { ended, .. } = outcome else { panic!("{stale}: {outcome:?}") };
        assert_eq!(ended, stale == "nothing", "{stale}");
        let finished = store.find_flow(flow.id).await.unwrap().unwrap().stage == Stage::Finished;
        assert_eq!(finished, ended, "{stale}");
        assert_eq!(factors_in(&session_of(&house, ANN).await).len(), 1, "the proof counts in any case");
    }
}

#[actix_web::test]
async fn a_strangers_guess_does_not_make_an_honest_answer_lose() {
    let house = house(&[], &[CODE]).await;
    let (honest, page) = at_factor(&house).await;
    let (stranger, other_page) = at_factor(&house).await;
    let answer = type_code(&honest, &page, HELD);
    let guess = async {
        // The answer was checked against the key as it was; then a guess in another session changes the key.
        IS_HELD.notified().await;
        let refused = type_code(&stranger, &other_page, "drift").await;
        MAY_GO_ON.notify_one();
        refused
    };
    let (answered, refused) = futures::future::join(answer, guess).await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert!(is_answered(&answered), "{answered:?}");
}

#[actix_web::test]
async fn what_a_refusal_burns_and_changes_is_kept() {
    let house = house(&[], &[CODE]).await;
    let (browser, page) = at_factor(&house).await;
    let before = keys_of(&house, ANN).await.remove(0);
    let page = type_code(&browser, &page, "drift").await;
    assert_eq!(keys_of(&house, ANN).await[0].version, before.version + 1);
    assert_eq!(keys_of(&house, ANN).await[0].last_used_at, None, "a wrong answer is no use");
    // Fits a clock that is off, so it is burnt; where it counts later, it was used before.
    type_code(&browser, &page, "late").await;
    let burnt = [CODE.as_bytes(), &[0], before.id.as_uuid().as_bytes(), b"late"].concat();
    assert!(house.app().store.is_used(SingleUse::FactorToken, &burnt).await.unwrap());
}

#[actix_web::test]
async fn guesses_at_one_key_keep_nobody_from_another() {
    let house = house(&[], &[CODE, TOUCH]).await;
    let at = |page: &Page, factor| format!("{}/factor/{factor}", page.path.split("/factor").next().unwrap());
    // Somebody who knows the password, elsewhere.
    let (stranger, page) = at_factor(&house).await;
    let mut page = stranger.open(&at(&page, CODE)).await;
    for _ in 0..5 {
        page = type_code(&stranger, &page, "111111").await;
    }
    house.pass(Duration::from_mins(1));
    let page = stranger.open(&at(&page, CODE)).await;
    let page = type_code(&stranger, &page, "111111").await;
    assert_eq!(page.status, 422, "{}", page.text);
    assert_eq!(type_code(&stranger, &page, "111111").await.status, 429);
    let (owner, page) = at_factor(&house).await;
    let touch = owner.open(&at(&page, TOUCH)).await;
    let answered = owner.submit(&touch, "/factor", &[("response", "touched")]).await;
    assert!(is_answered(&answered), "{}", answered.text);
}

#[actix_web::test]
async fn answers_that_cannot_be_right_fill_no_log() {
    let house = house(&[], &[CODE]).await;
    let (browser, mut page) = at_factor(&house).await;
    for _ in 0..12 {
        page = type_code(&browser, &page, "malformed").await;
    }
    assert_eq!(page.status, 429, "{}", page.text);
    let refused = house.events(ANN).await.into_iter().filter(|kind| *kind == AuditKind::FactorRefused).count();
    assert_eq!(refused, 5);
    assert!(!house.events(ANN).await.contains(&AuditKind::FactorLocked), "it was no guess against the key");
}
