//! The listener of `/metrics`: apart from the one that people and applications reach, since it asks for no password.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{self, Data};
use actix_web::{App as HttpApp, HttpResponse, HttpServer};
use tokio::task::JoinHandle;

use crate::app::App;

/// Prometheus, "Exposition formats", text-based format.
const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A listener that answers.
pub struct MetricsListener {
    /// Where; the port is a real one even if port 0 was asked for.
    pub address: SocketAddr,
    handle: ServerHandle,
    server: JoinHandle<io::Result<()>>,
}

impl std::fmt::Debug for MetricsListener {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("MetricsListener").field("address", &self.address).finish_non_exhaustive()
    }
}

impl MetricsListener {
    /// Starts it.
    ///
    /// # Errors
    /// An address that is taken or not this machine's.
    pub fn start(app: &Arc<App>, address: SocketAddr) -> io::Result<Self> {
        let data = Data::from(app.clone());
        let server =
            HttpServer::new(move || HttpApp::new().app_data(data.clone()).route("/metrics", web::get().to(metrics)));
        let server = server.workers(1).disable_signals().shutdown_timeout(1).bind(address)?;
        let bound = server.addrs().first().copied().unwrap_or(address);
        let server = server.run();
        let handle = server.handle();
        tracing::info!(address = %bound, "metrics are listening");
        Ok(Self { address: bound, handle, server: tokio::spawn(server) })
    }

    /// Ends it.
    pub async fn stop(self) {
        self.handle.stop(false).await;
        // Its failure stops nothing else: it is over either way.
        let _ = self.server.await;
    }
}

async fn metrics(app: Data<App>) -> HttpResponse {
    match super::render(&app).await {
        Ok(text) => HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).content_type(CONTENT_TYPE).body(text),
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "the metrics cannot be read");
            HttpResponse::ServiceUnavailable().finish()
        }
    }
}
