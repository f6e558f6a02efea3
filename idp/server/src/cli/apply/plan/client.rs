//! The OpenID Connect side of an application, as a file asks for it.

use keyholder_core::application::{ClientAuthentication, OidcClient, SecretHash};
use secrecy::{ExposeSecret as _, SecretString};

use super::super::application::{SecretMethod, WantedApplication, WantedAuthentication, WantedSecret};
use crate::digest::hash_token;

/// How the client will prove who it is, and its new secret where one was made. A secret that is asked to be generated
/// is made once: the second run keeps it.
pub(super) fn authentication(
    wanted: &WantedAuthentication,
    before: Option<&ClientAuthentication>,
) -> (ClientAuthentication, Option<SecretString>) {
    match wanted {
        WantedAuthentication::None => (ClientAuthentication::None, None),
        WantedAuthentication::PrivateKeyJwt { jwks } => {
            (ClientAuthentication::PrivateKeyJwt { jwks: jwks.clone() }, None)
        }
        WantedAuthentication::Secret { method, secret } => {
            let (hash, new) = match (secret, before) {
                (WantedSecret::Given(hash), _) => (hash.clone(), None),
                (
                    WantedSecret::Generate(_),
                    Some(
                        ClientAuthentication::ClientSecretBasic { secret }
                        | ClientAuthentication::ClientSecretPost { secret },
                    ),
                ) => (secret.clone(), None),
                (WantedSecret::Generate(secret), _) => {
                    (SecretHash(hash_token(secret.expose_secret())), Some(secret.clone()))
                }
            };
            let authentication = match method {
                SecretMethod::Basic => ClientAuthentication::ClientSecretBasic { secret: hash },
                SecretMethod::Post => ClientAuthentication::ClientSecretPost { secret: hash },
            };
            (authentication, new)
        }
    }
}

/// The client that a file asks for.
pub(super) fn client(wanted: &WantedApplication, authentication: ClientAuthentication) -> OidcClient {
    OidcClient {
        client_id: wanted.client_id.value.clone(),
        application_type: wanted.application_type,
        authentication,
        redirect_uris: wanted.redirect_uris.clone(),
        post_logout_redirect_uris: wanted.post_logout_redirect_uris.clone(),
        backchannel_logout_uri: wanted.backchannel_logout_uri.clone(),
        backchannel_logout_session_required: wanted.backchannel_logout_session_required,
        frontchannel_logout_uri: wanted.frontchannel_logout_uri.clone(),
        frontchannel_logout_session_required: wanted.frontchannel_logout_session_required,
        grant_types: wanted.grant_types.clone(),
        response_types: wanted.response_types.clone(),
        scopes: wanted.scopes.clone(),
        id_token_signed_response_alg: wanted.id_token_signed_response_alg,
        userinfo_signed_response_alg: wanted.userinfo_signed_response_alg,
        introspection_signed_response_alg: wanted.introspection_signed_response_alg,
        id_token_encrypted_response: wanted.id_token_encrypted_response,
        userinfo_encrypted_response: wanted.userinfo_encrypted_response,
        jwks: wanted.jwks.clone(),
        require_pkce: wanted.require_pkce,
        refresh_rotation: wanted.refresh_rotation,
        subject_type: wanted.subject_type,
        origins: wanted.origins.clone(),
        audiences: wanted.audiences.clone(),
        default_max_age: wanted.default_max_age,
    }
}
