//! Keys that go, or change hands, while something was proved with them.

use super::*;

/// A session ends, and an offline grant like this one of its grants stays.
struct LeaveOffline(Grant, Timestamp);

#[async_trait]
impl Command for LeaveOffline {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        transaction.insert_grant(&self.0).await?;
        transaction.end_session(self.0.session, self.1).await?;
        Ok(())
    }
}

/// Ann at the page that asks for the only key that she has: one that Oakfield issued.
async fn with_managed_key() -> House {
    let house = house(&[], &[]).await;
    let person = house.person(ANN).await;
    let issued = Credential { owner: CredentialOwner::School(school(1)), ..key(&house, &person, CODE) };
    house.run(Put { group: None, keys: vec![issued] }).await;
    house
}

#[actix_web::test]
async fn a_key_that_was_taken_back_meanwhile_proves_nothing() {
    let house = with_managed_key().await;
    let (_, ceremony, key, session) = challenge(&house).await;
    let outcome = {
        let person = house.person(BETH).await;
        // Beth, so that the ceremony stays: what is left to tell is the holder.
        house.run(Forget { key: key.id, person, here: None, now: house.app().now() }).await;
        house.run(accept(&house, &ceremony, &key, &session)).await
    };
    assert_eq!(outcome, Accepting::Lost);
    assert!(factors_in(&session_of(&house, ANN).await).is_empty());
}

#[actix_web::test]
async fn an_approval_that_nobody_picked_up_goes_with_its_key() {
    let house = house(&[], &[CODE]).await;
    let (browser, page) = at_factor(&house).await;
    let (ceremony, key) = (open_ceremony(&house, ANN).await, keys_of(&house, ANN).await.remove(0));
    deliver(house.app(), approval(&ceremony, &key, "approve")).await.unwrap();
    let person = house.person(ANN).await;
    house.run(Forget { key: key.id, person, here: None, now: house.app().now() }).await;
    let page = browser.open(&page.link("/factor/soft-key")).await;
    assert!(!is_answered(&page), "{page:?}");
    assert!(factors_in(&session_of(&house, ANN).await).is_empty());
}

#[actix_web::test]
async fn a_removed_key_opens_no_application_where_it_was_used_either() {
    let house = house(&[], &[CODE]).await;
    let (browser, page) = at_factor(&house).await;
    assert!(is_answered(&type_code(&browser, &page, DIGITS).await));
    let (session, key) = (session_of(&house, ANN).await, keys_of(&house, ANN).await.remove(0));
    let person = house.person(ANN).await;
    house.run(Forget { key: key.id, person, here: Some(session.id), now: house.app().now() }).await;
    let session = session_of(&house, ANN).await;
    assert!(session.manages_keys_until(house.app().now()).is_some(), "a lost phone is replaced in one go");
    assert_eq!(factors_in(&session)[0].reach, Reach::KeyManagement);
    assert!(house.app().store.list_live_grants(session.id, house.app().now()).await.unwrap().is_empty());
}

#[actix_web::test]
async fn an_offline_grant_ends_with_the_key_although_its_session_ended_before() {
    let house = house(&[], &[CODE]).await;
    let (browser, page) = at_factor(&house).await;
    assert!(is_answered(&type_code(&browser, &page, DIGITS).await));
    let (session, key, now) = (session_of(&house, ANN).await, keys_of(&house, ANN).await.remove(0), house.app().now());
    let made = house.app().store.list_live_grants(session.id, now).await.unwrap().remove(0);
    let grant = Grant { id: GrantId::draw(&SystemRandom, now), offline: true, ..made };
    house.run(LeaveOffline(grant.clone(), now)).await;
    let live = |grant: Option<Grant>| grant.is_some_and(|grant| grant.is_live(now));
    assert!(live(house.app().store.find_grant(grant.id).await.unwrap()));
    let person = house.person(ANN).await;
    house.run(Forget { key: key.id, person, here: None, now }).await;
    assert!(!live(house.app().store.find_grant(grant.id).await.unwrap()));
}
