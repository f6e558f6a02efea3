//! The rows as sea-orm sees them: one entity for each table of `keyholder-migrations`. No meaning, no rules.
//!
//! Private to the crate. Relations are joined where they are needed, by the queries of [`rows`](crate::rows).

#![allow(unreachable_pub, reason = "what the derive writes is public within a private module")]

use sea_orm::{ColumnTrait as _, ColumnType, IdenStatic as _, Iterable as _, Value};

use crate::rows::text::Texts;
use crate::sqlite::record::Record;

/// A row of one table, with all its columns.
pub(crate) trait Stored: Record {
    /// Its values, in the order of the columns.
    fn into_values(self) -> Vec<Value>;

    /// The statements that write such rows.
    fn texts() -> &'static Texts;
}

/// A column as its entity reads it.
#[derive(Debug)]
pub(crate) struct Described {
    #[cfg(test)]
    pub(crate) table: &'static str,
    pub(crate) name: String,
    pub(crate) kind: ColumnType,
}

macro_rules! stored {
    ($($(#[$meta:meta])* pub $field:ident: $type:ty,)*) => {
        impl crate::sqlite::record::Record for Model {
            const WIDTH: usize = [$(stringify!($field)),*].len();

            fn select(query: &mut sea_orm::sea_query::SelectStatement) {
                for column in <Column as sea_orm::Iterable>::iter() {
                    query.column((Entity, column));
                }
            }

            fn read(row: &mut crate::sqlite::record::Reading<'_>) -> Result<Self, DbErr> {
                // In the order in which they are written, which is that of the columns.
                Ok(Self { $($field: row.next(stringify!($field))?),* })
            }
        }

        impl super::Stored for Model {
            fn into_values(self) -> Vec<sea_orm::Value> {
                vec![$(self.$field.into()),*]
            }

            fn texts() -> &'static crate::rows::text::Texts {
                static TEXTS: crate::rows::text::Texts = crate::rows::text::Texts::new();
                &TEXTS
            }
        }
    };
}

macro_rules! entities {
    ($($(#[$doc:meta])* $table:ident = $name:literal { $($field:tt)* })*) => {$(
        $(#[$doc])*
        pub(crate) mod $table {
            use sea_orm::entity::prelude::*;

            #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
            #[sea_orm(table_name = $name)]
            pub struct Model { $($field)* }

            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}

            stored! { $($field)* }
        }
    )*

        /// Every column of every entity.
        pub(crate) fn describe() -> Vec<Described> {
            let mut all = Vec::new();
            $(all.extend($table::Column::iter().map(|column| Described {
                #[cfg(test)]
                table: $name,
                name: column.as_str().to_owned(),
                kind: column.def().get_column_type().clone(),
            }));)*
            all
        }
    };
}

entities! {
    trusts = "trusts" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub slug: String,
        pub name: String,
        pub one_subject_across_schools: bool,
        pub created_at: i64,
    }

    schools = "schools" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub trust_id: Option<Uuid>,
        pub slug: String,
        pub name: String,
        pub urn: Option<String>,
        pub ukprn: Option<String>,
        pub branding: String,
        pub created_at: i64,
    }

    user_groups = "user_groups" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub school_id: Uuid,
        pub slug: String,
        pub name: String,
        pub full_set: String,
        pub restricted_set: String,
        pub needs: String,
        pub elevation_minutes: i32,
        pub first_key: String,
        pub created_at: i64,
    }

    pupil_scopes = "pupil_scopes" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub school_id: Uuid,
        pub kind: String,
        pub name: String,
    }

    people = "people" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub subject: String,
        pub email: String,
        pub email_key: String,
        pub email_verified_at: Option<i64>,
        pub given_name: String,
        pub family_name: String,
        pub language: Option<String>,
        pub disabled_at: Option<i64>,
        pub created_at: i64,
        pub email_changed_at: Option<i64>,
        pub key_stopped_at: Option<i64>,
    }

    passwords = "passwords" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub person_id: Uuid,
        pub hash: String,
        pub changed_at: i64,
    }

    memberships = "memberships" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub person_id: Uuid,
        pub school_id: Uuid,
        pub group_id: Uuid,
        pub starts_at: Option<i64>,
        pub ends_at: Option<i64>,
        pub admin_key_holder: bool,
        pub created_at: i64,
    }

    membership_pupil_scopes = "membership_pupil_scopes" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub membership_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub pupil_scope_id: Uuid,
        pub position: i32,
    }

    credentials = "credentials" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub owner_person_id: Option<Uuid>,
        pub owner_school_id: Option<Uuid>,
        pub holder_id: Option<Uuid>,
        pub factor: String,
        pub lookup: Option<Vec<u8>>,
        pub label: String,
        pub format: i64,
        pub secret: Vec<u8>,
        pub version: i64,
        pub created_at: i64,
        pub last_used_at: Option<i64>,
        pub device: Option<Vec<u8>>,
        pub evidence: String,
        pub facts: String,
    }

    credential_failures = "credential_failures" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub credential_id: Uuid,
        pub failures: i32,
        pub window_started_at: i64,
        pub locks: i32,
        pub locked_until: Option<i64>,
        pub diagnoses: i32,
        pub diagnosed_at: Option<i64>,
        pub diagnoses_since: i64,
    }

    ceremonies = "ceremonies" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub version: i64,
        pub session_id: Uuid,
        pub flow_id: Option<Uuid>,
        pub person_id: Uuid,
        pub factor: String,
        pub purpose: String,
        pub credentials: String,
        pub contents: Vec<u8>,
        pub reply_tag: Option<Vec<u8>>,
        pub created_at: i64,
        pub expires_at: i64,
        pub ended_at: Option<i64>,
    }

    applications = "applications" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub client_id: String,
        pub name: String,
        pub trust_id: Option<Uuid>,
        pub consent: String,
        pub launch_url: Option<String>,
        pub client: String,
        pub entity_id: Option<String>,
        pub saml: Option<String>,
        pub created_at: i64,
        pub updated_at: i64,
    }

    application_schools = "application_schools" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub application_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub school_id: Uuid,
        pub position: i32,
    }

    consents = "consents" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub person_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub application_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub school_id: Uuid,
        pub scopes: String,
        pub given_at: i64,
    }

    sessions = "sessions" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub person_id: Uuid,
        pub token: Vec<u8>,
        pub browser: Vec<u8>,
        pub proofs: String,
        pub elevated_until: Option<i64>,
        pub started_at: i64,
        pub last_seen_at: i64,
        pub expires_at: i64,
        pub ended_at: Option<i64>,
        pub address: String,
        pub user_agent: String,
        pub version: i64,
    }

    known_browsers = "known_browsers" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub person_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub browser: Vec<u8>,
        pub first_seen_at: i64,
        pub last_seen_at: i64,
        pub user_agent: String,
    }

    grants = "grants" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub session_id: Uuid,
        pub person_id: Uuid,
        pub application_id: Uuid,
        pub school_id: Uuid,
        pub membership_id: Uuid,
        pub subject: String,
        pub scopes: String,
        pub claims_request: Option<String>,
        pub proofs: String,
        pub elevated_until: Option<i64>,
        pub offline: bool,
        pub created_at: i64,
        pub expires_at: i64,
        pub ended_at: Option<i64>,
    }

    refresh_tokens = "refresh_tokens" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub token: Vec<u8>,
        pub grant_id: Uuid,
        pub scopes: String,
        pub created_at: i64,
        pub expires_at: i64,
        pub rotated_at: Option<i64>,
        pub successor: Option<Vec<u8>>,
        pub used_at: Option<i64>,
    }

    single_use_marks = "single_use_marks" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub digest: Vec<u8>,
        pub kind: String,
        pub expires_at: i64,
    }

    flows = "flows" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub version: i64,
        pub browser: Vec<u8>,
        pub origin: String,
        pub ask: String,
        pub stage: String,
        pub began_at: i64,
        pub expires_at: i64,
    }

    mailed_links = "mailed_links" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub token: Vec<u8>,
        pub kind: String,
        pub purpose: String,
        pub person_id: Option<Uuid>,
        pub created_at: i64,
        pub expires_at: i64,
        pub used_at: Option<i64>,
    }

    /// A message without `due_at` is dead.
    outbox = "outbox" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub delivery: Vec<u8>,
        pub due_at: Option<i64>,
        pub attempts: i32,
        pub created_at: i64,
        pub claimed_by: Option<String>,
        pub claimed_until: Option<i64>,
        pub last_error: Option<String>,
        pub lane: String,
    }

    leases = "leases" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub holder: String,
        pub expires_at: i64,
    }

    signing_keys = "signing_keys" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub algorithm: String,
        pub state: String,
        pub private_key: Vec<u8>,
        pub created_at: i64,
        pub active_from: i64,
        pub published_until: Option<i64>,
    }

    revisions = "revisions" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub value: i64,
    }

    /// `chain_of` is the school, or the nil uuid for the installation's own chain.
    audit_events = "audit_events" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub at: i64,
        pub kind: String,
        pub chain_of: Uuid,
        pub application_id: Option<Uuid>,
        pub subject_id: Option<Uuid>,
        pub salt: Option<Vec<u8>>,
        pub personal: Option<String>,
        pub sequence: Option<i64>,
        pub commitment: Option<Vec<u8>>,
        pub chain: Option<Vec<u8>>,
    }

    managed_keys = "managed_keys" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub school_id: Uuid,
        pub factor: String,
        pub serial: String,
        pub serial_in_use: Option<String>,
        pub credential_id: Option<Uuid>,
        pub state: String,
        pub holder_id: Option<Uuid>,
        pub version: i64,
        pub imported_at: i64,
        pub changed_at: i64,
    }

    managed_key_changes = "managed_key_changes" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub key_id: Uuid,
        pub at: i64,
        pub kind: String,
        pub person_id: Option<Uuid>,
        pub note: Option<String>,
    }

    saml_keys = "saml_keys" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub purpose: String,
        pub state: String,
        pub private_key: Vec<u8>,
        pub certificate: Vec<u8>,
        pub created_at: i64,
        pub published_until: Option<i64>,
    }

    /// `school` is the nil uuid where the identifier holds in every school.
    saml_name_ids = "saml_name_ids" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub application_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub person_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub school: Uuid,
        pub value: String,
        pub created_at: i64,
    }

    saml_participants = "saml_participants" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub grant_id: Uuid,
        pub session_id: Uuid,
        pub application_id: Uuid,
        pub name_id: String,
        pub session_index: String,
        pub reached_by_soap: bool,
        pub told: String,
    }

    saml_metadata = "saml_metadata" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub application_id: Uuid,
        pub source: String,
        pub fetched_at: i64,
        pub next_refresh: i64,
        pub failed_attempts: i32,
        pub failing_since: Option<i64>,
        pub last_error: Option<String>,
    }

    plugins = "plugins" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub name: String,
        pub switch: String,
        pub active: Uuid,
        pub choice: String,
        pub origin: String,
        pub floor: Option<String>,
        pub settings: Vec<u8>,
        pub version: i64,
        pub created_at: i64,
        pub updated_at: i64,
    }

    plugin_versions = "plugin_versions" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub plugin_id: Uuid,
        pub version: String,
        pub digest: Vec<u8>,
        pub origin: String,
        pub granted: String,
        pub seal: Vec<u8>,
        pub installed_at: i64,
    }

    plugin_files = "plugin_files" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub version_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub content: Vec<u8>,
    }

    plugin_publishers = "plugin_publishers" {
        #[sea_orm(primary_key, auto_increment = false)]
        pub key_id: String,
        pub name: String,
        pub public_key: String,
        pub added_at: i64,
    }
}
