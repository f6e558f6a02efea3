//! Sessions, browsers, grants, refresh tokens.

use futures::future::join_all;
use keyholder_core::grant::GrantInFull;
use keyholder_core::id::{GrantId, SessionId};
use keyholder_core::membership::MembershipInFull;
use keyholder_core::outbox::{Delivery, Lane};
use keyholder_core::ports::{Familiarity, Queries as _, SingleUse};
use keyholder_core::session::KnownBrowser;

use super::sample::{NOW, Sample, Serial, at, group, membership, person, refresh_token, sample, session, token};
use super::{execute, is_conflict, only};
use crate::SqlStore;

pub async fn a_session_is_found_by_its_token_while_it_stands(store: &SqlStore) {
    let s = sample(store).await;
    assert_eq!(store.find_session_by_token(s.session.token).await.unwrap(), Some(s.session.clone()));
    assert_eq!(store.find_session_by_token(token()).await.unwrap(), None);
    assert!(is_conflict(&execute!(store, t, [s], t.insert_session(&s.session)).await));
    let mut same_token = session(&s.person);
    same_token.token = s.session.token;
    assert!(is_conflict(&execute!(store, t, [same_token], t.insert_session(&same_token)).await));
    assert_eq!(store.list_live_sessions(s.person.id, NOW).await.unwrap(), only(&s.session));
    assert!(store.list_live_sessions(s.person.id, s.session.expires_at).await.unwrap().is_empty());
}

pub async fn a_session_is_found_with_its_person_and_all_memberships(store: &SqlStore) {
    let s = sample(store).await;
    let found = store.find_session_in_full(s.session.token).await.unwrap().unwrap();
    assert_eq!((&found.session, &found.person), (&s.session, &s.person));
    assert_eq!(found.memberships, store.list_memberships(s.person.id).await.unwrap());
    assert_eq!(found.memberships[0].pupil_scopes.len(), 2);
    // A second one, and a person without any.
    let other = group(s.other_school.id, "second");
    let second = membership(&s.person, &s.other_school, &other);
    execute!(store, t, [other, second], async move {
        t.put_group(&other).await?;
        t.put_membership(&second).await
    })
    .await
    .unwrap();
    let found = store.find_session_in_full(s.session.token).await.unwrap().unwrap();
    assert_eq!(found.memberships, store.list_memberships(s.person.id).await.unwrap());
    assert_eq!(found.memberships.len(), 2);
    let nowhere = person("nowhere@example.org", NOW);
    let theirs = session(&nowhere);
    execute!(store, t, [nowhere, theirs], async move {
        t.insert_person(&nowhere).await?;
        t.insert_session(&theirs).await
    })
    .await
    .unwrap();
    let found = store.find_session_in_full(theirs.token).await.unwrap().unwrap();
    assert_eq!((found.session, found.person, found.memberships), (theirs, nowhere, Vec::new()));
    assert_eq!(store.find_session_in_full(token()).await.unwrap(), None);
}

pub async fn a_session_is_swapped_by_one(store: &SqlStore) {
    let s = sample(store).await;
    let swaps = join_all((0..32_i64).map(|second| {
        let mut next = s.session.clone();
        next.token = token();
        next.elevated_until = Some(at(second));
        async move { execute!(store, t, [next], t.swap_session(&next)).await.unwrap().then_some(next) }
    }))
    .await;
    let winners: Vec<_> = swaps.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    let mut expected = winners[0].clone();
    expected.version = 2;
    assert_eq!(store.find_session(s.session.id).await.unwrap(), Some(expected));
    assert_eq!(store.find_session_by_token(s.session.token).await.unwrap(), None);
}

pub async fn the_later_use_of_a_session_wins(store: &SqlStore) {
    let id = sample(store).await.session.id;
    execute!(store, t, [], t.touch_session(id, at(20))).await.unwrap();
    execute!(store, t, [], t.touch_session(id, at(10))).await.unwrap();
    let found = store.find_session(id).await.unwrap().unwrap();
    assert_eq!((found.last_seen_at, found.version), (at(20), 1));
}

pub async fn a_session_ends_once_and_takes_its_grants_along(store: &SqlStore) {
    let s = sample(store).await;
    let mut offline = s.grant.clone();
    offline.id = GrantId::draw(&Serial, NOW);
    offline.offline = true;
    execute!(store, t, [offline], t.insert_grant(&offline)).await.unwrap();
    let mut before = store.list_live_grants(s.session.id, NOW).await.unwrap();
    before.sort_by_key(|grant| grant.offline);
    assert_eq!(before, [s.grant.clone(), offline.clone()]);

    let id = s.session.id;
    let ends =
        join_all((0..16).map(|_| async move { execute!(store, t, [], t.end_session(id, at(5))).await.unwrap() }));
    assert_eq!(ends.await.into_iter().filter(|ended| *ended).count(), 1);
    assert_eq!(store.find_session(id).await.unwrap().unwrap().ended_at, Some(at(5)));
    assert_eq!(store.find_grant(s.grant.id).await.unwrap().unwrap().ended_at, Some(at(5)));
    assert_eq!(store.list_live_grants(id, at(6)).await.unwrap(), [offline]);
    assert!(store.list_live_sessions(s.person.id, at(6)).await.unwrap().is_empty());
}

pub async fn whoever_ends_a_session_leaves_word_for_its_applications_once(store: &SqlStore) {
    let s = sample(store).await;
    let ask = |client: &mut keyholder_core::application::OidcClient| {
        client.backchannel_logout_uri = Some("https://app.example/out".parse().unwrap());
    };
    let mut told = s.application.clone();
    ask(&mut told.client);
    execute!(store, t, [told], t.put_application(&told)).await.unwrap();
    // Ended before the session did: its application may still have somebody signed in.
    let mut former = s.grant.clone();
    former.id = GrantId::draw(&Serial, NOW);
    former.subject = "as-another-school-knows-her".into();
    let (id, former_id) = (s.session.id, former.id);
    execute!(store, t, [former], t.insert_grant(&former)).await.unwrap();
    execute!(store, t, [], t.end_grant(former_id, NOW)).await.unwrap();
    // A second one of the same kind is told of by the first.
    let mut again = s.grant.clone();
    again.id = GrantId::draw(&Serial, NOW);
    execute!(store, t, [again], t.insert_grant(&again)).await.unwrap();

    let ends = join_all((0..4).map(|_| async move { execute!(store, t, [], t.end_session(id, at(5))).await.unwrap() }));
    ends.await;
    let (person, except) = (s.person.id, None);
    execute!(store, t, [], t.end_sessions_of(person, except, at(5))).await.unwrap();
    let waiting = execute!(store, t, [], t.claim_outbox(Lane::Notices, "w", at(5), at(9), 10)).await.unwrap();
    let mut subjects: Vec<String> = waiting
        .into_iter()
        .map(|message| match message.delivery {
            Delivery::BackChannelLogout { application, session, subject } => {
                assert_eq!((application, session), (told.id, id));
                subject
            }
            other => panic!("{other:?}"),
        })
        .collect();
    subjects.sort_unstable();
    let mut expected = [s.grant.subject.clone(), former.subject.clone()];
    expected.sort_unstable();
    assert_eq!(subjects, expected);
}

pub async fn an_application_without_an_address_is_not_told(store: &SqlStore) {
    let s = sample(store).await;
    let mut silent = s.application.clone();
    silent.client.backchannel_logout_uri = None;
    execute!(store, t, [silent], t.put_application(&silent)).await.unwrap();
    let (person, except) = (s.person.id, None);
    let before = store.count_waiting_outbox().await.unwrap();
    assert_eq!(execute!(store, t, [], t.end_sessions_of(person, except, at(5))).await.unwrap(), [s.session.id]);
    assert_eq!(store.count_waiting_outbox().await.unwrap(), before);
}

pub async fn an_ended_session_is_not_revived_by_a_late_swap(store: &SqlStore) {
    let s = sample(store).await;
    let id = s.session.id;
    execute!(store, t, [], t.end_session(id, at(5))).await.unwrap();
    assert!(!execute!(store, t, [s], t.swap_session(&s.session)).await.unwrap());
    assert_eq!(store.find_session(id).await.unwrap().unwrap().ended_at, Some(at(5)));
}

pub async fn all_sessions_of_a_person_end_but_one(store: &SqlStore) {
    let s = sample(store).await;
    let (second, kept, of_another) = (session(&s.person), session(&s.person), session(&s.other_person));
    let mut offline = s.grant.clone();
    offline.id = GrantId::draw(&Serial, NOW);
    offline.session = second.id;
    offline.offline = true;
    let mut of_kept = s.grant.clone();
    of_kept.id = GrantId::draw(&Serial, NOW);
    of_kept.session = kept.id;
    execute!(store, t, [second, kept, of_another, offline, of_kept], async move {
        t.insert_session(&second).await?;
        t.insert_session(&kept).await?;
        t.insert_session(&of_another).await?;
        t.insert_grant(&offline).await?;
        t.insert_grant(&of_kept).await
    })
    .await
    .unwrap();

    let (person, except) = (s.person.id, Some(kept.id));
    let ends = join_all(
        (0..8).map(|_| async move { execute!(store, t, [], t.end_sessions_of(person, except, at(5))).await.unwrap() }),
    );
    // Each session is reported by one of those that compete.
    let mut ended: Vec<SessionId> = ends.await.into_iter().flatten().collect();
    ended.sort();
    let mut expected = [s.session.id, second.id];
    expected.sort();
    assert_eq!(ended, expected);
    assert_eq!(store.list_live_sessions(person, at(6)).await.unwrap(), only(&kept));
    assert_eq!(store.list_live_sessions(s.other_person.id, at(6)).await.unwrap(), [of_another]);
    assert_eq!(store.find_grant(s.grant.id).await.unwrap().unwrap().ended_at, Some(at(5)));
    assert_eq!(store.find_grant(offline.id).await.unwrap().unwrap().ended_at, Some(at(5)));
    assert_eq!(store.list_live_grants(kept.id, at(6)).await.unwrap(), [of_kept]);
    let everything = execute!(store, t, [], t.end_sessions_of(person, None, at(7))).await.unwrap();
    assert_eq!(everything, [kept.id]);
}

pub async fn a_new_browser_is_told_from_a_known_one(store: &SqlStore) {
    let s = sample(store).await;
    let (person, other) = (s.person.id, s.other_person.id);
    let (first, second) = (token(), token());
    let mut heard = Vec::new();
    for (who, browser) in [(person, first), (person, first), (person, second), (person, second), (other, first)] {
        heard.push(execute!(store, t, [], t.note_browser(who, browser, "Lynx", NOW)).await.unwrap());
    }
    assert_eq!(
        heard,
        [Familiarity::First, Familiarity::Known, Familiarity::New, Familiarity::Known, Familiarity::First]
    );
}

pub async fn a_forgotten_browser_is_new_again(store: &SqlStore) {
    let s = sample(store).await;
    let (person, other) = (s.person.id, s.other_person.id);
    let (kept, forgotten) = (token(), token());
    for (who, browser, second) in [(person, kept, 1), (person, forgotten, 2), (other, forgotten, 3)] {
        execute!(store, t, [], t.note_browser(who, browser, "Lynx", at(second))).await.unwrap();
    }
    execute!(store, t, [], t.note_browser(person, kept, "Links", at(4))).await.unwrap();
    let known = store.list_known_browsers(person).await.unwrap();
    let of = |browser, user_agent: &str, first, last| KnownBrowser {
        browser,
        user_agent: user_agent.to_owned(),
        first_seen_at: at(first),
        last_seen_at: at(last),
    };
    assert_eq!(known, [of(kept, "Links", 1, 4), of(forgotten, "Lynx", 2, 2)]);

    let forgets = join_all(
        (0..8).map(|_| async move { execute!(store, t, [], t.forget_browser(person, forgotten)).await.unwrap() }),
    );
    assert_eq!(forgets.await.into_iter().filter(|done| *done).count(), 1);
    assert_eq!(store.list_known_browsers(person).await.unwrap(), [of(kept, "Links", 1, 4)]);
    assert_eq!(store.list_known_browsers(other).await.unwrap().len(), 1, "another person's is untouched");
    let again = execute!(store, t, [], t.note_browser(person, forgotten, "Lynx", at(5))).await.unwrap();
    assert_eq!(again, Familiarity::New);
}

pub async fn a_grant_ends_once(store: &SqlStore) {
    let s = sample(store).await;
    let id = s.grant.id;
    assert!(is_conflict(&execute!(store, t, [s], t.insert_grant(&s.grant)).await));
    let ends = join_all((0..16).map(|_| async move { execute!(store, t, [], t.end_grant(id, at(5))).await.unwrap() }));
    assert_eq!(ends.await.into_iter().filter(|ended| *ended).count(), 1);
    assert!(!store.find_grant(id).await.unwrap().unwrap().is_live(at(6)));
    assert!(store.list_live_grants(s.session.id, at(6)).await.unwrap().is_empty());
}

/// What is to be found behind the grant of the sample.
fn in_full(s: &Sample) -> GrantInFull {
    GrantInFull {
        grant: s.grant.clone(),
        session: Some(s.session.clone()),
        person: s.person.clone(),
        member: MembershipInFull {
            membership: s.membership.clone(),
            school: s.school.clone(),
            group: s.group.clone(),
            pupil_scopes: s.scopes.iter().rev().cloned().collect(),
        },
        is_marked: false,
    }
}

pub async fn a_grant_is_found_with_what_tells_whether_it_stands(store: &SqlStore) {
    let mut s = sample(store).await;
    // What else there is of the person, the session, the school and the scopes.
    let group = group(s.other_school.id, "staff");
    let elsewhere = membership(&s.person, &s.other_school, &group);
    let mut other = membership(&s.other_person, &s.school, &s.group);
    other.pupil_scopes.clone_from(&s.membership.pupil_scopes);
    let (second, of_another) = (session(&s.person), session(&s.other_person));
    execute!(store, t, [group, elsewhere, other, second, of_another], async move {
        t.put_group(&group).await?;
        t.put_membership(&elsewhere).await?;
        t.put_membership(&other).await?;
        t.insert_session(&second).await?;
        t.insert_session(&of_another).await
    })
    .await
    .unwrap();
    assert_eq!(store.find_grant_in_full(s.grant.id, None).await.unwrap(), Some(in_full(&s)));
    assert_eq!(store.find_grant_in_full(GrantId::draw(&Serial, NOW), None).await.unwrap(), None);

    // As it is now, ended or not.
    (s.membership.pupil_scopes, s.scopes) = (Vec::new(), Vec::new());
    s.membership.ends_at = Some(at(7));
    s.person.disabled_at = Some(at(8));
    execute!(store, t, [s], async move {
        t.put_membership(&s.membership).await?;
        t.update_person(&s.person).await?;
        t.end_session(s.session.id, at(9)).await
    })
    .await
    .unwrap();
    s.session = store.find_session(s.session.id).await.unwrap().unwrap();
    s.grant.ended_at = Some(at(9));
    assert_eq!(s.session.ended_at, Some(at(9)));
    assert_eq!(store.find_grant_in_full(s.grant.id, None).await.unwrap(), Some(in_full(&s)));
}

pub async fn a_grant_is_found_without_the_session_that_it_outlives(store: &SqlStore) {
    let s = sample(store).await;
    let mut offline = s.grant.clone();
    (offline.id, offline.session, offline.offline) = (GrantId::draw(&Serial, NOW), session(&s.person).id, true);
    execute!(store, t, [offline], t.insert_grant(&offline)).await.unwrap();
    let expected = GrantInFull { grant: offline.clone(), session: None, ..in_full(&s) };
    assert_eq!(store.find_grant_in_full(offline.id, None).await.unwrap(), Some(expected));
}

pub async fn a_mark_is_asked_about_beside_a_grant(store: &SqlStore) {
    let s = sample(store).await;
    let mark = (SingleUse::RevokedAccessToken, b"this one".as_slice());
    assert_eq!(store.find_grant_in_full(s.grant.id, Some(mark)).await.unwrap(), Some(in_full(&s)));
    execute!(store, t, [], t.use_once(SingleUse::RevokedAccessToken, b"this one", at(60))).await.unwrap();
    let set = GrantInFull { is_marked: true, ..in_full(&s) };
    assert_eq!(store.find_grant_in_full(s.grant.id, Some(mark)).await.unwrap(), Some(set));
    let others = [(SingleUse::RevokedAccessToken, b"another".as_slice()), (SingleUse::ClientAssertion, mark.1)];
    for other in others.map(Some).into_iter().chain([None]) {
        assert_eq!(store.find_grant_in_full(s.grant.id, other).await.unwrap(), Some(in_full(&s)), "{other:?}");
    }
}

pub async fn a_refresh_token_is_rotated_by_one(store: &SqlStore) {
    let s = sample(store).await;
    let former = refresh_token(&s.grant);
    execute!(store, t, [former], t.insert_refresh_token(&former)).await.unwrap();
    assert!(is_conflict(&execute!(store, t, [former], t.insert_refresh_token(&former)).await));
    assert_eq!(store.find_refresh_token(former.token).await.unwrap(), Some(former.clone()));
    let id = former.id;
    let rotations = join_all((0..64_u8).map(|number| async move {
        let done = execute!(store, t, [], t.rotate_refresh_token(id, &[number], at(5))).await.unwrap();
        done.then_some(number)
    }))
    .await;
    let winners: Vec<u8> = rotations.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    execute!(store, t, [], t.touch_refresh_token(id, at(6))).await.unwrap();
    let found = store.find_refresh_token(former.token).await.unwrap().unwrap();
    assert_eq!(found.successor, Some(winners));
    assert_eq!((found.rotated_at, found.used_at), (Some(at(5)), Some(at(6))));
}
