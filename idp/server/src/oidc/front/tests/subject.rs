//! `sub`

use super::*;
use crate::oidc::front::subject_of;

async fn subjects(world: &World, application: &RelyingApplication) -> (String, String) {
    let of = async |number, slug| subject_of(world.app(), application, &person(), &school(number, slug)).await.unwrap();
    (of(1, "oakfield").await, of(2, "brook").await)
}

/// Says whether the trust's schools share subjects.
struct Share(bool);

#[async_trait]
impl Command for Share {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        let trusts = transaction.list_trusts().await?;
        transaction.put_trust(&Trust { one_subject_across_schools: self.0, ..trusts[0].clone() }).await
    }
}

#[actix_web::test]
async fn two_schools_cannot_join_what_they_know_unless_their_trust_says_so() {
    let world = World::new().await;
    let one = application();
    let several =
        RelyingApplication { offered_to: OfferedTo::Trust(TrustId::from_uuid(Uuid::from_u128(1))), ..application() };
    let mut pairwise = application();
    pairwise.client.subject_type = SubjectType::Pairwise;
    let other = RelyingApplication { id: ApplicationId::from_uuid(Uuid::from_u128(8)), ..pairwise.clone() };

    assert_eq!(subjects(&world, &one).await.0, "public-subject");
    let (here, there) = subjects(&world, &several).await;
    assert!(here != there && here != "public-subject" && there != "public-subject");
    let (mine, _) = subjects(&world, &pairwise).await;
    assert!(mine != "public-subject" && mine != subjects(&world, &other).await.0);

    world.app().store.execute(Share(true)).await.unwrap();
    let (here, there) = subjects(&world, &several).await;
    assert_eq!((here.as_str(), there.as_str()), ("public-subject", "public-subject"));
    let (here, there) = subjects(&world, &pairwise).await;
    assert!(here == there && here != "public-subject");
    world.stop().await;
}

#[actix_web::test]
async fn no_answer_is_about_another_person_than_the_one_asked_for() {
    let several =
        RelyingApplication { offered_to: OfferedTo::Trust(TrustId::from_uuid(Uuid::from_u128(1))), ..application() };
    let world = World::with(several.clone(), vec![1, 2]).await;
    let (here, there) = subjects(&world, &several).await;
    let ask = async |subject: &str| {
        let claims = serde_json::json!({"id_token": {"sub": {"value": subject}}}).to_string();
        let address = request(&[("claims", &claims), ("school", "oakfield"), ("prompt", "none")]);
        world.follow(&address, Browser::SignedIn).await
    };
    assert!(ask(&here).await.parameter("code").is_some());
    for wrong in [there.as_str(), "public-subject", "nobody"] {
        assert_eq!(ask(wrong).await.parameter("error").as_deref(), Some("login_required"), "{wrong}");
    }
    world.stop().await;
}
