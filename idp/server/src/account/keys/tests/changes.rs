//! How many keys there are, and who hears of changes.

use std::time::Duration;

use super::*;
use crate::account::tests::mails;
use crate::factors::commands::MOST_KEYS;
use crate::web::testing::keys::{Put, key};

async fn more_keys(house: &House, count: usize) {
    let person = house.person(ANN).await;
    let keys = (0..count).map(|nth| Credential { label: format!("Key {nth}"), ..key(house, &person, CODE) });
    house.run(Put { group: None, keys: keys.collect() }).await;
}

#[tokio::test]
async fn a_person_has_a_bounded_number_of_keys_and_learns_it_before_the_work() {
    let house = House::open().await;
    with_phone(&house).await;
    let browser = raised(&house, "2468102").await;
    more_keys(&house, MOST_KEYS - 3).await;
    add(&browser, SHEET, "Sheet", &[("f-kept", "true")]).await;
    assert_eq!(keys_of(&house, ANN).await.len(), MOST_KEYS - 1);
    let tab = browser.open(HERE).await;
    let begun = browser.submit(&tab, &format!("/add/{CODE}"), &[]).await;
    assert_eq!(begun.status, 200, "{}", begun.text);
    more_keys(&house, 1).await;
    // In the transaction, where another tab was quicker.
    let late = browser.submit(&begun, "/adding/", &[("name", "One more"), ("f-code", "2468103")]).await;
    assert_eq!(late.status, 409, "{}", late.text);
    assert!(late.has("You have as many keys as you can have") && late.has("20 keys are the most"), "{}", late.text);
    // And before anything begins.
    let early = browser.submit(&tab, &format!("/add/{CODE}"), &[]).await;
    assert_eq!(early.status, 409, "{}", early.text);
    assert_eq!(keys_of(&house, ANN).await.len(), MOST_KEYS);
    // What takes the place of another is none more.
    let page = add(&browser, SHEET, "Sheet", &[("f-kept", "true")]).await;
    assert!(page.has("Successfully added"), "{}", page.text);
    assert_eq!(keys_of(&house, ANN).await.len(), MOST_KEYS);
    house.close().await;
}

#[tokio::test]
async fn the_owner_hears_of_a_new_name_and_of_a_sheet_that_took_the_place_of_another() {
    let house = House::open().await;
    with_phone(&house).await;
    let browser = raised(&house, "2468102").await;
    let with_subject = async |subject: &str| {
        let line = format!("Subject: {subject}\r\n");
        mails(&house, ANN).await.into_iter().filter(|mail| mail.contains(&line)).collect::<Vec<_>>()
    };
    let key = keys_of(&house, ANN).await.remove(0);
    let rename = browser.open(&format!("{HERE}/{}/rename", key.id)).await;
    browser.submit(&rename, "/rename", &[("name", "Old phone")]).await;
    let told = with_subject("A security key of your account was renamed").await;
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("Ann's phone") && told[0].contains("Old phone"), "{}", told[0]);

    add(&browser, SHEET, "Sheet", &[("f-kept", "true")]).await;
    assert!(with_subject("A security key of your account was replaced").await.is_empty());
    add(&browser, SHEET, "Sheet", &[("f-kept", "true")]).await;
    let told = with_subject("A security key of your account was replaced").await;
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("the codes of a former sheet no longer work"), "{}", told[0]);
    assert!(told[0].contains("/stop-key/"));
    assert_eq!(with_subject("A security key was added to your account").await.len(), 2);
    house.close().await;
}

#[tokio::test]
async fn a_factor_that_keeps_failing_writes_one_fault_a_minute() {
    let house = House::open().await;
    let browser = permitted(&house, ANN).await;
    let fail = async || {
        let tab = browser.open(HERE).await;
        assert_eq!(browser.submit(&tab, &format!("/add/{BROKEN}"), &[]).await.status, 503);
    };
    let faults = async || {
        let person = house.person(ANN).await.id;
        let events = house.app().store.list_audit_of_person(person, 50).await.unwrap();
        let faults = events.into_iter().filter(|event| event.kind == AuditKind::FactorFault);
        faults.map(|event| event.personal.detail.unwrap()).collect::<Vec<_>>()
    };
    for _ in 0..4 {
        fail().await;
    }
    assert_eq!(faults().await.len(), 1);
    house.pass(Duration::from_mins(1));
    fail().await;
    let told = faults().await;
    assert_eq!(told.len(), 2);
    assert!(told[0].ends_with("(and 3 before, not written)"), "{}", told[0]);
    house.close().await;
}
