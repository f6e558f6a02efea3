//! What every back end must keep: the promises of the ports, one function each, named after the promise.
//!
//! Each takes an empty store and panics where a promise is broken. [`conformance_suite!`](crate::conformance_suite) makes a
//! test of each, on a store that a function of the back end opens:
//!
//! ```ignore
//! struct Opened { store: SqlStore, /* and what must live as long */ }
//! async fn open() -> Opened { .. }
//! keyholder_store::conformance_suite!(open);
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "assertions: a broken promise panics"
)]
#![allow(clippy::assigning_clones, reason = "shorter to read in examples")]
#![allow(clippy::clone_on_copy, reason = "the macro that writes commands clones whatever they keep")]

pub mod audit;
pub mod ceremonies;
pub mod managed_keys;
pub mod operation;
pub mod people;
pub mod plugins;
pub mod saml;
mod sample;
pub mod sessions;
pub mod single_use;
pub mod transactions;

use async_trait::async_trait;
use futures::future::BoxFuture;
use keyholder_core::ports::{Command, StoreError, Transaction};

/// A command from a closure.
struct Write<F>(F);

impl<F> Write<F> {
    fn new<T>(closure: F) -> Self
    where
        F: for<'a> Fn(&'a dyn Transaction) -> BoxFuture<'a, Result<T, StoreError>>,
    {
        Self(closure)
    }
}

#[async_trait]
impl<F, T> Command for Write<F>
where
    F: for<'a> Fn(&'a dyn Transaction) -> BoxFuture<'a, Result<T, StoreError>> + Send + Sync + 'static,
    T: Send + 'static,
{
    type Output = T;

    async fn run(&self, transaction: &dyn Transaction) -> Result<T, StoreError> {
        (self.0)(transaction).await
    }
}

/// Runs one expression as a command: `execute!(store, t, [what, it, keeps], t.use_once(..))`.
macro_rules! execute {
    ($store:expr, $t:ident, [$($kept:ident),*], $body:expr) => {
        async {
            $(let $kept = $kept.clone();)*
            $store.execute($crate::conformance::Write::new(move |$t| {
                $(let $kept = $kept.clone();)*
                Box::pin(async move { $body.await })
            })).await
        }
    };
}
use execute;

/// A list of just this.
fn only<T>(one: &T) -> &[T] {
    std::slice::from_ref(one)
}

fn is_conflict<T>(outcome: &Result<T, StoreError>) -> bool {
    matches!(outcome, Err(StoreError::Conflict(_)))
}

/// Makes a test of each promise. `$open` is an async function that opens an empty store and answers something with a field
/// `store`.
#[macro_export]
macro_rules! conformance_suite {
    ($open:path) => {
        $crate::conformance_suite! { @ $open;
            people::what_is_put_is_found_again
            people::what_is_unknown_is_not_found
            people::put_replaces
            people::slugs_and_client_ids_are_unique
            people::two_spellings_of_one_address_are_one_person
            people::a_reference_must_point_somewhere
            people::lists_are_in_the_order_of_creation
            people::former_members_are_people_of_the_school
            people::admin_key_holders_are_those_who_are_it_now
            people::a_rehash_does_not_undo_a_change_of_password
            people::an_account_is_a_person_with_their_password
            people::a_membership_keeps_the_order_of_its_pupil_scopes
            people::memberships_are_in_the_order_of_creation
            people::a_credential_is_swapped_by_one
            people::a_credential_is_found_by_its_lookup_which_is_unique
            people::keys_of_a_person_are_those_owned_and_those_issued
            people::an_application_goes_with_its_consents_and_grants
            people::consent_is_per_application_and_school
            managed_keys::a_managed_key_is_swapped_by_one
            managed_keys::a_serial_is_in_use_once_until_its_key_is_retired
            managed_keys::the_history_of_a_key_is_kept_in_order
            managed_keys::only_a_key_of_a_school_changes_hands
            plugins::a_plugin_is_found_as_it_was_stored
            plugins::a_plugin_is_swapped_by_one
            plugins::a_plugin_goes_with_its_versions_and_files
            plugins::a_publisher_has_one_name
            plugins::stored_keys_are_counted_by_format
            saml::an_entity_id_belongs_to_one_application
            saml::a_saml_key_changes_its_state_and_nothing_else
            saml::a_person_has_one_name_id_at_an_application
            saml::a_participant_goes_with_its_grant
            saml::a_source_of_metadata_is_one_for_each_application_and_goes_with_it
            sessions::a_session_is_found_by_its_token_while_it_stands
            sessions::a_session_is_found_with_its_person_and_all_memberships
            sessions::a_session_is_swapped_by_one
            sessions::the_later_use_of_a_session_wins
            sessions::a_session_ends_once_and_takes_its_grants_along
            sessions::whoever_ends_a_session_leaves_word_for_its_applications_once
            sessions::an_application_without_an_address_is_not_told
            sessions::an_ended_session_is_not_revived_by_a_late_swap
            sessions::all_sessions_of_a_person_end_but_one
            sessions::a_new_browser_is_told_from_a_known_one
            sessions::a_forgotten_browser_is_new_again
            sessions::a_grant_ends_once
            sessions::a_grant_is_found_with_what_tells_whether_it_stands
            sessions::a_grant_is_found_without_the_session_that_it_outlives
            sessions::a_mark_is_asked_about_beside_a_grant
            sessions::a_refresh_token_is_rotated_by_one
            single_use::a_mark_is_set_by_one_of_many
            single_use::marks_of_different_kinds_are_different
            single_use::a_mark_goes_with_the_command_that_set_it
            single_use::a_flow_is_swapped_by_one
            single_use::a_flow_is_inserted_once
            single_use::a_flow_is_added_once
            single_use::a_newer_link_kills_the_older_of_its_kind
            single_use::a_link_of_the_first_run_kills_the_older_one
            single_use::a_link_for_a_first_key_kills_those_of_its_session_alone
            single_use::a_waiting_link_is_found_until_it_is_used_or_too_old
            single_use::a_link_is_used_by_one
            single_use::an_expired_link_is_not_used
            single_use::killed_links_are_not_used
            ceremonies::a_ceremony_is_what_was_stored
            ceremonies::a_ceremony_is_found_with_its_session_and_the_key_asked_for
            ceremonies::a_ceremony_is_swapped_by_one
            ceremonies::a_ceremony_that_ended_stays_ended
            ceremonies::an_open_ceremony_is_found_by_session_flow_and_factor
            ceremonies::a_ceremony_is_found_by_its_reply_tag_while_it_is_open
            ceremonies::open_ceremonies_end_with_their_session
            ceremonies::open_ceremonies_of_a_person_end_together
            ceremonies::failures_are_counted_for_each_key_and_go_with_it
            operation::a_message_goes_to_one_worker
            operation::a_message_comes_again_when_its_worker_went_away
            operation::a_message_is_due_when_it_says
            operation::a_dead_message_is_kept_and_never_comes_again
            operation::a_lease_is_held_by_one
            operation::a_signing_key_is_what_was_stored
            operation::a_revision_rises
            operation::what_expired_goes_and_the_rest_stays
            operation::clean_up_is_bounded
            operation::sealing_again_keeps_what_is_sealed
            audit::events_of_a_person_come_newest_first
            audit::an_event_is_sealed_once_and_a_place_in_the_chain_taken_once
            audit::chains_are_apart
            transactions::an_error_undoes_its_command_alone
            transactions::a_command_sees_what_it_wrote
            transactions::what_is_acknowledged_is_read
            transactions::many_commands_at_once_are_all_done
        }
    };
    (@ $open:path; $($family:ident::$promise:ident)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $promise() {
            let opened = $open().await;
            $crate::conformance::$family::$promise(&opened.store).await;
        }
    )*};
}
