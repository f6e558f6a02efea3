//! Answers from devices: phones that approve and deny.

use super::*;

#[actix_web::test]
async fn a_device_approves_and_the_waiting_browser_goes_on_under_a_fresh_token() {
    let house = house(&[], &[CODE]).await;
    let (browser, page) = at_factor(&house).await;
    let (ceremony, key) = (open_ceremony(&house, ANN).await, keys_of(&house, ANN).await.remove(0));
    let before = session_cookie(&browser);
    let delivered = deliver(house.app(), approval(&ceremony, &key, "approve")).await.unwrap();
    assert!(matches!(delivered.answered, Answered::Accepted { .. }), "{delivered:?}");
    // The session is raised by the browser that waits, not before.
    assert!(factors_in(&session_of(&house, ANN).await).is_empty());
    let again = deliver(house.app(), approval(&ceremony, &key, "approve")).await.unwrap();
    assert!(matches!(again.answered, Answered::Elsewhere), "{again:?}");
    let answered = browser.open(&page.link("/factor/soft-key")).await;
    assert!(is_answered(&answered), "{answered:?}");
    assert_ne!(session_cookie(&browser), before);
    assert_eq!(factors_in(&session_of(&house, ANN).await).len(), 1);
}

#[actix_web::test]
async fn a_denial_ends_the_sign_in_at_once_and_the_browser_is_told() {
    let house = house(&["staff"], &[CODE, TOUCH]).await;
    let (browser, page) = at_factor(&house).await;
    let page = browser.open(&page.link("/factor/")).await;
    let page = if page.has("data-webauthn") { browser.open(&page.link("/factor/soft-key")).await } else { page };
    let held = keys_of(&house, ANN).await;
    let key = held.iter().find(|key| key.factor == CODE).unwrap();
    let person = house.person(ANN).await;
    let open = house.app().store.list_open_ceremonies(person.id, house.app().now()).await.unwrap();
    let ceremony = open.iter().find(|open| open.factor == CODE).unwrap();
    let delivered = deliver(house.app(), approval(ceremony, key, "deny")).await.unwrap();
    assert!(matches!(delivered.answered, Answered::Declined), "{delivered:?}");
    assert!(house.events(ANN).await.contains(&AuditKind::FactorDeclined));
    let ended = house.app().store.find_ceremony(ceremony.id).await.unwrap().unwrap();
    assert_eq!(ended.contents.ending, Some(Ending::Declined));
    for told in [
        browser.open(&page.path).await,
        type_code(&browser, &page, DIGITS).await,
        browser.open(page.path.split("/factor").next().unwrap()).await,
    ] {
        assert_eq!(told.status, 403);
        assert!(told.has("This sign-in was denied"), "{}", told.text);
    }
    let open = house.app().store.list_open_ceremonies(person.id, house.app().now()).await.unwrap();
    assert!(open.is_empty(), "nothing else of that sign-in waits");
}

#[actix_web::test]
async fn a_device_answers_only_where_its_own_key_is_asked_for() {
    let house = house(&[], &[CODE]).await;
    at_factor(&house).await;
    let ceremony = open_ceremony(&house, ANN).await;
    let stranger = keys_of(&house, BETH).await.remove(0);
    let delivered = deliver(house.app(), approval(&ceremony, &stranger, "approve")).await.unwrap();
    assert!(matches!(delivered.answered, Answered::Elsewhere), "{delivered:?}");
    let tag = Target::Enrolment { reply_tag: b"reply-tag-of-the-fake".to_vec(), key: DeviceKey { spki: vec![9] } };
    let request = DeviceRequest { target: tag, body: Vec::new(), whence: Whence::default() };
    assert!(matches!(deliver(house.app(), request).await.unwrap().answered, Answered::Elsewhere));
    assert!(open_ceremony(&house, ANN).await.contents.ending.is_none());
}
