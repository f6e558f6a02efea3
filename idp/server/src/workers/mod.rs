//! Work that no request waits for: deliveries, sealing of the audit log, clean-up, and caches that follow the database.
//!
//! Owns the rhythm. What each piece of work does is a function of an explicit instant in a module of its own; nothing there
//! sleeps. Work that one node alone shall do takes a lease first, in the transaction of the work.

pub mod audit_seal;
mod back_channel;
pub mod clean_up;
pub mod outbox;
pub mod password_link;
mod saml_logout;
mod saml_metadata;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use keyholder_core::outbox::Lane;
use keyholder_core::random::draw_bytes;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::app::App;

/// How often the outbox is looked at when nobody rings: for what is due again, and for what other processes left.
const OUTBOX_PERIOD: Duration = Duration::from_secs(1);
/// Events are sealed within a second (design, State).
const SEAL_PERIOD: Duration = Duration::from_millis(500);
/// What `keyholder apply` changes takes effect within a second.
const CACHE_PERIOD: Duration = Duration::from_millis(500);
/// Clean-up and the schedule of signing keys.
const SCHEDULE_PERIOD: Duration = Duration::from_mins(1);
/// How often metadata of service providers is looked through for what is due.
const METADATA_PERIOD: Duration = Duration::from_mins(1);
/// How long a stop waits for a mail server that is in the middle of a message.
const PATIENCE: Duration = Duration::from_secs(10);

/// The running work.
#[derive(Debug)]
pub struct Workers {
    app: Arc<App>,
    /// Leases and claims are held under a name that no other process has.
    name: Arc<str>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    /// The outbox has one bell: the mails hear it, and ring this one.
    notices: Arc<Notify>,
}

/// One turn of a piece of work; the text is for the log.
type Turn = fn(Arc<App>, Arc<str>) -> BoxFuture<'static, Result<(), String>>;

impl Workers {
    /// Starts everything on the current runtime.
    pub fn start(app: Arc<App>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let name = draw_bytes::<8>(app.random.as_ref()).iter().fold(String::from("node-"), |mut name, byte| {
            let _ = write!(name, "{byte:02x}");
            name
        });
        let mut workers = Self { app, name: name.into(), stop, tasks: JoinSet::new(), notices: Arc::default() };
        workers.repeat("mails", OUTBOX_PERIOD, &stopped, |app, name| Box::pin(deliver(app, name, Lane::Mails)));
        workers.repeat("notices", OUTBOX_PERIOD, &stopped, |app, name| Box::pin(deliver(app, name, Lane::Notices)));
        workers.repeat("audit-seal", SEAL_PERIOD, &stopped, |app, name| Box::pin(seal(app, name)));
        workers.repeat("caches", CACHE_PERIOD, &stopped, |app, _| Box::pin(follow(app)));
        // Apart from the other caches: what is new here is compiled first.
        workers.repeat("plugins", CACHE_PERIOD, &stopped, |app, _| Box::pin(follow_plugins(app)));
        workers.repeat("schedule", SCHEDULE_PERIOD, &stopped, |app, name| Box::pin(schedule(app, name)));
        // Apart from the schedule: it waits for servers elsewhere.
        workers.repeat("saml-metadata", METADATA_PERIOD, &stopped, |app, name| Box::pin(metadata(app, name)));
        workers
    }

    /// Ends the work after the turns in progress, and seals what was logged until now. What waits in the outbox is
    /// delivered after the next start.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let finished = timeout(PATIENCE, async { while self.tasks.join_next().await.is_some() {} }).await;
        if finished.is_err() {
            tracing::warn!("a delivery took too long; it is repeated after the next start");
            self.tasks.shutdown().await;
        }
        self.app.mailer.close().await;
        if let Err(error) = audit_seal::seal_all(&self.app.store, &self.name, self.app.now()).await {
            tracing::warn!(error = %describe(&error), "the last audit events are not sealed yet");
        }
    }

    fn repeat(&mut self, work: &'static str, period: Duration, stopped: &watch::Receiver<bool>, turn: Turn) {
        let (app, name, mut stopped) = (Arc::clone(&self.app), Arc::clone(&self.name), stopped.clone());
        let notices = Arc::clone(&self.notices);
        self.tasks.spawn(async move {
            let mut ticks = interval(period);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut failing = false;
            loop {
                tokio::select! {
                    _ = stopped.wait_for(|stopped| *stopped) => return,
                    _ = ticks.tick() => {}
                    () = app.outbox_wake.notified(), if work == "mails" => notices.notify_one(),
                    () = notices.notified(), if work == "notices" => {}
                }
                // Told once when it begins and once when it ends, not twice a second.
                match turn(Arc::clone(&app), Arc::clone(&name)).await {
                    Ok(()) if failing => {
                        failing = false;
                        tracing::info!(work, "works again");
                    }
                    Err(error) if !failing => {
                        failing = true;
                        tracing::warn!(work, error, "does not work, and is tried again");
                    }
                    Ok(()) | Err(_) => {}
                }
            }
        });
    }
}

async fn deliver(app: Arc<App>, name: Arc<str>, lane: Lane) -> Result<(), String> {
    outbox::deliver_due(&outbox::Post::of(&app), &name, lane).await.map(|_| ()).map_err(|error| describe(&error))
}

async fn seal(app: Arc<App>, name: Arc<str>) -> Result<(), String> {
    audit_seal::seal_all(&app.store, &name, app.now()).await.map(|_| ()).map_err(|error| describe(&error))
}

async fn follow(app: Arc<App>) -> Result<(), String> {
    app.applications.refresh(&app.store).await.map_err(|error| describe(&error))?;
    app.keys.refresh(&app.store).await.map_err(|error| describe(&error))?;
    app.saml.refresh(&app.store, app.now()).await.map_err(|error| describe(&error))
}

async fn follow_plugins(app: Arc<App>) -> Result<(), String> {
    match &app.plugins {
        Some(plugins) => plugins.follow_rows(&app.store).await.map_err(|error| describe(&error)),
        None => Ok(()),
    }
}

async fn schedule(app: Arc<App>, name: Arc<str>) -> Result<(), String> {
    app.keys.tend(&app.store).await.map_err(|error| describe(&error))?;
    clean_up::clean_up(&app.store, &name, app.now()).await.map(|_| ()).map_err(|error| describe(&error))
}

async fn metadata(app: Arc<App>, name: Arc<str>) -> Result<(), String> {
    saml_metadata::refresh_due(&app, &name).await.map_err(|error| describe(&error))?;
    saml_metadata::tell(&app, &name).await.map(|_| ()).map_err(|error| describe(&error))
}

/// An error with its sources, on one line.
pub(crate) fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let _ = write!(text, ": {error}");
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests;
