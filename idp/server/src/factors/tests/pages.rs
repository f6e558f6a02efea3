//! What stands around the question.

use keyholder_core::membership::Membership;

use super::*;

/// An Admin Key Holder from now on.
struct Appoint(Membership);

#[async_trait]
impl Command for Appoint {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        transaction.put_membership(&Membership { admin_key_holder: true, ..self.0.clone() }).await
    }
}

#[actix_web::test]
async fn a_wrong_recovery_code_is_not_put_back_into_its_field() {
    let house = house(&[], &[CODE, SHEET]).await;
    let (browser, page) = at_factor(&house).await;
    let page = browser.open(&page.link("/account/security-keys/use/recovery-code")).await;
    let refused = type_code(&browser, &page, "three").await;
    assert_eq!(refused.status, 422, "{}", refused.text);
    assert!(!refused.has("three"), "{}", refused.text);
    assert!(refused.form("/factor").1.iter().any(|(name, value)| name == "f-code" && value.is_empty()));
}

#[actix_web::test]
async fn other_keys_are_promised_to_whoever_has_some() {
    const PROMISE: &str = "Your other keys work meanwhile.";
    for (factors, promised) in [(&[CODE][..], false), (&[CODE, SHEET], false), (&[CODE, TOUCH], true)] {
        let house = house(&[], factors).await;
        let (browser, page) = at_factor(&house).await;
        let here = page.path.split("/factor").next().unwrap();
        let mut page = browser.open(&format!("{here}/factor/{CODE}")).await;
        for _ in 0..5 {
            page = type_code(&browser, &page, "111111").await;
        }
        assert!(page.has("This key waits until"), "{}", page.text);
        assert_eq!(page.has(PROMISE), promised, "{factors:?}: {}", page.text);
        house.close().await;
    }
}

#[actix_web::test]
async fn whoever_has_no_key_at_hand_reads_whom_to_ask() {
    let house = house(&[], &[CODE]).await;
    let (_, page) = at_factor(&house).await;
    assert!(page.has("Ask an Admin Key Holder at your school, or Joanne Whitlock"), "{}", page.text);
    let beth = house.person(BETH).await;
    let members = house.app().store.list_memberships(beth.id).await.unwrap();
    let of_oakfield = members.into_iter().find(|member| member.school.slug == "oakfield").unwrap();
    house.run(Appoint(of_oakfield.membership)).await;
    let (_, page) = at_factor(&house).await;
    let asked = format!("Ask an Admin Key Holder: {}", beth.display_name());
    assert!(page.has(&asked) && page.has("or Joanne Whitlock"), "{}", page.text);
    // Nobody is told to ask themselves.
    let browser = house.browser();
    let page = browser.sign_in(&asks("safeguarding", "&school=oakfield"), BETH, PASSWORD).await;
    assert!(page.has("Two Factor Authentication") && !page.has(&asked), "{}", page.text);
    house.close().await;
}

#[actix_web::test]
async fn a_page_for_a_security_key_has_no_button_before_its_script() {
    let house = house(&[], &[TOUCH]).await;
    let (_, page) = at_factor(&house).await;
    assert!(page.has("data-webauthn-scripted hidden><button"), "{}", page.text);
    assert!(page.has("<noscript>") && page.has("Security keys need JavaScript"), "{}", page.text);
    house.close().await;
}
