//! A relying application that does the code flow by hand, so that a test can leave out or alter any part of it.

use aws_lc_rs::{digest, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header::CONTENT_TYPE;
use serde_json::Value;
use url::Url;

use crate::{Browser, Keyholder, Page};

/// A confidential client with `client_secret_basic`, or a public one.
#[derive(Debug, Clone)]
pub struct RelyingApplication {
    pub issuer: String,
    pub client_id: String,
    pub secret: Option<String>,
    pub redirect_uri: String,
    pub scope: String,
    http: reqwest::Client,
}

/// What is kept until the answer comes.
#[derive(Debug, Clone)]
pub struct AuthorizationRequest {
    pub parameters: Vec<(String, String)>,
    pub verifier: String,
    issuer: String,
}

/// What an endpoint said.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub json: Value,
    pub body: String,
}

/// The tokens of a sign-in, with the claims of the ID token.
#[derive(Debug, Clone)]
pub struct SignedIn {
    pub access_token: String,
    pub refresh_token: Option<String>,
    pub id_token: String,
    pub claims: Value,
}

impl RelyingApplication {
    /// A client of the fixture of [`Keyholder`], whose secret is made from its id.
    pub fn new(keyholder: &Keyholder, client_id: &str) -> Self {
        Self {
            issuer: keyholder.issuer.clone(),
            client_id: client_id.to_owned(),
            secret: Some(crate::keyholder::secret_of(client_id)),
            redirect_uri: format!("https://{client_id}.example/callback"),
            scope: "openid profile email groups school scopes_of_pupils".to_owned(),
            http: reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap(),
        }
    }

    /// The same client without a secret.
    #[must_use]
    pub fn public(mut self) -> Self {
        self.secret = None;
        self
    }

    /// Asks for these scopes.
    #[must_use]
    pub fn with_scope(mut self, scope: &str) -> Self {
        scope.clone_into(&mut self.scope);
        self
    }

    /// A complete authorization request with PKCE, `state` and `nonce`.
    pub fn request(&self) -> AuthorizationRequest {
        let verifier = draw();
        let challenge = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, verifier.as_bytes()));
        let parameters = [
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", &self.scope),
            ("state", &draw()),
            ("nonce", &draw()),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        AuthorizationRequest { parameters, verifier, issuer: self.issuer.clone() }
    }

    /// Signs somebody in who has to type a password, and redeems the code.
    pub async fn sign_in(&self, browser: &Browser, email: &str, password: &str) -> SignedIn {
        let request = self.request();
        let page = browser.open(request.url()).await;
        let page = Keyholder::type_password(browser, &page, email, password).await;
        self.finish(&request, &page).await
    }

    /// Signs somebody in whom the browser's session knows already.
    pub async fn sign_in_silently(&self, browser: &Browser) -> SignedIn {
        let request = self.request().with("prompt", "none");
        let page = browser.open(request.url()).await;
        self.finish(&request, &page).await
    }

    /// Checks the response and redeems its code.
    pub async fn finish(&self, request: &AuthorizationRequest, page: &Page) -> SignedIn {
        let code = self.code(request, page);
        let answer = self.redeem(&code, &request.verifier).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        SignedIn::from_answer(&answer)
    }

    /// The code of a successful response that belongs to the request.
    pub fn code(&self, request: &AuthorizationRequest, page: &Page) -> String {
        assert!(
            page.url.as_str().starts_with(&self.redirect_uri),
            "not at the application: {} {}",
            page.url,
            page.text()
        );
        assert_eq!(page.parameter("error"), None, "{}", page.url);
        assert_eq!(page.parameter("state").as_deref(), request.value("state"));
        assert_eq!(page.parameter("iss").as_deref(), Some(self.issuer.as_str()));
        page.parameter("code").expect("a code")
    }

    pub async fn redeem(&self, code: &str, verifier: &str) -> Answer {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", verifier),
        ];
        self.post("/oidc/token", &fields).await
    }

    pub async fn refresh(&self, refresh_token: &str) -> Answer {
        self.post("/oidc/token", &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await
    }

    pub async fn introspect(&self, token: &str) -> Answer {
        self.post("/oidc/introspect", &[("token", token)]).await
    }

    pub async fn revoke(&self, token: &str) -> Answer {
        self.post("/oidc/revoke", &[("token", token)]).await
    }

    pub async fn userinfo(&self, access_token: &str) -> Answer {
        let request = self.http.get(format!("{}/oidc/userinfo", self.issuer)).bearer_auth(access_token);
        Answer::read(request.send().await.unwrap()).await
    }

    /// The address that signs the browser out (RP-Initiated Logout 1.0).
    pub fn end_session_url(&self, id_token: &str) -> String {
        let mut url = Url::parse(&format!("{}/oidc/logout", self.issuer)).unwrap();
        let after = self.redirect_uri.replace("/callback", "/signed-out");
        url.query_pairs_mut()
            .append_pair("id_token_hint", id_token)
            .append_pair("client_id", &self.client_id)
            .append_pair("post_logout_redirect_uri", &after)
            .append_pair("state", "after");
        url.into()
    }

    /// Sends a form to an endpoint as this client.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = Url::parse("form:/").unwrap();
        form.query_pairs_mut().extend_pairs(fields);
        let mut request =
            self.http.post(format!("{}{path}", self.issuer)).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        match &self.secret {
            Some(secret) => request = request.basic_auth(&self.client_id, Some(secret)),
            None => {
                form.query_pairs_mut().append_pair("client_id", &self.client_id);
            }
        }
        Answer::read(request.body(form.query().unwrap().to_owned()).send().await.unwrap()).await
    }
}

impl AuthorizationRequest {
    /// Sets a parameter.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self = self.without(name);
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Leaves a parameter out.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.parameters.retain(|(other, _)| other != name);
        self
    }

    pub fn value(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    pub fn url(&self) -> String {
        let mut url = Url::parse(&format!("{}/oidc/authorize", self.issuer)).unwrap();
        url.query_pairs_mut().extend_pairs(&self.parameters);
        url.into()
    }
}

impl SignedIn {
    pub fn from_answer(answer: &Answer) -> Self {
        let text = |name: &str| answer.json[name].as_str().map(str::to_owned);
        let id_token = text("id_token").unwrap_or_default();
        Self {
            access_token: text("access_token").expect("an access token"),
            refresh_token: text("refresh_token"),
            claims: claims(&id_token),
            id_token,
        }
    }
}

impl Answer {
    async fn read(response: reqwest::Response) -> Self {
        let status = response.status().as_u16();
        let body = response.text().await.unwrap();
        Self { status, json: serde_json::from_str(&body).unwrap_or_default(), body }
    }

    /// The code of an OAuth error.
    pub fn error(&self) -> &str {
        self.json["error"].as_str().unwrap_or_default()
    }
}

/// The claims of a token, unchecked.
fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap_or_default();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap_or_default()).unwrap_or_default()
}

fn draw() -> String {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).unwrap();
    URL_SAFE_NO_PAD.encode(bytes)
}
