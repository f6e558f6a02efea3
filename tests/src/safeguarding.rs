//! The example application as a program of its own, registered as a client of the installation under test.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::Duration;

use tokio::process::{Child, Command};

use crate::keyholder::{built, free_port, secret_of};
use crate::{Browser, Keyholder};

const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(50);
const MOST_LOOKS: usize = 1200;

/// A running application, which stops with this value.
#[derive(Debug)]
pub struct Safeguarding {
    /// Where it is, without a slash at the end.
    pub address: String,
    issuer: String,
    _child: Child,
}

impl Safeguarding {
    /// Registers a client whose entry has one more line, and starts the application as that client. `ADDRESS` in the line is
    /// where the application is.
    pub async fn start(keyholder: &Keyholder, client_id: &str, line: &str) -> Self {
        let listen = format!("127.0.0.1:{}", free_port());
        // A mount of its own: its cookies are not those of another application on this host.
        let (address, secret) = (format!("http://{listen}/s/{client_id}"), secret_of(client_id));
        let entry = format!(
            "[[application]]\nclient_id = \"{client_id}\"\nname = \"{client_id}\"\ntrust = \"trust\"\n\
             consent = \"first-party\"\n\
             authentication = {{ method = \"client_secret_basic\", secret = \"{secret}\" }}\n\
             redirect_uris = [\"{address}/callback\"]\npost_logout_redirect_uris = [\"{address}/signed-out\"]\n\
             grant_types = [\"authorization_code\", \"refresh_token\"]\n\
             scopes = [\"openid\", \"profile\", \"email\", \"offline_access\", \"groups\", \"school\", \"scopes_of_pupils\"]\n\
             {}\n",
            line.replace("ADDRESS", &address)
        );
        keyholder.apply(&entry).await;
        let mut command = Command::new(binary());
        command.args(["--listen", &listen, "--issuer", &keyholder.issuer]);
        command
            .env("SAFEGUARDING_CLIENTS", format!("{client_id}:{client_id}:{secret}"))
            .kill_on_drop(true)
            .stdout(Stdio::null());
        let child = command.stderr(Stdio::null()).spawn().unwrap();
        let application = Self { address, issuer: keyholder.issuer.clone(), _child: child };
        application.wait(&format!("{client_id} to be up"), async || Self::answers(&application.page("/")).await).await;
        // What is applied takes effect within moments.
        let known = async || Browser::default().open(application.page("/sign-in")).await.status == 200;
        application.wait(&format!("{client_id} to be known"), known).await;
        application
    }

    async fn answers(address: &str) -> bool {
        reqwest::get(address).await.is_ok_and(|response| response.status().is_success())
    }

    /// The address of a page.
    pub fn page(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// Whether the application takes the browser for somebody: else it sends it to Keyholder, which knows nobody either.
    pub async fn knows(&self, browser: &Browser) -> bool {
        let page = browser.open(self.page("/incidents")).await;
        let here = page.url.as_str().starts_with(&self.address);
        assert!(here || page.url.as_str().starts_with(&self.issuer), "{}", page.url);
        here
    }

    /// Waits until the application has forgotten the browser.
    pub async fn forgets(&self, browser: &Browser) {
        self.wait("the session to end", async || !self.knows(browser).await).await;
    }

    async fn wait(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        for _ in 0..MOST_LOOKS {
            if holds().await {
                return;
            }
            tokio::time::sleep(LOOK_AGAIN_AFTER).await;
        }
        panic!("{}: waited in vain for {what}", self.address);
    }
}

/// The program that `TESTS_SAFEGUARDING` names, else as it is now.
fn binary() -> PathBuf {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    let named = || std::env::var_os("TESTS_SAFEGUARDING").map_or_else(|| built("safeguarding-app"), Into::into);
    BINARY.get_or_init(named).clone()
}
