//! Commands: all or nothing, each by itself, durable when acknowledged.

use futures::future::join_all;
use keyholder_core::ports::{Queries as _, SingleUse, StoreError};

use super::execute;
use super::sample::{NOW, at, person, school};
use crate::SqlStore;

pub async fn an_error_undoes_its_command_alone(store: &SqlStore) {
    let outcomes = join_all((0..64_u8).map(|number| async move {
        execute!(store, t, [], async move {
            t.use_once(SingleUse::ClientAssertion, &[number], at(60)).await?;
            if number % 2 == 1 {
                return Err(StoreError::Conflict(format!("number {number}")));
            }
            Ok(number)
        })
        .await
    }))
    .await;
    for (number, outcome) in (0..64_u8).zip(outcomes) {
        let kept = store.is_used(SingleUse::ClientAssertion, &[number]).await.unwrap();
        match outcome {
            Ok(answer) => assert!(answer == number && number % 2 == 0 && kept),
            Err(StoreError::Conflict(what)) => assert!(what == format!("number {number}") && !kept),
            Err(other) => panic!("{other:?}"),
        }
    }
}

pub async fn a_command_sees_what_it_wrote(store: &SqlStore) {
    let (here, someone) = (school("oakfield", None, NOW), person("ann@oakfield.example", NOW));
    let seen = execute!(store, t, [here, someone], async move {
        t.put_school(&here).await?;
        t.insert_person(&someone).await?;
        Ok(t.find_school_by_slug("oakfield").await?.is_some() && t.find_person(someone.id).await?.is_some())
    })
    .await
    .unwrap();
    assert!(seen);
    // A conflict is an answer like any other: the command may go on after it.
    let same = person("ann@oakfield.example", NOW);
    let went_on = execute!(store, t, [same], async move {
        let conflict = t.insert_person(&same).await;
        t.raise_revision("people").await?;
        Ok(matches!(conflict, Err(StoreError::Conflict(_))))
    })
    .await
    .unwrap();
    assert!(went_on);
    assert_eq!(store.revision("people").await.unwrap(), 1);
}

pub async fn what_is_acknowledged_is_read(store: &SqlStore) {
    for number in 0..50_u8 {
        execute!(store, t, [], t.use_once(SingleUse::FlowAdopted, &[number], at(60))).await.unwrap();
        assert!(store.is_used(SingleUse::FlowAdopted, &[number]).await.unwrap());
    }
}

pub async fn many_commands_at_once_are_all_done(store: &SqlStore) {
    join_all((0..2000).map(|_| async move { execute!(store, t, [], t.raise_revision("count")).await.unwrap() })).await;
    assert_eq!(store.revision("count").await.unwrap(), 2000);
}
