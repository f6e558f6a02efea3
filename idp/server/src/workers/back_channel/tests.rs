//! Back-Channel Logout 1.0 with receivers of every kind.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;
use std::time::Duration;

use keyholder_core::application::RelyingApplication;
use keyholder_core::audit::{AuditEvent, AuditKind};
use keyholder_core::id::{GrantId, OutboxId};
use keyholder_core::outbox::{Lane, OutboxMessage};
use keyholder_oidc::jws::Verified;
use url::Url;

use super::*;
use crate::audit::About;
use crate::config::{Config, MailConfig, MailTransport, OutboundConfig, SmtpSecurity, TestBedConfig};
use crate::mail::test_server::MailServer;
use crate::oidc::back::tests::bed::{Bed, Seed};
use crate::outbound::Fetcher;
use crate::outbound::test_receiver::Receiver;
use crate::spine::commands::{EndSession, EndSessionsOf};
use crate::workers::Workers;
use crate::workers::outbox::deliver_due;
use crate::workers::tests::{Leave, notice};

/// The token of a request, its signature checked.
fn token(receiver: &Receiver, number: usize, bed: &Bed) -> Verified {
    bed.verify(&receiver.posted(number, "logout_token"))
}

fn outbound(allow_loopback: bool) -> OutboundConfig {
    OutboundConfig { allow: vec![], test_bed: TestBedConfig { allow_loopback, ca_file: None } }
}

async fn bed(allow_loopback: bool) -> Bed {
    Bed::open_with(Config { outbound: outbound(allow_loopback), ..Config::default() }).await
}

/// An application with a grant in the session.
async fn used(bed: &Bed, client_id: &str, address: Option<&Url>) -> (RelyingApplication, GrantId) {
    let application = bed.register(client_id, |client| client.backchannel_logout_uri = address.cloned()).await;
    let (grant, _) = bed.code(&application, "openid", |_, _| {}).await;
    (application, grant.id)
}

fn signed_out(bed: &Bed) -> AuditEvent {
    crate::audit::event(&bed.app, AuditKind::SignedOut, About::default())
}

async fn end(bed: &Bed) {
    let command = EndSession { session: bed.session.id, audit: signed_out(bed), now: bed.app.now() };
    assert!(bed.app.store.execute(command).await.unwrap());
}

async fn deliver(bed: &Bed) -> usize {
    deliver_due(&Post::of(&bed.app), "worker", Lane::Notices).await.unwrap()
}

async fn waiting(bed: &Bed) -> u64 {
    bed.app.store.count_waiting_outbox().await.unwrap()
}

#[actix_web::test]
async fn two_applications_are_told_and_a_third_is_not() {
    let bed = bed(true).await;
    let (one, two) = (Receiver::answering("200 OK").await, Receiver::answering("204 No Content").await);
    let (first, _) = used(&bed, "one", Some(&one.url)).await;
    let (second, former) = used(&bed, "two", Some(&two.url)).await;
    bed.write(Seed { ended_grants: vec![former], ..Seed::default() }).await;
    used(&bed, "silent", None).await;
    bed.register("unused", |client| client.backchannel_logout_uri = Some(one.url.clone())).await;
    end(&bed).await;
    assert_eq!((deliver(&bed).await, waiting(&bed).await), (2, 0));
    assert_eq!((one.requests().len(), two.requests().len()), (1, 1));
    for (receiver, application) in [(&one, &first), (&two, &second)] {
        let token = token(receiver, 0, &bed);
        assert!(token.header.is_typ("logout+jwt"));
        assert_eq!(token.text("aud"), Some(application.client.client_id.as_str()));
        assert_eq!(token.text("iss"), Some(bed.app.config.issuer()));
        assert_eq!(token.text("sub"), Some(bed.person.subject.as_str()));
        let sid = Sid::new(bed.app.sealer.as_ref(), bed.session.id, application.id, &bed.person.subject);
        assert_eq!(token.text("sid"), Some(sid.as_str()));
        assert_eq!(token.seconds("exp").unwrap() - token.seconds("iat").unwrap(), 120);
        assert!(!token.claims.contains_key("nonce"));
    }
    assert_eq!(deliver(&bed).await, 0, "told once");
}

#[actix_web::test]
async fn signing_out_everywhere_tells_the_applications() {
    let bed = bed(true).await;
    let receiver = Receiver::answering("200 OK").await;
    used(&bed, "app", Some(&receiver.url)).await;
    let command = EndSessionsOf { person: bed.person.id, audit: signed_out(&bed), now: bed.app.now() };
    bed.app.store.execute(command).await.unwrap();
    assert_eq!((deliver(&bed).await, receiver.requests().len()), (1, 1));
}

#[actix_web::test]
async fn a_receiver_in_trouble_is_told_again_with_a_new_token() {
    let bed = bed(true).await;
    let receiver = Receiver::answering("500 Oh").await;
    used(&bed, "app", Some(&receiver.url)).await;
    end(&bed).await;
    assert_eq!((deliver(&bed).await, waiting(&bed).await), (1, 1));
    assert_eq!(deliver(&bed).await, 0, "not at once");
    receiver.now_answers("200 OK");
    bed.clock.advance(Duration::from_mins(10));
    assert_eq!((deliver(&bed).await, waiting(&bed).await), (1, 0));
    let (first, second) = (token(&receiver, 0, &bed), token(&receiver, 1, &bed));
    assert_ne!(first.text("jti"), second.text("jti"));
    assert_eq!(second.seconds("iat"), Some(bed.app.now().as_seconds()));
}

#[actix_web::test]
async fn a_receiver_that_refuses_the_token_is_given_up() {
    let bed = bed(true).await;
    let receiver = Receiver::answering("400 Bad Request").await;
    used(&bed, "app", Some(&receiver.url)).await;
    end(&bed).await;
    assert_eq!((deliver(&bed).await, waiting(&bed).await), (1, 0));
    bed.clock.advance(Duration::from_hours(48));
    assert_eq!((deliver(&bed).await, receiver.requests().len()), (0, 1));
}

#[actix_web::test]
async fn a_receiver_that_redirects_inward_leads_nowhere() {
    let bed = bed(true).await;
    let inside = Receiver::answering("200 OK").await;
    for status in ["302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let receiver = Receiver::answering(&format!("{status}\r\nLocation: {}", inside.url)).await;
        used(&bed, &status.replace(' ', "-"), Some(&receiver.url)).await;
    }
    end(&bed).await;
    assert_eq!((deliver(&bed).await, waiting(&bed).await), (3, 3));
    assert_eq!(inside.requests(), Vec::<String>::new());
}

#[actix_web::test]
async fn an_address_that_leads_inward_is_not_asked() {
    let bed = bed(false).await;
    let inside = Receiver::answering("200 OK").await;
    used(&bed, "app", Some(&inside.url)).await;
    used(&bed, "by-name", Some(&Url::parse("https://localhost:1/out").unwrap())).await;
    end(&bed).await;
    assert_eq!((deliver(&bed).await, waiting(&bed).await), (2, 2));
    assert_eq!(inside.requests(), Vec::<String>::new());
}

#[actix_web::test]
async fn an_application_that_was_changed_meanwhile_is_told_nothing() {
    let bed = bed(true).await;
    let receiver = Receiver::answering("200 OK").await;
    let (mut application, _) = used(&bed, "app", Some(&receiver.url)).await;
    end(&bed).await;
    application.client.backchannel_logout_uri = None;
    bed.write(Seed { applications: vec![application], ..Seed::default() }).await;
    assert_eq!((deliver(&bed).await, waiting(&bed).await), (1, 0));
    assert!(receiver.requests().is_empty());
}

/// Without lanes this test waits for ever: the worker would sit with the receiver, which answers only after the mail.
#[actix_web::test]
async fn a_receiver_that_hangs_holds_up_no_mail() {
    let mails = MailServer::default();
    let (host, port) = ("localhost".into(), mails.listen().await);
    let transport = MailTransport::Smtp { host, port, security: SmtpSecurity::None, username: None, password: None };
    let mail = MailConfig { transport, ..MailConfig::default() };
    let bed = Bed::open_with(Config { mail, outbound: outbound(true), ..Config::default() }).await;
    let receiver = Receiver::hanging("200 OK").await;
    used(&bed, "app", Some(&receiver.url)).await;
    end(&bed).await;
    // One that gives up upon nobody, so that no time decides.
    let mut app = bed.app.into_inner();
    Arc::get_mut(&mut app).unwrap().fetcher = Fetcher::with_timeout(&outbound(true), Duration::from_hours(1)).unwrap();
    let workers = Workers::start(Arc::clone(&app));
    receiver.asked.notified().await;
    let (id, now) = (OutboxId::draw(&*app.random, app.now()), app.now());
    let delivery = notice("ann@oakfield.example");
    let message = OutboxMessage { id, delivery, due_at: now, attempts: 0, created_at: now };
    app.store.execute(Leave(message)).await.unwrap();
    app.outbox_wake.notify_one();
    mails.arrival.notified().await;
    receiver.release();
    workers.stop().await;
    assert_eq!((app.store.count_waiting_outbox().await.unwrap(), receiver.requests().len()), (0, 1));
    app.store.close().await;
}

/// The applications are told by `end_session` and `end_sessions_of`; the rows beneath are nobody's to end alone.
#[test]
fn no_way_of_ending_a_session_forgets_the_applications() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let (mut folders, mut callers) = (vec![root.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|extension| extension == "rs") {
                let source = std::fs::read_to_string(&entry).unwrap();
                // Written apart, so that this file does not find itself.
                let names = [concat!(".close_", "session("), concat!(".close_", "sessions_of(")];
                if names.iter().any(|name| source.contains(name)) {
                    callers.push(entry.strip_prefix(root).unwrap().to_owned());
                }
            }
        }
    }
    assert_eq!(callers, [std::path::Path::new("core/src/ports/transaction.rs")]);
}
