//! `/healthz`: the process lives. `/readyz`: it can do its work, or says in words why not.

use std::sync::Mutex;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, ContentType};
use actix_web::web::{self, Data, ServiceConfig};
use async_trait::async_trait;
use keyholder_core::application::SigningAlgorithm;
use keyholder_core::ports::{Command, StoreError, Transaction};
use keyholder_core::time::Timestamp;

use crate::app::App;

/// How long an answer of the database counts: probes come every second, and each write costs a flush of the disk.
const FRESH: Duration = Duration::from_secs(5);

/// What the database last answered.
#[derive(Debug, Default)]
pub(super) struct Readiness {
    database: Mutex<Option<(Timestamp, Result<(), String>)>>,
}

/// Registers both. They come before everything else: probes speak to an address, not to the issuer's host, and fill no log.
pub(super) fn configure(config: &mut ServiceConfig) {
    config.route("/healthz", web::get().to(healthz)).route("/readyz", web::get().to(readyz));
}

async fn healthz() -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).content_type(ContentType::plaintext()).body("ok\n")
}

async fn readyz(app: Data<App>, readiness: Data<Readiness>) -> HttpResponse {
    let reasons = readiness.reasons(&app).await;
    let (mut response, body) = if reasons.is_empty() {
        (HttpResponse::Ok(), "ready\n".to_owned())
    } else {
        (HttpResponse::ServiceUnavailable(), reasons.join("\n") + "\n")
    };
    response.insert_header((CACHE_CONTROL, "no-store")).content_type(ContentType::plaintext()).body(body)
}

impl Readiness {
    /// Why the server cannot do its work, in words; empty where it can.
    async fn reasons(&self, app: &App) -> Vec<String> {
        let mut reasons = Vec::new();
        if let Err(reason) = self.database(app).await {
            reasons.push(reason);
        }
        for algorithm in SigningAlgorithm::ALL {
            if app.keys.signer(algorithm).is_err() {
                reasons.push(format!("there is no signing key for {}", algorithm.name()));
            }
        }
        if app.plugins.as_ref().is_some_and(|plugins| !plugins.is_settled()) {
            reasons.push("plugins are being compiled for the first time".to_owned());
        }
        reasons
    }

    async fn database(&self, app: &App) -> Result<(), String> {
        let now = app.now();
        let known = self.database.lock().ok().and_then(|known| known.clone());
        if let Some((at, answer)) = known
            && now.since(at) < FRESH
        {
            return answer;
        }
        let answer = app.store.execute(Touch { now }).await.map_err(|error| match error {
            StoreError::Full => "the disk is full or takes no more: the database cannot be written".to_owned(),
            error => {
                tracing::warn!(error = &error as &dyn std::error::Error, "the database is not ready");
                "the database cannot be written".to_owned()
            }
        });
        if let Ok(mut known) = self.database.lock() {
            *known = Some((now, answer.clone()));
        }
        answer
    }
}

/// The smallest write that there is: reading alone does not show a full disk.
struct Touch {
    now: Timestamp,
}

#[async_trait]
impl Command for Touch {
    type Output = ();

    async fn run(&self, transaction: &dyn Transaction) -> Result<(), StoreError> {
        transaction.take_lease("ready", "ready", self.now, self.now.plus(FRESH)).await.map(drop)
    }
}
