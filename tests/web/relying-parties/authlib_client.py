"""Authlib as a relying party; see driver.mjs for what it says and hears."""

import json
import os
import sys
from urllib.parse import urlencode

from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

ISSUER = os.environ["ISSUER"]


def say(message):
    print(json.dumps(message), flush=True)


session = OAuth2Session(
    os.environ["CLIENT_ID"],
    os.environ["CLIENT_SECRET"],
    scope="openid profile email offline_access groups school",
    redirect_uri=os.environ["REDIRECT_URI"],
    code_challenge_method="S256",
    token_endpoint_auth_method="client_secret_basic",
)
# Else REQUESTS_CA_BUNDLE would win over `verify`.
session.trust_env = False
session.verify = os.environ.get("CA_FILE") or True
metadata = session.get(f"{ISSUER}/.well-known/openid-configuration", withhold_token=True).json()
assert metadata["issuer"] == ISSUER
verifier, nonce = generate_token(48), generate_token(32)
url, state = session.create_authorization_url(metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
say({"authorize": url})

answer = sys.stdin.readline().strip()
token = session.fetch_token(metadata["token_endpoint"], authorization_response=answer, state=state, code_verifier=verifier)
id_token = token["id_token"]
keys = KeySet.import_key_set(session.get(metadata["jwks_uri"], withhold_token=True).json())
decoded = jwt.decode(id_token, keys, algorithms=["RS256", "ES256", "Ed25519", "EdDSA"])
claims = CodeIDToken(
    decoded.claims,
    decoded.header,
    options={"iss": {"value": ISSUER}, "aud": {"value": os.environ["CLIENT_ID"]}},
    params={"nonce": nonce, "access_token": token["access_token"]},
)
claims.validate()

# Without rotation the answer holds no new refresh token: the old one stays good (RFC 6749 6).
refresh_token = token["refresh_token"]
token = session.refresh_token(metadata["token_endpoint"], refresh_token=refresh_token)
refresh_token = token.get("refresh_token") or refresh_token
user = session.get(metadata["userinfo_endpoint"]).json()
assert user["sub"] == claims["sub"]


def is_active(value):
    return session.introspect_token(metadata["introspection_endpoint"], token=value).json()["active"]


access_token = token["access_token"]
before = is_active(access_token)
session.revoke_token(metadata["revocation_endpoint"], token=refresh_token).raise_for_status()
after = is_active(access_token)
refusal = None
try:
    session.refresh_token(metadata["token_endpoint"], refresh_token=refresh_token)
except OAuthError as error:
    refusal = error.error
query = urlencode({"id_token_hint": id_token, "post_logout_redirect_uri": os.environ["AFTER_LOGOUT"]})
logout = f"{metadata['end_session_endpoint']}?{query}"
say({"user": user, "before": before, "after": after, "refusal": refusal, "logout": logout})
