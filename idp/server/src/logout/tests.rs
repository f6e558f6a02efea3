//! Every way of ending a session tells the applications of it, by a running server to a running receiver.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use keyholder_core::application::RelyingApplication;
use keyholder_core::ports::{Command, Transaction};
use serde_json::Value;

use super::*;
use crate::applications::REVISION;
use crate::cli::person_commands::{Disable, Surroundings};
use crate::digest::hash_token;
use crate::outbound::test_receiver::Receiver;
use crate::web::testing::{ANN, Browser, House, PASSWORD, asks, session_cookie};

const FRESH: &str = "seven quiet otters downstream";

#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    SignOut,
    SignOutEverywhere,
    AskedByAnApplication,
    EndedInAccountSettings,
    PasswordChanged,
    PasswordSetByALink,
    PersonDisabled,
}

impl Way {
    const ALL: [Self; 7] = [
        Self::SignOut,
        Self::SignOutEverywhere,
        Self::AskedByAnApplication,
        Self::EndedInAccountSettings,
        Self::PasswordChanged,
        Self::PasswordSetByALink,
        Self::PersonDisabled,
    ];

    /// Ends the session of `browser`, there or from elsewhere.
    async fn go(self, house: &House, browser: &Browser) {
        match self {
            Self::SignOut => {
                let page = browser.open("/sign-out").await;
                browser.submit(&page, "/sign-out", &[]).await;
            }
            Self::AskedByAnApplication => {
                let page = browser.open("/oidc/logout?client_id=safeguarding").await;
                browser.submit(&page, "/oidc/logout/confirm", &[]).await;
            }
            Self::SignOutEverywhere => {
                let other = house.signed_in(ANN).await;
                let page = other.open("/account").await;
                other.submit(&page, "/sign-out/everywhere", &[]).await;
            }
            Self::EndedInAccountSettings => {
                let other = house.signed_in(ANN).await;
                let page = other.open("/account").await;
                other.submit(&page, "/account/sign-ins/end", &[]).await;
            }
            Self::PasswordChanged => {
                let other = house.signed_in(ANN).await;
                let page = other.open("/account/password").await;
                let fields = [("current", PASSWORD), ("password", FRESH), ("again", FRESH)];
                other.submit(&page, "/account/password", &fields).await;
            }
            Self::PasswordSetByALink => {
                let other = house.browser();
                let page = other.open(&house.password_link(ANN).await).await;
                other.submit(&page, "/link/", &[("password", FRESH), ("again", FRESH)]).await;
            }
            Self::PersonDisabled => {
                let (app, person) = (house.app(), house.person(ANN).await.id);
                let issuer = app.config.issuer().to_owned();
                let surroundings = Surroundings { now: app.now(), random: Arc::clone(&app.random), issuer };
                assert_eq!(house.run(Disable { person, surroundings }).await, 1);
            }
        }
    }
}

struct Register(RelyingApplication);

#[async_trait]
impl Command for Register {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        transaction.put_application(&self.0).await?;
        transaction.raise_revision(REVISION).await
    }
}

async fn house(receiver: &Receiver) -> House {
    let house = House::with(|config| config.outbound.test_bed.allow_loopback = true).await;
    let app = house.app();
    let mut application = app.store.find_application_by_client_id("safeguarding").await.unwrap().unwrap();
    application.client.backchannel_logout_uri = Some(receiver.url.clone());
    house.run(Register(application)).await;
    app.applications.refresh(&app.store).await.unwrap();
    house
}

#[tokio::test]
async fn every_way_of_ending_a_session_tells_the_applications() {
    for way in Way::ALL {
        let receiver = Receiver::answering("200 OK").await;
        let house = house(&receiver).await;
        let browser = house.signed_in(ANN).await;
        let away = browser.open(&asks("safeguarding", "")).await;
        assert!(away.path.starts_with("https://app.example/callback?code="), "{}", away.path);
        let cookie = hash_token(&session_cookie(&browser).unwrap());
        let session = house.app().store.find_session_by_token(cookie).await.unwrap().unwrap();
        let grants = house.app().store.list_grants_of_session(session.id).await.unwrap();
        way.go(&house, &browser).await;
        assert!(browser.open("/account").await.path.starts_with("/sign-in/"), "{way:?}");
        receiver.asked.notified().await;
        let token = receiver.posted(0, "logout_token");
        let payload = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
        let claims: Value = serde_json::from_slice(&payload).unwrap();
        assert_eq!(claims["sid"], Sid::of_grant(house.app().sealer.as_ref(), &grants[0]).as_str(), "{way:?}");
        assert_eq!((claims["aud"].as_str(), claims["sub"].as_str()), (Some("safeguarding"), Some(&*grants[0].subject)));
        house.close().await;
        assert_eq!(receiver.requests().len(), 1, "{way:?}");
    }
}
