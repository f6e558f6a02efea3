//! What the configuration and the database say about themselves.

use std::time::Duration;

use keyholder_core::application::SigningAlgorithm;
use keyholder_core::audit::ChainLink;
use keyholder_core::key::KeyState;
use keyholder_core::ports::Queries as _;
use keyholder_core::time::Timestamp;
use keyholder_oidc::jws::PrivateKey;
use keyholder_store::{Access, DatabaseLock, SqlStore};

use super::super::context::Context;
use super::super::london::utc;
use super::{Report, sentence};
use crate::audit::verify::Walk;
use crate::config::MailTransport;
use crate::config::load::Loaded;
use crate::keys::schedule::{KeyTimes, Schedule, signing_key};

/// How far the clock may be behind the newest event before somebody turned it back.
const CLOCK_SLACK: Duration = Duration::from_mins(1);
/// Events are sealed within a second; a tail this old is sealed by nobody.
const SEALED_WITHIN: Duration = Duration::from_mins(1);
/// How many links of each chain are looked at; `keyholder audit verify` looks at all.
const TAIL: i64 = 100;

pub(super) fn configuration(report: &mut Report, loaded: &Loaded) {
    const SUBJECT: &str = "configuration";
    let config = &loaded.config;
    match &loaded.file {
        Some(file) => report.ok(SUBJECT, format!("{} has no mistakes", file.display())),
        None => report.ok(SUBJECT, "no file; defaults, and the environment over them"),
    }
    if config.issuer.scheme() == "http" {
        report.warning(
            "issuer",
            "it is http: good for trying out on this machine only; set `issuer` to an https address",
        );
    } else {
        report.ok("issuer", config.issuer());
        if config.tls.is_none() && config.proxy.trusted.is_empty() {
            report.warning("issuer", "no [tls] and no proxy.trusted: behind a reverse proxy every client has the proxy's address; set proxy.trusted");
        }
    }
    if let MailTransport::Folder { print_links, .. } = &config.mail.transport {
        report.warning(SUBJECT, "mails are not sent but kept in a folder; set mail.transport = \"smtp\"");
        if *print_links {
            report.warning(SUBJECT, "links of mails go to the log; set mail.print_links = false");
        }
    }
    if config.outbound.test_bed.allow_loopback || config.outbound.test_bed.ca_file.is_some() {
        report.warning(SUBJECT, "outbound.test_bed is switched on; remove it outside of test beds");
    }
    if config.metrics.listen.is_some_and(|listen| !listen.ip().is_loopback()) {
        report.warning(SUBJECT, "metrics.listen is reachable from other machines, and asks for no password; guard it");
    }
}

/// The database, and all that stands in it.
pub(super) async fn data(report: &mut Report, context: &Context) {
    let data = context.data();
    if let Err(error) = data.must_exist() {
        return report.failed("database", sentence(&error));
    }
    let database = data.database();
    match keyholder_store::inspect(&database) {
        Err(error) => return report.failed("database", sentence(&error)),
        Ok(inspection) => {
            if let Some(damage) = inspection.damage.first() {
                report.failed("database", format!("damaged ({damage}); stop the server and restore a backup"));
            } else if let Some(migration) = inspection.unknown.first() {
                return report.failed(
                    "database",
                    format!("written by a newer version (it has `{migration}`); use that version"),
                );
            } else if let Some(migration) = inspection.pending.first() {
                return report.failed(
                    "database",
                    format!(
                        "of an older version (it lacks `{migration}`); stop the server and run `keyholder migrate`"
                    ),
                );
            } else {
                report.ok("database", format!("sound, {} migrations, none pending", inspection.migrations.len()));
            }
        }
    }
    // A lock file that is not there is not made: looking changes nothing.
    let lock = database.with_file_name("keyholder.db.lock");
    let runs = lock.exists() && DatabaseLock::take(&database).is_err();
    report.ok(
        "server",
        if runs { "a server is using the data directory" } else { "no server is using the data directory" },
    );
    let sealer = match data.existing_sealer(context.master_key.as_ref(), context.random.clone()) {
        Ok(sealer) => sealer,
        Err(error) => return report.failed("master key", sentence(&error)),
    };
    let store = match data.open_store(Access::Beside, sealer).await {
        Ok(store) => store,
        Err(error) => return report.failed("database", sentence(&error)),
    };
    let now = context.clock.now();
    signing_keys(report, context, &store, now).await;
    present(report, context, &store, now).await;
    chains(report, &store).await;
    super::saml::service_providers(report, &store, now).await;
    store.close().await;
}

async fn signing_keys(report: &mut Report, context: &Context, store: &SqlStore, now: Timestamp) {
    let keys = match store.list_signing_keys().await {
        Ok(keys) => keys,
        Err(error) => {
            let text = format!("{}; is master.key the one of this database?", sentence(&error));
            return report.failed("signing keys", text);
        }
    };
    let schedule = Schedule::from_config(&context.config);
    let times: Vec<_> = keys.iter().map(KeyTimes::from).collect();
    for key in keys.iter().filter(|key| key.state != KeyState::Retired) {
        if let Err(error) = PrivateKey::from_pkcs8(key.algorithm, key.id.to_string(), &key.private_der) {
            report.failed(
                "signing keys",
                format!("{} cannot be read: {}; run `keyholder key rotate --compromised`", key.id, sentence(&error)),
            );
        }
    }
    for algorithm in SigningAlgorithm::ALL {
        let name = algorithm.name();
        match signing_key(&times, algorithm, now) {
            None => report
                .failed("signing keys", format!("none signs with {name}; start the server or run `keyholder init`")),
            Some(key) => {
                let days = now.since(key.active_from).as_secs() / 86_400;
                if now.since(key.active_from) > schedule.signs + schedule.overlap {
                    report.warning("signing keys", format!("the one for {name} is {days} days old; a running server replaces it, or `keyholder key rotate` does"));
                } else {
                    report.ok("signing keys", format!("{name}, {days} days old"));
                }
            }
        }
    }
}

async fn present(report: &mut Report, context: &Context, store: &SqlStore, now: Timestamp) {
    let present = match store.present(now, context.config.session.idle()).await {
        Ok(present) => present,
        Err(error) => return report.failed("database", sentence(&error)),
    };
    let asked = "no time server was asked";
    match present.newest_event {
        Some(newest) if newest > now.plus(CLOCK_SLACK) => report.failed(
            "clock",
            format!("it says {}, but the newest event is of {}: it was turned back, or ran ahead; set it and keep it by NTP", utc(now), utc(newest)),
        ),
        Some(newest) => report.ok("clock", format!("{}, not before the newest event ({}); {asked}", utc(now), utc(newest))),
        None => report.ok("clock", format!("{}; there is no event to compare it with, and {asked}", utc(now))),
    }
    if present.outbox_dead > 0 {
        report.warning(
            "outbox",
            format!("{} messages were given up; the log has why (`not delivered, given up`)", present.outbox_dead),
        );
    } else {
        report.ok("outbox", format!("{} messages wait, none was given up", present.outbox_waiting));
    }
    match present.oldest_unsealed_event {
        Some(oldest) if now.since(oldest) > SEALED_WITHIN => report.warning(
            "audit log",
            format!(
                "{} events are not sealed, the oldest of {}; the server seals them when it runs",
                present.unsealed_events,
                utc(oldest)
            ),
        ),
        _ => report.ok("audit log", format!("{} events not sealed yet", present.unsealed_events)),
    }
}

/// The ends of the chains.
async fn chains(report: &mut Report, store: &SqlStore) {
    let chains = match store.list_audit_chains().await {
        Ok(chains) => chains,
        Err(error) => return report.failed("audit log", sentence(&error)),
    };
    let count = chains.len();
    for chain in chains {
        let checked = async {
            let Some(last) = store.last_audit_sequence(chain).await? else { return Ok(None) };
            let rows =
                store.list_audit_rows(chain, Some((last - TAIL).max(0)), u64::try_from(TAIL).unwrap_or(0)).await?;
            let mut rows = rows.into_iter();
            let mut walk = Walk::default();
            if last > TAIL {
                // The first one is taken for granted.
                let Some(first) = rows.next() else { return Ok(None) };
                let digest = |bytes: Option<Vec<u8>>| bytes.and_then(|bytes| bytes.try_into().ok()).unwrap_or([0; 32]);
                walk = Walk::after(ChainLink {
                    sequence: first.sequence.unwrap_or_default(),
                    commitment: digest(first.commitment),
                    chain: digest(first.chain),
                });
            }
            Ok::<_, keyholder_core::ports::StoreError>(rows.map(|row| walk.step(&row)).find_map(Result::err))
        };
        match checked.await {
            Ok(None) => {}
            Ok(Some(flaw)) => {
                report.failed("audit log", format!("{flaw}; `keyholder audit verify` tells in which chain"));
            }
            Err(error) => report.failed("audit log", sentence(&error)),
        }
    }
    report.ok("audit log", format!("the last {TAIL} events of {count} chains were looked at"));
}
