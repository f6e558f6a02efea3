//! Schools, people, memberships, credentials, applications.

use keyholder_core::application::OfferedTo;
use keyholder_core::credential::CredentialOwner;
use keyholder_core::id::{MembershipId, PersonId, SchoolId, UserGroupId};
use keyholder_core::membership::{MembershipInFull, PupilScopeKind};
use keyholder_core::person::{Email, StoredPassword};
use keyholder_core::ports::{PersonFilter, Queries as _};

use futures::future::join_all;

use super::sample::{
    NOW, Serial, application, at, credential, group, membership, person, pupil_scope, sample, school, trust,
};
use super::{execute, is_conflict, only};
use crate::SqlStore;

pub async fn what_is_put_is_found_again(store: &SqlStore) {
    let s = sample(store).await;
    assert_eq!(store.find_trust(s.trust.id).await.unwrap(), Some(s.trust.clone()));
    assert_eq!(store.find_trust_by_slug("valley").await.unwrap(), Some(s.trust.clone()));
    assert_eq!(store.list_trusts().await.unwrap(), only(&s.trust));
    assert_eq!(store.find_school(s.school.id).await.unwrap(), Some(s.school.clone()));
    assert_eq!(store.find_school_by_slug("elmbrook").await.unwrap(), Some(s.other_school.clone()));
    assert_eq!(store.list_groups(s.school.id).await.unwrap(), only(&s.group));
    assert_eq!(store.find_group(s.group.id).await.unwrap(), Some(s.group.clone()));
    assert_eq!(store.list_pupil_scopes(s.school.id).await.unwrap(), s.scopes);
    assert_eq!(store.find_person(s.person.id).await.unwrap(), Some(s.person.clone()));
    assert_eq!(store.find_person_by_email(&s.person.email.key()).await.unwrap(), Some(s.person.clone()));
    assert_eq!(store.find_membership(s.membership.id).await.unwrap(), Some(s.membership.clone()));
    let in_full = MembershipInFull {
        membership: s.membership.clone(),
        school: s.school.clone(),
        group: s.group.clone(),
        pupil_scopes: s.scopes.iter().rev().cloned().collect(),
    };
    assert_eq!(store.list_memberships(s.person.id).await.unwrap(), [in_full]);
    assert_eq!(store.find_application(s.application.id).await.unwrap(), Some(s.application.clone()));
    assert_eq!(store.find_application_by_client_id("safeguarding").await.unwrap(), Some(s.application.clone()));
    assert_eq!(store.list_applications().await.unwrap(), only(&s.application));
    assert_eq!(store.find_session(s.session.id).await.unwrap(), Some(s.session.clone()));
    assert_eq!(store.find_grant(s.grant.id).await.unwrap(), Some(s.grant.clone()));
}

pub async fn what_is_unknown_is_not_found(store: &SqlStore) {
    assert_eq!(store.find_person(PersonId::draw(&Serial, NOW)).await.unwrap(), None);
    assert_eq!(store.find_school(SchoolId::draw(&Serial, NOW)).await.unwrap(), None);
    assert_eq!(store.find_membership(MembershipId::draw(&Serial, NOW)).await.unwrap(), None);
    assert_eq!(store.find_person_by_email("nobody@oakfield.example").await.unwrap(), None);
    assert_eq!(store.find_application_by_client_id("nobody").await.unwrap(), None);
    assert!(store.list_memberships(PersonId::draw(&Serial, NOW)).await.unwrap().is_empty());
}

pub async fn put_replaces(store: &SqlStore) {
    let mut s = sample(store).await;
    s.school.name = "Oakfield Academy".to_owned();
    s.school.trust = None;
    s.group.full.push("admin".to_owned());
    s.membership.ends_at = Some(at(10));
    s.membership.pupil_scopes.pop();
    s.application.offered_to = OfferedTo::Trust(s.trust.id);
    s.person.email = Email::parse("ann@elsewhere.example").unwrap();
    s.person.email_verified_at = None;
    execute!(store, t, [s], async move {
        t.put_school(&s.school).await?;
        t.put_group(&s.group).await?;
        t.put_membership(&s.membership).await?;
        t.put_application(&s.application).await?;
        t.update_person(&s.person).await
    })
    .await
    .unwrap();
    assert_eq!(store.find_school(s.school.id).await.unwrap(), Some(s.school));
    assert_eq!(store.find_group(s.group.id).await.unwrap(), Some(s.group));
    assert_eq!(store.find_membership(s.membership.id).await.unwrap(), Some(s.membership));
    assert_eq!(store.find_application(s.application.id).await.unwrap(), Some(s.application));
    assert_eq!(store.find_person_by_email("ann@elsewhere.example").await.unwrap(), Some(s.person));
    assert_eq!(store.find_person_by_email("ann.price@oakfield.example").await.unwrap(), None);
}

pub async fn slugs_and_client_ids_are_unique(store: &SqlStore) {
    let s = sample(store).await;
    let (same_trust, same_school) = (trust("valley"), school("oakfield", None, NOW));
    let same_group = group(s.school.id, "key-users");
    let same_scope = pupil_scope(s.school.id, PupilScopeKind::Class, "5B");
    let same_client = application("safeguarding", OfferedTo::Trust(s.trust.id));
    assert!(is_conflict(&execute!(store, t, [same_trust], t.put_trust(&same_trust)).await));
    assert!(is_conflict(&execute!(store, t, [same_school], t.put_school(&same_school)).await));
    assert!(is_conflict(&execute!(store, t, [same_group], t.put_group(&same_group)).await));
    assert!(is_conflict(&execute!(store, t, [same_scope], t.put_pupil_scope(&same_scope)).await));
    assert!(is_conflict(&execute!(store, t, [same_client], t.put_application(&same_client)).await));
    // Only within one school.
    let elsewhere = group(s.other_school.id, "key-users");
    execute!(store, t, [elsewhere], t.put_group(&elsewhere)).await.unwrap();
}

pub async fn two_spellings_of_one_address_are_one_person(store: &SqlStore) {
    let s = sample(store).await;
    let same_address = person("ann.price@OAKFIELD.example", NOW);
    assert!(is_conflict(&execute!(store, t, [same_address], t.insert_person(&same_address)).await));
    let mut same_subject = person("carol@oakfield.example", NOW);
    same_subject.subject.clone_from(&s.person.subject);
    assert!(is_conflict(&execute!(store, t, [same_subject], t.insert_person(&same_subject)).await));
    let mut taken = s.other_person.clone();
    taken.email = s.person.email.clone();
    assert!(is_conflict(&execute!(store, t, [taken], t.update_person(&taken)).await));
    let nobody = person("nobody@oakfield.example", NOW);
    assert!(is_conflict(&execute!(store, t, [nobody], t.update_person(&nobody)).await));
}

pub async fn a_reference_must_point_somewhere(store: &SqlStore) {
    let s = sample(store).await;
    let mut nowhere = s.membership.clone();
    nowhere.group = UserGroupId::draw(&Serial, NOW);
    assert!(is_conflict(&execute!(store, t, [nowhere], t.put_membership(&nowhere)).await));
    let stranger = person("stranger@oakfield.example", NOW);
    let password = StoredPassword { hash: "hash".to_owned(), changed_at: NOW };
    let id = stranger.id;
    assert!(is_conflict(&execute!(store, t, [password], t.put_password(id, &password)).await));
    let mut grant = s.grant.clone();
    grant.id = keyholder_core::id::GrantId::draw(&Serial, NOW);
    grant.membership = MembershipId::draw(&Serial, NOW);
    assert!(is_conflict(&execute!(store, t, [grant], t.insert_grant(&grant)).await));
}

pub async fn lists_are_in_the_order_of_creation(store: &SqlStore) {
    for (slug, seconds) in [("c", 30), ("a", 10), ("b", 20)] {
        let one = school(slug, None, at(seconds));
        let someone = person(&format!("{slug}@oakfield.example"), at(seconds));
        execute!(store, t, [one, someone], async move {
            t.put_school(&one).await?;
            t.insert_person(&someone).await
        })
        .await
        .unwrap();
    }
    let slugs: Vec<String> = store.list_schools().await.unwrap().into_iter().map(|school| school.slug).collect();
    assert_eq!(slugs, ["a", "b", "c"]);
    let people: Vec<String> =
        store.list_people(PersonFilter::All).await.unwrap().into_iter().map(|person| person.email.key()).collect();
    assert_eq!(people, ["a@oakfield.example", "b@oakfield.example", "c@oakfield.example"]);
}

pub async fn former_members_are_people_of_the_school(store: &SqlStore) {
    let s = sample(store).await;
    let mut former = membership(&s.other_person, &s.school, &s.group);
    former.ends_at = Some(at(-10));
    execute!(store, t, [former], t.put_membership(&former)).await.unwrap();
    let people = store.list_people(PersonFilter::OfSchool(s.school.id)).await.unwrap();
    assert_eq!(people, [s.person.clone(), s.other_person.clone()]);
    assert!(store.list_people(PersonFilter::OfSchool(s.other_school.id)).await.unwrap().is_empty());
    assert_eq!(store.list_memberships(s.other_person.id).await.unwrap().len(), 1);
}

pub async fn admin_key_holders_are_those_who_are_it_now(store: &SqlStore) {
    let mut s = sample(store).await;
    let names = async |now| -> Vec<PersonId> {
        let found = store.list_admin_key_holders(s.school.id, now).await.unwrap();
        found.into_iter().map(|person| person.id).collect()
    };
    s.membership.admin_key_holder = true;
    let mut other = membership(&s.other_person, &s.school, &s.group);
    other.ends_at = Some(at(60));
    execute!(store, t, [s], t.put_membership(&s.membership)).await.unwrap();
    execute!(store, t, [other], t.put_membership(&other)).await.unwrap();
    let mut both = [s.person.id, s.other_person.id];
    both.sort();
    let mut found = names(at(1)).await;
    found.sort();
    assert_eq!(found, both);
    assert_eq!(names(at(60)).await, only(&s.person.id), "the other's time is over");
    assert_eq!(store.list_admin_key_holders(s.other_school.id, at(1)).await.unwrap(), []);
    let mut plain = s.membership.clone();
    plain.admin_key_holder = false;
    execute!(store, t, [plain], t.put_membership(&plain)).await.unwrap();
    assert_eq!(names(at(60)).await, []);
}

pub async fn a_rehash_does_not_undo_a_change_of_password(store: &SqlStore) {
    let id = sample(store).await.person.id;
    let password = |hash: &str| StoredPassword { hash: hash.to_owned(), changed_at: NOW };
    let (first, second, rehash) = (password("first"), password("second"), password("rehash of first"));
    assert_eq!(store.find_password(id).await.unwrap(), None);
    execute!(store, t, [first], t.put_password(id, &first)).await.unwrap();
    execute!(store, t, [second], t.put_password(id, &second)).await.unwrap();
    assert!(!execute!(store, t, [rehash], t.replace_password(id, "first", &rehash)).await.unwrap());
    assert_eq!(store.find_password(id).await.unwrap(), Some(second));
    assert!(execute!(store, t, [rehash], t.replace_password(id, "second", &rehash)).await.unwrap());
    assert_eq!(store.find_password(id).await.unwrap(), Some(rehash));
}

pub async fn an_account_is_a_person_with_their_password(store: &SqlStore) {
    let person = sample(store).await.person;
    let key = person.email.key();
    assert_eq!(store.find_account(&key).await.unwrap(), Some((person.clone(), None)));
    let (id, password) = (person.id, StoredPassword { hash: "hash".to_owned(), changed_at: NOW });
    execute!(store, t, [password], t.put_password(id, &password)).await.unwrap();
    assert_eq!(store.find_account(&key).await.unwrap(), Some((person, Some(password))));
    assert_eq!(store.find_account("nobody@example.org").await.unwrap(), None);
}

pub async fn a_membership_keeps_the_order_of_its_pupil_scopes(store: &SqlStore) {
    let mut s = sample(store).await;
    s.membership.pupil_scopes.reverse();
    execute!(store, t, [s], t.put_membership(&s.membership)).await.unwrap();
    let found = store.find_membership(s.membership.id).await.unwrap().unwrap();
    assert_eq!(found.pupil_scopes, s.membership.pupil_scopes);
    let in_full = store.list_memberships(s.person.id).await.unwrap();
    assert_eq!(in_full[0].pupil_scopes, s.scopes);
}

pub async fn memberships_are_in_the_order_of_creation(store: &SqlStore) {
    let s = sample(store).await;
    let mut later = membership(&s.person, &s.other_school, &s.group);
    later.created_at = at(20);
    let mut earlier = membership(&s.person, &s.other_school, &s.group);
    earlier.created_at = at(-20);
    earlier.pupil_scopes = s.membership.pupil_scopes.clone();
    let order = [earlier.id, s.membership.id, later.id];
    execute!(store, t, [later, earlier], async move {
        t.put_membership(&later).await?;
        t.put_membership(&earlier).await
    })
    .await
    .unwrap();
    let listed = store.list_memberships(s.person.id).await.unwrap();
    assert_eq!(listed.iter().map(|member| member.membership.id).collect::<Vec<_>>(), order);
    let in_full = store.find_session_in_full(s.session.token).await.unwrap().unwrap();
    assert_eq!(in_full.memberships, listed);
}

pub async fn a_credential_is_swapped_by_one(store: &SqlStore) {
    let s = sample(store).await;
    let key = credential(CredentialOwner::Person(s.person.id), Some(s.person.id), None);
    execute!(store, t, [key], t.insert_credential(&key)).await.unwrap();
    assert!(is_conflict(&execute!(store, t, [key], t.insert_credential(&key)).await));
    let swaps = join_all((0..32_u8).map(|counter| {
        let mut next = key.clone();
        next.secret = vec![counter];
        next.last_used_at = Some(at(1));
        async move { execute!(store, t, [next], t.swap_credential(&next)).await.unwrap().then_some(counter) }
    }))
    .await;
    let winners: Vec<u8> = swaps.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    let found = store.list_credentials(s.person.id).await.unwrap();
    assert_eq!(found[0].secret, winners);
    assert_eq!(found[0].version, 2);
    assert_eq!(found[0].last_used_at, Some(at(1)));
    let id = key.id;
    assert!(execute!(store, t, [], t.delete_credential(id)).await.unwrap());
    assert!(!execute!(store, t, [], t.delete_credential(id)).await.unwrap());
}

pub async fn a_credential_is_found_by_its_lookup_which_is_unique(store: &SqlStore) {
    let s = sample(store).await;
    let key = credential(CredentialOwner::Person(s.person.id), Some(s.person.id), Some(b"serial 1"));
    let same = credential(CredentialOwner::Person(s.other_person.id), None, Some(b"serial 1"));
    let mut of_another_factor = same.clone();
    of_another_factor.factor = "security-key".to_owned();
    execute!(store, t, [key], t.insert_credential(&key)).await.unwrap();
    assert!(is_conflict(&execute!(store, t, [same], t.insert_credential(&same)).await));
    execute!(store, t, [of_another_factor], t.insert_credential(&of_another_factor)).await.unwrap();
    let found = store.find_credential_by_lookup("soft-key", b"serial 1").await.unwrap();
    assert_eq!(found, Some(key));
    assert_eq!(store.find_credential_by_lookup("soft-key", b"serial 2").await.unwrap(), None);
}

pub async fn keys_of_a_person_are_those_owned_and_those_issued(store: &SqlStore) {
    let s = sample(store).await;
    let own = credential(CredentialOwner::Person(s.person.id), Some(s.person.id), None);
    let issued = credential(CredentialOwner::School(s.school.id), Some(s.person.id), None);
    let unissued = credential(CredentialOwner::School(s.school.id), None, None);
    for key in [own.clone(), issued.clone(), unissued] {
        execute!(store, t, [key], t.insert_credential(&key)).await.unwrap();
    }
    assert_eq!(store.list_credentials(s.person.id).await.unwrap(), [own, issued]);
    assert!(store.list_credentials(s.other_person.id).await.unwrap().is_empty());
}

pub async fn an_application_goes_with_its_consents_and_grants(store: &SqlStore) {
    let s = sample(store).await;
    let (person, app, school) = (s.person.id, s.application.id, s.school.id);
    execute!(store, t, [], t.put_consent(person, app, school, &["openid".to_owned()], NOW)).await.unwrap();
    assert!(execute!(store, t, [], t.delete_application(app)).await.unwrap());
    assert!(!execute!(store, t, [], t.delete_application(app)).await.unwrap());
    assert_eq!(store.find_application(app).await.unwrap(), None);
    assert_eq!(store.find_grant(s.grant.id).await.unwrap(), None);
    assert_eq!(store.find_consent(person, app, school).await.unwrap(), None);
}

pub async fn consent_is_per_application_and_school(store: &SqlStore) {
    let s = sample(store).await;
    let (person, app) = (s.person.id, s.application.id);
    let (here, there) = (s.school.id, s.other_school.id);
    let scopes = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let (few, more) = (scopes(&["openid"]), scopes(&["openid", "email"]));
    execute!(store, t, [few], t.put_consent(person, app, here, &few, NOW)).await.unwrap();
    assert_eq!(store.find_consent(person, app, here).await.unwrap(), Some(few));
    assert_eq!(store.find_consent(person, app, there).await.unwrap(), None);
    execute!(store, t, [more], t.put_consent(person, app, here, &more, NOW)).await.unwrap();
    assert_eq!(store.find_consent(person, app, here).await.unwrap(), Some(more));
}
