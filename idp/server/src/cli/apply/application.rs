//! The section `[[application]]`: an OIDC client as it is registered, a SAML service provider, or both.
//!
//! Names follow `OpenID` Connect Dynamic Client Registration 1.0 section 2.

use keyholder_core::application::{
    ApplicationType, ConsentRule, ContentEncryption, GrantType, JwksSource, KeyManagement, OidcClient, RefreshRotation,
    ResponseEncryption, ResponseType, SecretHash, SigningAlgorithm, SubjectType,
};
use keyholder_core::random::draw_token;
use keyholder_oidc::jwe::Recipient;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value as Json;
use url::Url;

use super::document::{Entry, Located};
use super::saml::{WantedSaml, read_saml};
use super::uris::{check_address, check_origin, check_redirect};
use super::wanted::Surroundings;
use crate::digest::hash_token;

/// The scopes that there are.
const SCOPES: [&str; 7] = ["openid", "profile", "email", "offline_access", "groups", "school", "scopes_of_pupils"];
const ALGORITHMS: [&str; 3] = ["RS256", "ES256", "EdDSA"];
/// Below this a plain digest could be guessed back: 32 characters of a random text.
const LEAST_SECRET: usize = 32;

#[derive(Debug)]
pub(super) struct WantedApplication {
    pub(super) client_id: Located<String>,
    pub(super) name: String,
    pub(super) offered_to: WantedOffer,
    pub(super) consent: ConsentRule,
    pub(super) launch_url: Option<Url>,
    pub(super) application_type: ApplicationType,
    pub(super) authentication: WantedAuthentication,
    pub(super) redirect_uris: Vec<String>,
    pub(super) post_logout_redirect_uris: Vec<String>,
    pub(super) backchannel_logout_uri: Option<Url>,
    pub(super) backchannel_logout_session_required: bool,
    pub(super) frontchannel_logout_uri: Option<Url>,
    pub(super) frontchannel_logout_session_required: bool,
    pub(super) grant_types: Vec<GrantType>,
    pub(super) response_types: Vec<ResponseType>,
    pub(super) scopes: Vec<String>,
    pub(super) id_token_signed_response_alg: SigningAlgorithm,
    pub(super) userinfo_signed_response_alg: Option<SigningAlgorithm>,
    pub(super) introspection_signed_response_alg: Option<SigningAlgorithm>,
    pub(super) id_token_encrypted_response: Option<ResponseEncryption>,
    pub(super) userinfo_encrypted_response: Option<ResponseEncryption>,
    pub(super) jwks: Option<JwksSource>,
    pub(super) require_pkce: bool,
    pub(super) refresh_rotation: RefreshRotation,
    pub(super) subject_type: SubjectType,
    pub(super) origins: Vec<String>,
    pub(super) audiences: Vec<String>,
    pub(super) default_max_age: Option<u32>,
    pub(super) saml: Option<WantedSaml>,
}

#[derive(Debug)]
pub(super) enum WantedOffer {
    Schools(Vec<Located<String>>),
    Trust(Located<String>),
}

/// How the client shall prove who it is.
#[derive(Debug)]
pub(super) enum WantedAuthentication {
    None,
    Secret { method: SecretMethod, secret: WantedSecret },
    PrivateKeyJwt { jwks: JwksSource },
}

/// The methods that need a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SecretMethod {
    Basic,
    Post,
}

#[derive(Debug)]
pub(super) enum WantedSecret {
    Given(SecretHash),
    /// The one that there is, or this new one.
    Generate(SecretString),
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Method {
    None,
    ClientSecretBasic,
    ClientSecretPost,
    PrivateKeyJwt,
}

/// There is a key for every kind of encryption that is wanted.
fn refuse_unserved(entry: &Entry<'_>, keys: &str, wanted: [Option<ResponseEncryption>; 2]) {
    if let Some(unserved) = wanted.into_iter().flatten().find(|wanted| Recipient::choose(keys, *wanted).is_err()) {
        entry.fault("jwks", format!("it holds no key for `{}`", unserved.alg.name()));
    }
}

pub(super) fn read_application(entry: Entry<'_>, around: &Surroundings<'_>) -> Option<WantedApplication> {
    let client_id = read_client_id(&entry);
    let name = entry.required_text("name");
    let offered_to = read_offer(&entry);
    let consent = entry.choice("consent", &["first-party", "ask-person"]);
    let saml = read_saml(&entry, around);
    if entry.has("saml") && !entry.has("authentication") {
        return read_saml_alone(entry, Common { client_id, name, offered_to, consent }, saml);
    }
    let application_type = entry
        .choice("application_type", &["web", "native"])
        .map_or(ApplicationType::Web, |application_type| application_type.value);
    let authentication = entry.table("authentication");
    if !entry.has("authentication") {
        entry.fault("authentication", "it is missing; expected a table with `method`");
    }
    let authentication = authentication.and_then(|table| read_authentication(table, around));
    let public = matches!(authentication, Some(WantedAuthentication::None));
    let grant_types = read_grant_types(&entry, public);
    let with_code = grant_types.contains(&GrantType::AuthorizationCode);
    let response_types: Vec<ResponseType> =
        entry.choices("response_types", &["code"]).into_iter().map(|response_type| response_type.value).collect();
    let response_types = if response_types.is_empty() && with_code { vec![ResponseType::Code] } else { response_types };
    if !with_code && !response_types.is_empty() {
        // OpenID Connect Dynamic Client Registration 2: the two lists correspond.
        entry.fault("response_types", "`code` goes with the grant type `authorization_code`");
    }
    let redirect_uris = checked_list(&entry, "redirect_uris", |uri| check_redirect(uri, application_type));
    if with_code && !entry.has("redirect_uris") {
        entry.fault("redirect_uris", "it is missing; expected the addresses to which people return after signing in");
    }
    let frontchannel_logout_uri = read_front_channel(&entry, &redirect_uris);
    let id_token_encrypted_response =
        read_encryption(&entry, "id_token_encrypted_response_alg", "id_token_encrypted_response_enc");
    let userinfo_encrypted_response =
        read_encryption(&entry, "userinfo_encrypted_response_alg", "userinfo_encrypted_response_enc");
    let jwks = read_jwks(&entry);
    let by_key = matches!(authentication, Some(WantedAuthentication::PrivateKeyJwt { .. }));
    if by_key && jwks.is_some() {
        entry.fault("jwks", "the keys of `private_key_jwt` stand in `authentication`, and serve encryption too");
    }
    let encrypts = id_token_encrypted_response.or(userinfo_encrypted_response).is_some();
    if encrypts && jwks.is_none() && !by_key {
        entry.fault("jwks", "it is missing; expected the public keys to encrypt to, or `jwks_uri`");
    }
    let keys = match &authentication {
        Some(WantedAuthentication::PrivateKeyJwt { jwks }) => Some(jwks),
        _ => jwks.as_ref(),
    };
    if let Some(JwksSource::Inline(keys)) = keys {
        refuse_unserved(&entry, keys, [id_token_encrypted_response, userinfo_encrypted_response]);
    }
    let scopes = read_scopes(&entry, &grant_types);
    let require_pkce = entry.switch("require_pkce");
    if public && require_pkce == Some(false) {
        // RFC 9700 2.1.1.
        entry.fault("require_pkce", "a public client (`method = \"none\"`) cannot go without PKCE");
    }
    let wanted = WantedApplication {
        name: name.map(|name| name.value).unwrap_or_default(),
        consent: consent.map_or(ConsentRule::AskPerson, |consent| consent.value),
        launch_url: read_address(&entry, "launch_url"),
        application_type,
        post_logout_redirect_uris: checked_list(&entry, "post_logout_redirect_uris", |uri| {
            check_redirect(uri, application_type)
        }),
        backchannel_logout_uri: read_address(&entry, "backchannel_logout_uri"),
        backchannel_logout_session_required: entry.switch("backchannel_logout_session_required").unwrap_or_default(),
        frontchannel_logout_uri,
        frontchannel_logout_session_required: entry.switch("frontchannel_logout_session_required").unwrap_or_default(),
        id_token_signed_response_alg: read_algorithm(&entry, "id_token_signed_response_alg").unwrap_or_default(),
        userinfo_signed_response_alg: read_algorithm(&entry, "userinfo_signed_response_alg"),
        introspection_signed_response_alg: read_algorithm(&entry, "introspection_signed_response_alg"),
        id_token_encrypted_response,
        userinfo_encrypted_response,
        jwks,
        require_pkce: public || require_pkce.unwrap_or(true),
        refresh_rotation: entry
            .choice("refresh_rotation", &["by-client-type", "always"])
            .map_or(RefreshRotation::ByClientType, |rotation| rotation.value),
        subject_type: entry
            .choice("subject_type", &["public", "pairwise"])
            .map_or(SubjectType::Public, |subject_type| subject_type.value),
        origins: checked_list(&entry, "origins", check_origin),
        audiences: checked_list(&entry, "audiences", |audience| {
            let good = (1..=255).contains(&audience.len()) && audience.bytes().all(|byte| byte.is_ascii_graphic());
            if good { Ok(()) } else { Err("expected a name or an address without spaces".into()) }
        }),
        default_max_age: entry.whole("default_max_age", 1..=31_536_000),
        redirect_uris,
        grant_types,
        response_types,
        scopes,
        // Faults of these three are noted already; the entry is then dropped.
        client_id: client_id?,
        offered_to: offered_to?,
        authentication: authentication?,
        saml,
    };
    entry.finish();
    Some(wanted)
}

/// What every application has, whatever it speaks.
struct Common {
    client_id: Option<Located<String>>,
    name: Option<Located<String>>,
    offered_to: Option<WantedOffer>,
    consent: Option<Located<ConsentRule>>,
}

/// An application that does not speak `OpenID` Connect: none of its keys is known here.
fn read_saml_alone(entry: Entry<'_>, common: Common, saml: Option<WantedSaml>) -> Option<WantedApplication> {
    let launch_url = read_address(&entry, "launch_url");
    entry.finish();
    let silent = OidcClient::silent(String::new());
    Some(WantedApplication {
        client_id: common.client_id?,
        name: common.name.map(|name| name.value).unwrap_or_default(),
        offered_to: common.offered_to?,
        consent: common.consent.map_or(ConsentRule::AskPerson, |consent| consent.value),
        launch_url,
        application_type: silent.application_type,
        authentication: WantedAuthentication::None,
        redirect_uris: silent.redirect_uris,
        post_logout_redirect_uris: silent.post_logout_redirect_uris,
        backchannel_logout_uri: None,
        backchannel_logout_session_required: false,
        frontchannel_logout_uri: None,
        frontchannel_logout_session_required: false,
        grant_types: silent.grant_types,
        response_types: silent.response_types,
        scopes: silent.scopes,
        id_token_signed_response_alg: silent.id_token_signed_response_alg,
        userinfo_signed_response_alg: None,
        introspection_signed_response_alg: None,
        id_token_encrypted_response: None,
        userinfo_encrypted_response: None,
        jwks: None,
        require_pkce: silent.require_pkce,
        refresh_rotation: silent.refresh_rotation,
        subject_type: silent.subject_type,
        origins: silent.origins,
        audiences: silent.audiences,
        default_max_age: None,
        saml: Some(saml?),
    })
}

/// RFC 6749 A.1: visible ASCII. No colon, so that HTTP Basic cannot be read in two ways.
fn read_client_id(entry: &Entry<'_>) -> Option<Located<String>> {
    let id = entry.required_text("client_id")?;
    let good =
        id.value.len() <= 100 && id.value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    if !good {
        entry
            .refuse(&id, format!("`{}` is not a client id; expected at most 100 letters, digits and `-._~`", id.value));
    }
    good.then_some(id)
}

fn read_offer(entry: &Entry<'_>) -> Option<WantedOffer> {
    let trust = entry.text("trust");
    let schools = entry.texts("schools");
    match (entry.has("schools"), entry.has("trust")) {
        (true, true) => entry.fault("schools", "expected either `schools` or `trust`, not both"),
        (false, false) => entry.fault("schools", "it is missing; expected a list of schools, or `trust`"),
        (true, false) if schools.is_empty() => entry.fault("schools", "expected at least one school"),
        (true, false) => return Some(WantedOffer::Schools(schools)),
        (false, true) => return trust.map(WantedOffer::Trust),
    }
    None
}

fn read_grant_types(entry: &Entry<'_>, public: bool) -> Vec<GrantType> {
    let types: Vec<Located<GrantType>> =
        entry.choices("grant_types", &["authorization_code", "refresh_token", "client_credentials"]);
    for grant_type in &types {
        // RFC 6749 4.4: only confidential clients.
        if grant_type.value == GrantType::ClientCredentials && public {
            entry.refuse(grant_type, "`client_credentials` needs a client that can keep a secret");
        }
    }
    let types: Vec<GrantType> = types.into_iter().map(|grant_type| grant_type.value).collect();
    if types.contains(&GrantType::RefreshToken) && !types.contains(&GrantType::AuthorizationCode) {
        entry.fault("grant_types", "`refresh_token` goes with `authorization_code`");
    }
    if entry.has("grant_types") { types } else { vec![GrantType::AuthorizationCode] }
}

fn read_scopes(entry: &Entry<'_>, grant_types: &[GrantType]) -> Vec<String> {
    let scopes: Vec<Located<String>> = entry.choices("scopes", &SCOPES);
    for scope in &scopes {
        // OpenID Connect Core 11: offline access is a refresh token.
        if scope.value == "offline_access" && !grant_types.contains(&GrantType::RefreshToken) {
            entry.refuse(scope, "`offline_access` needs the grant type `refresh_token`");
        }
    }
    if grant_types.contains(&GrantType::AuthorizationCode) && !entry.has("scopes") {
        entry.fault("scopes", "it is missing; expected a list such as `[\"openid\", \"profile\", \"email\"]`");
    }
    scopes.into_iter().map(|scope| scope.value).collect()
}

fn read_algorithm(entry: &Entry<'_>, name: &'static str) -> Option<SigningAlgorithm> {
    entry.choice(name, &ALGORITHMS).map(|algorithm| algorithm.value)
}

/// Front-Channel Logout 1.0, 2: "The domain, port, and scheme of this URL MUST be the same as that of a registered Redirection
/// URI value."
fn read_front_channel(entry: &Entry<'_>, redirect_uris: &[String]) -> Option<Url> {
    let text = entry.text("frontchannel_logout_uri")?;
    let url = check_address(&text.value).map_err(|problem| entry.refuse(&text, problem)).ok()?;
    let same = |redirect: &String| Url::parse(redirect).is_ok_and(|redirect| redirect.origin() == url.origin());
    if !redirect_uris.iter().any(same) {
        entry.refuse(&text, "its scheme, host and port are those of no redirect address");
        return None;
    }
    Some(url)
}

fn read_encryption(entry: &Entry<'_>, alg: &'static str, enc: &'static str) -> Option<ResponseEncryption> {
    let management = entry.choice(alg, &KeyManagement::ALL.map(KeyManagement::name));
    let content = entry.choice(enc, &ContentEncryption::ALL.map(ContentEncryption::name));
    if content.is_some() && !entry.has(alg) {
        // Dynamic Client Registration 2: "When ..._enc is included, ..._alg MUST also be provided."
        entry.fault(alg, "it is missing; expected how the key is sent, such as `RSA-OAEP-256` or `ECDH-ES`");
    }
    let enc = content.map_or_else(ContentEncryption::default, |content| content.value);
    management.map(|alg| ResponseEncryption { alg: alg.value, enc })
}

fn read_address(entry: &Entry<'_>, name: &'static str) -> Option<Url> {
    let text = entry.text(name)?;
    check_address(&text.value).map_err(|problem| entry.refuse(&text, problem)).ok()
}

fn checked_list(entry: &Entry<'_>, name: &'static str, check: impl Fn(&str) -> Result<(), String>) -> Vec<String> {
    let mut checked = Vec::new();
    for text in entry.texts(name) {
        match check(&text.value) {
            Ok(()) => checked.push(text.value),
            Err(problem) => entry.refuse(&text, format!("`{}`: {problem}", text.value)),
        }
    }
    checked
}

fn read_authentication(entry: Entry<'_>, around: &Surroundings<'_>) -> Option<WantedAuthentication> {
    entry.required_text("method");
    let method = entry.choice("method", &["none", "client_secret_basic", "client_secret_post", "private_key_jwt"]);
    let secret = read_secret(&entry, around);
    let jwks = read_jwks(&entry);
    let method: Method = method?.value;
    let (has_secret, has_jwks) = (
        ["secret", "secret_file", "generate"].iter().any(|name| entry.has(name)),
        ["jwks", "jwks_uri"].iter().any(|name| entry.has(name)),
    );
    let needs_secret = matches!(method, Method::ClientSecretBasic | Method::ClientSecretPost);
    if has_secret && !needs_secret {
        entry.fault("method", "this method has no secret");
    }
    if has_jwks && !matches!(method, Method::PrivateKeyJwt) {
        entry.fault("method", "`jwks` and `jwks_uri` go with `private_key_jwt`");
    }
    if needs_secret && !has_secret {
        entry.fault("secret", "it is missing; expected `secret`, `secret_file` or `generate = true`");
    }
    if matches!(method, Method::PrivateKeyJwt) && !has_jwks {
        entry.fault("jwks", "it is missing; expected the client's public keys, or `jwks_uri`");
    }
    entry.finish();
    Some(match method {
        Method::None => WantedAuthentication::None,
        Method::ClientSecretBasic => WantedAuthentication::Secret { method: SecretMethod::Basic, secret: secret? },
        Method::ClientSecretPost => WantedAuthentication::Secret { method: SecretMethod::Post, secret: secret? },
        Method::PrivateKeyJwt => WantedAuthentication::PrivateKeyJwt { jwks: jwks? },
    })
}

fn read_secret(entry: &Entry<'_>, around: &Surroundings<'_>) -> Option<WantedSecret> {
    let given = entry.text("secret");
    let file = entry.text("secret_file");
    let generate = entry.switch("generate");
    if [given.is_some(), file.is_some(), generate == Some(true)].iter().filter(|there| **there).count() > 1 {
        entry.fault("secret", "expected only one of `secret`, `secret_file` and `generate`");
        return None;
    }
    if generate == Some(false) && given.is_none() && file.is_none() {
        entry.fault("generate", "`false` leaves the client without a secret");
        return None;
    }
    if generate == Some(true) {
        return Some(WantedSecret::Generate(draw_token(around.random)));
    }
    let (located, secret) = match (given, file) {
        (Some(given), _) => (given.with(()), SecretString::from(given.value)),
        (None, Some(file)) => {
            let path = around.folder.join(&file.value);
            match std::fs::read_to_string(&path) {
                Ok(text) => (file.with(()), SecretString::from(text.trim_end_matches(['\r', '\n']).to_owned())),
                Err(error) => {
                    let problem = crate::config::load::describe(&error);
                    entry.refuse(&file, format!("{} cannot be read: {problem}", path.display()));
                    return None;
                }
            }
        }
        (None, None) => return None,
    };
    let text = secret.expose_secret();
    // RFC 6749 A.2: visible ASCII. Its length stands for its entropy: the digest that is kept is a plain one.
    if text.len() < LEAST_SECRET || !text.bytes().all(|byte| byte.is_ascii_graphic()) || is_monotonous(text) {
        let problem =
            format!("expected at least {LEAST_SECRET} random characters without spaces; `generate = true` makes them");
        entry.refuse(&located, problem);
        return None;
    }
    Some(WantedSecret::Given(SecretHash(hash_token(text))))
}

/// Few different characters: typed, not drawn.
fn is_monotonous(text: &str) -> bool {
    text.bytes().collect::<std::collections::BTreeSet<_>>().len() < 10
}

fn read_jwks(entry: &Entry<'_>) -> Option<JwksSource> {
    let inline = entry.json("jwks");
    let uri = entry.text("jwks_uri");
    match (inline, uri) {
        (Some(jwks), Some(_)) => {
            // OpenID Connect Dynamic Client Registration 2: not both.
            entry.refuse(&jwks, "expected either `jwks` or `jwks_uri`, not both");
            None
        }
        (Some(jwks), None) => match check_jwks(&jwks.value) {
            Ok(()) => Some(JwksSource::Inline(jwks.value.to_string())),
            Err(problem) => {
                entry.refuse(&jwks, problem);
                None
            }
        },
        (None, Some(uri)) => {
            check_address(&uri.value).map(JwksSource::Uri).map_err(|problem| entry.refuse(&uri, problem)).ok()
        }
        (None, None) => None,
    }
}

/// A JWK Set (RFC 7517 5) of public keys only.
fn check_jwks(jwks: &Json) -> Result<(), String> {
    let expected = "expected a JWK Set such as `{\"keys\": [{\"kty\": \"EC\", ...}]}`";
    let keys = jwks.get("keys").and_then(Json::as_array).filter(|keys| !keys.is_empty()).ok_or(expected)?;
    for key in keys {
        let kty = key.get("kty").and_then(Json::as_str).ok_or(expected)?;
        // RFC 7518 6: `d` is the private part; `oct` keys are nothing but secret.
        if key.get("d").is_some() || kty == "oct" {
            return Err("it holds a private or symmetric key; expected public keys only".into());
        }
        if !["EC", "RSA", "OKP"].contains(&kty) {
            return Err(format!("keys of type `{kty}` are not known; expected `EC`, `RSA` or `OKP`"));
        }
    }
    Ok(())
}
