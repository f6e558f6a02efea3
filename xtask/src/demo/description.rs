//! What is applied to the demo's Keyholder: `config/demo/demo.toml`, with the addresses that the application really has.

use std::path::PathBuf;

use super::Addresses;
use super::directory::Directory;
use crate::run::{Failure, write};

/// The application's address in the file.
pub(super) const WRITTEN_ADDRESS: &str = "http://127.0.0.1:8081";

/// A client of the example application.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) id: &'static str,
    /// `/s/{mount}`; `None` at the root.
    pub(super) mount: Option<&'static str>,
    pub(super) secret: String,
    app: String,
}

impl Client {
    pub(super) fn redirect_uri(&self) -> String {
        let base = self.mount.map(|slug| format!("/s/{slug}")).unwrap_or_default();
        format!("{}{base}/callback", self.app)
    }
}

const CLIENTS: [(&str, Option<&str>); 4] = [
    ("safeguarding", None),
    ("safeguarding-oakfield", Some("oakfield-primary")),
    ("safeguarding-bryn", Some("ysgol-y-bryn")),
    ("trip-planner", Some("trip-planner")),
];

/// Where the copy lies.
pub(super) fn path(directory: &Directory) -> PathBuf {
    directory.join("demo.toml")
}

/// Writes the copy and the secrets beside it.
pub(super) fn write_copy(directory: &Directory, addresses: &Addresses) -> Result<Vec<Client>, Failure> {
    let source = crate::root().join("config/demo/demo.toml");
    let text = std::fs::read_to_string(&source).map_err(|error| Failure::File { path: source, source: error })?;
    write(&path(directory), &text.replace(WRITTEN_ADDRESS, &addresses.app))?;
    CLIENTS
        .into_iter()
        .map(|(id, mount)| Ok(Client { id, mount, secret: directory.secret(id)?, app: addresses.app.clone() }))
        .collect()
}
