//! Changes after which an application knows people by other names.

use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::web::testing::House;
use crate::wiring::SystemRandom;

async fn apply(house: &House, text: &str, mode: Mode) -> Vec<String> {
    let around = Surroundings {
        folder: Path::new("/nowhere"),
        is_legible: &|_| true,
        random: &SystemRandom,
        saml_entity_id: "https://id.example/saml/metadata",
        now: keyholder_core::time::Timestamp::from_seconds(1_800_000_000),
    };
    let (wanted, random) = (parse(text, &around).unwrap(), Arc::new(SystemRandom));
    house.run(Apply { wanted, unlisted: Unlisted::Keep, mode, now: house.app().now(), random }).await.unwrap().warnings
}

fn school(slug: &str, more: &str) -> String {
    format!("[[school]]\nslug = '{slug}'\nname = 'N'\n{more}\n")
}

fn trust(one_subject: bool) -> String {
    format!("[[trust]]\nslug = 'river'\nname = 'River'\none_subject_across_schools = {one_subject}\n")
}

fn application(lines: &str) -> String {
    format!(
        "[[application]]\nclient_id = 'x'\nname = 'X'\nredirect_uris = ['https://x.example/cb']\nscopes = ['openid']\n\
         authentication = {{ method = 'none' }}\n{lines}\n"
    )
}

#[tokio::test]
async fn a_change_of_the_names_of_people_is_warned_of() {
    let house = House::empty(|_| {}).await;
    let warning = vec!["the names (`sub`) by which x knows the people of oakfield change".to_owned()];
    let none: Vec<String> = Vec::new();
    let (one, both) = (application("schools = ['oakfield']"), application("schools = ['oakfield', 'bryn']"));
    let pairwise = application("schools = ['oakfield', 'bryn']\nsubject_type = 'pairwise'");
    let start = trust(false) + &school("oakfield", "trust = 'river'") + &school("bryn", "") + &one;
    let steps = [
        (start, Mode::Write, &none, "nobody knew anybody"),
        (one, Mode::Write, &none, "nothing changes"),
        (both.clone(), Mode::DryRun, &warning, "told before it is done"),
        (both, Mode::Write, &warning, "a second school"),
        (trust(true), Mode::Write, &warning, "the trust alone"),
        (pairwise, Mode::Write, &warning, "in bryn names were of that school already"),
        (school("oakfield", ""), Mode::Write, &warning, "a school that leaves its trust"),
    ];
    for (text, mode, expected, why) in steps {
        assert_eq!(apply(&house, &text, mode).await, *expected, "{why}");
    }
    house.close().await;
}
