"""Everything that the application says to Keyholder, through Authlib. Owns no page and no session."""

import threading
import time
from urllib.parse import urlencode

from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

SCOPE = "openid profile email groups school scopes_of_pupils"
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
# What Keyholder signs with. Never the algorithm that a token asks for.
ALGORITHMS = ["RS256", "ES256", "EdDSA"]
SKEW = 10
# What a sign-in with a second factor is called.
MULTI_FACTOR = ["https://refeds.org/profile/mfa", "phr"]


class Keyholder:
    def __init__(self, issuer, client_id, client_secret, base_url, ca_file=None):
        self.issuer, self.client_id, self.client_secret, self.base_url = issuer, client_id, client_secret, base_url
        self.ca_file = ca_file
        self.metadata = self._get(f"{issuer}/.well-known/openid-configuration")
        # OpenID Connect Discovery 4.3
        if self.metadata["issuer"] != issuer:
            raise ValueError("the metadata is of another issuer")
        self.keys, self.renewing = self._fetch_keys(), threading.Lock()

    def begin_sign_in(self, **further):
        """Where to send the browser, and what has to be remembered for its return."""
        checks = {"code_verifier": generate_token(48), "nonce": generate_token(32)}
        address, checks["state"] = self._client().create_authorization_url(
            self.metadata["authorization_endpoint"],
            code_verifier=checks["code_verifier"],
            nonce=checks["nonce"],
            **further,
        )
        return address, checks

    def finish_sign_in(self, path, checks):
        """Redeems the code. Checks state, iss, PKCE, nonce and the ID token."""
        client = self._client()
        token = client.fetch_token(
            self.metadata["token_endpoint"],
            # From our own address: the Host header is what its sender wants.
            authorization_response=self.base_url + path,
            state=checks["state"],
            code_verifier=checks["code_verifier"],
        )
        decoded = self._decode(token["id_token"])
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            options={"iss": {"essential": True, "value": self.issuer}, "aud": {"essential": True, "value": self.client_id}},
            params={"nonce": checks["nonce"], "access_token": token["access_token"]},
        )
        claims.validate(leeway=SKEW)
        session = {"claims": dict(claims), "id_token": token["id_token"]}
        keep(session, token)
        return session

    def person(self, session):
        """Who that is and what they may see, as it is now."""
        if time.time() >= session["expires_at"]:
            keep(session, self._client().refresh_token(self.metadata["token_endpoint"], session["refresh_token"]))
        answer = self._client(session).get(self.metadata["userinfo_endpoint"])
        if answer.status_code == 401:
            raise SignedOut
        answer.raise_for_status()
        person = answer.json()
        # OpenID Connect Core 5.3.2
        if person["sub"] != session["claims"]["sub"]:
            raise ValueError("userinfo is about somebody else")
        return person

    def introspect(self, access_token):
        """What Keyholder says of an access token: for programs that are called with one."""
        answer = self._client().introspect_token(self.metadata["introspection_endpoint"], token=access_token)
        answer.raise_for_status()
        return answer.json()

    def revoke(self, session):
        """Ends the tokens of this sign-in, and nothing else."""
        endpoint = self.metadata["revocation_endpoint"]
        self._client().revoke_token(endpoint, token=session["refresh_token"]).raise_for_status()
        session["expires_at"] = 0

    def sign_out_address(self, session):
        """Where to send the browser so that Keyholder signs the person out too."""
        query = {"id_token_hint": session["id_token"], "post_logout_redirect_uri": f"{self.base_url}/"}
        return f"{self.metadata['end_session_endpoint']}?{urlencode(query)}"

    def read_logout_token(self, token):
        """The session that a logout token ends (Back-Channel Logout 1.0, 2.6)."""
        decoded = self._decode(token)
        claims, now = decoded.claims, time.time()
        audience = claims.get("aud")
        good = (
            decoded.header.get("typ") == "logout+jwt"
            and claims.get("iss") == self.issuer
            and self.client_id in (audience if isinstance(audience, list) else [audience])
            and now - 300 <= claims.get("iat", 0) <= now + SKEW
            and now < claims.get("exp", now + 1) + SKEW
            and LOGOUT_EVENT in claims.get("events", {})
            and "nonce" not in claims
            and claims.get("sid")
        )
        if not good:
            raise ValueError("not a logout token")
        return claims["sid"]

    def _client(self, session=None):
        client = OAuth2Session(
            self.client_id,
            self.client_secret,
            scope=SCOPE,
            redirect_uri=f"{self.base_url}/callback",
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic",
            token={"access_token": session["access_token"], "token_type": "Bearer"} if session else None,
        )
        self._trust(client)
        return client

    def _trust(self, client):
        if self.ca_file:
            # Else REQUESTS_CA_BUNDLE of the environment would win over `verify`.
            client.trust_env, client.verify = False, self.ca_file

    def _get(self, address):
        with OAuth2Session() as client:
            self._trust(client)
            answer = client.get(address, withhold_token=True, timeout=10)
            answer.raise_for_status()
            return answer.json()

    def _fetch_keys(self):
        return KeySet.import_key_set(self._get(self.metadata["jwks_uri"]))

    def _decode(self, token):
        try:
            return jwt.decode(token, self.keys, algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            # Keys are renewed now and then: one more look, and then it is refused.
            with self.renewing:
                self.keys = self._fetch_keys()
            return jwt.decode(token, self.keys, algorithms=ALGORITHMS)


class SignedOut(Exception):
    """The sign-in has ended at Keyholder."""


def keep(session, token):
    session["access_token"] = token["access_token"]
    # Without rotation the answer holds no new refresh token: the old one stays good (RFC 6749 6).
    session["refresh_token"] = token.get("refresh_token") or session["refresh_token"]
    # Half a minute early, so that a token does not end on its way.
    session["expires_at"] = time.time() + token["expires_in"] - 30
