#![allow(clippy::unwrap_used, reason = "tests")]

use keyholder_core::saml::MetadataSource;

use super::*;
use crate::outbound::test_publisher::Publisher;
use crate::saml::source::Renewed;
use crate::saml::source::tests::{SP, bed, document, pinned, register, signed};

fn source(publisher: &Publisher) -> MetadataSource {
    MetadataSource { address: publisher.url.clone(), entity_id: None, certificates: pinned() }
}

#[actix_web::test]
async fn metadata_is_fetched_when_it_is_due_and_counts_at_once() {
    let bed = bed().await;
    let publisher = Publisher::of(&signed(&document(SP, "https://sp.example/acs", 14))).await;
    register(&bed, "sp", source(&publisher)).await;
    bed.app.applications.refresh(&bed.app.store).await.unwrap();
    publisher.publish(&signed(&document(SP, "https://sp.example/new", 15)));
    assert!(refresh_due(&bed.app, "node-1").await.unwrap().is_empty());
    assert_eq!(publisher.asked().len(), 1, "not due");
    // The jitter takes a tenth of the day at most.
    bed.clock.advance(Duration::from_hours(21));
    assert!(refresh_due(&bed.app, "node-1").await.unwrap().is_empty());
    bed.clock.advance(Duration::from_hours(3));
    let outcomes = refresh_due(&bed.app, "node-1").await.unwrap();
    assert_eq!(outcomes[0].result, Ok(Renewed::Changed));
    assert!(refresh_due(&bed.app, "node-1").await.unwrap().is_empty(), "done");
    assert_eq!(publisher.asked().len(), 2);
    // What a server does twice a second.
    bed.app.applications.refresh(&bed.app.store).await.unwrap();
    let registered = bed.app.applications.find_provider(&bed.app, SP).await.unwrap().unwrap();
    assert_eq!(registered.provider.metadata.assertion_consumer_services[0].location, "https://sp.example/new");
}

#[actix_web::test]
async fn one_node_fetches() {
    let bed = bed().await;
    let publisher = Publisher::of(&signed(&document(SP, "https://sp.example/acs", 14))).await;
    register(&bed, "sp", source(&publisher)).await;
    publisher.answer("HTTP/1.1 503 Later\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    bed.clock.advance(Duration::from_hours(24));
    assert_eq!(refresh_due(&bed.app, "node-1").await.unwrap().len(), 1);
    bed.clock.advance(Duration::from_mins(5));
    assert!(refresh_due(&bed.app, "node-2").await.unwrap().is_empty(), "node-1 has the lease");
    bed.clock.advance(LEASE_TIME);
    assert_eq!(refresh_due(&bed.app, "node-2").await.unwrap().len(), 1);
}

#[actix_web::test]
async fn the_log_is_told_once_a_day() {
    let bed = bed().await;
    let publisher = Publisher::of(&signed(&document(SP, "https://sp.example/acs", 14))).await;
    register(&bed, "sp", source(&publisher)).await;
    assert_eq!(tell(&bed.app, "node-1").await.unwrap(), 0, "all is well");
    bed.clock.advance(Duration::from_hours(24 * 13));
    assert_eq!(tell(&bed.app, "node-1").await.unwrap(), 1);
    for node in ["node-1", "node-2"] {
        bed.clock.advance(Duration::from_hours(11));
        assert_eq!(tell(&bed.app, node).await.unwrap(), 0);
    }
    bed.clock.advance(Duration::from_hours(2));
    assert_eq!(tell(&bed.app, "node-2").await.unwrap(), 1);
}
