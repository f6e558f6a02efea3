// Everything that the application says to Keyholder, through openid-client. Owns no page and no session.

import { createRemoteJWKSet, errors, jwtVerify } from "jose";
import * as oidc from "openid-client";

const SCOPE = "openid profile email groups school scopes_of_pupils";
const LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout";
/** What jose says when the keys are not to be had: not the token's fault. */
const NO_KEYS = ["ERR_JOSE_GENERIC", "ERR_JWKS_TIMEOUT"];
/** What a sign-in with a second factor is called. */
export const MULTI_FACTOR = ["https://refeds.org/profile/mfa", "phr"];

export class Keyholder {
  static async connect({ issuer, clientId, clientSecret, baseUrl }) {
    // Signatures are checked although the ID token comes over TLS. `http` is for a demo on this machine only.
    const insecure = new URL(issuer).protocol === "http:" ? [oidc.allowInsecureRequests] : [];
    const execute = [oidc.enableNonRepudiationChecks, ...insecure];
    const authentication = oidc.ClientSecretBasic(clientSecret);
    const config = await oidc.discovery(new URL(issuer), clientId, { [oidc.clockTolerance]: 10 }, authentication, { execute });
    return new Keyholder(config, clientId, baseUrl);
  }

  constructor(config, clientId, baseUrl) {
    this.config = config;
    this.clientId = clientId;
    this.baseUrl = baseUrl;
    this.keys = createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri));
  }

  /** Where to send the browser, and what has to be remembered for its return. */
  async beginSignIn(further = {}) {
    const checks = {
      pkceCodeVerifier: oidc.randomPKCECodeVerifier(),
      expectedState: oidc.randomState(),
      expectedNonce: oidc.randomNonce(),
      idTokenExpected: true,
    };
    const address = oidc.buildAuthorizationUrl(this.config, {
      redirect_uri: `${this.baseUrl}/callback`,
      scope: SCOPE,
      code_challenge: await oidc.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
      code_challenge_method: "S256",
      state: checks.expectedState,
      nonce: checks.expectedNonce,
      ...further,
    });
    return { address: address.href, checks };
  }

  /** Redeems the code. Checks state, iss, PKCE, nonce and the ID token in full. */
  async finishSignIn(path, checks) {
    // From our own address: the Host header is what its sender wants.
    const tokens = await oidc.authorizationCodeGrant(this.config, new URL(path, this.baseUrl), checks);
    const session = { claims: tokens.claims(), idToken: tokens.id_token };
    keep(session, tokens);
    return session;
  }

  /** Who that is and what they may see, as it is now. */
  async person(session) {
    if (Date.now() >= session.expiresAt) keep(session, await oidc.refreshTokenGrant(this.config, session.refreshToken));
    return oidc.fetchUserInfo(this.config, session.accessToken, session.claims.sub);
  }

  /** What Keyholder says of an access token: for programs that are called with one. */
  introspect(accessToken) {
    return oidc.tokenIntrospection(this.config, accessToken);
  }

  /** Ends the tokens of this sign-in, and nothing else. */
  async revoke(session) {
    await oidc.tokenRevocation(this.config, session.refreshToken);
    session.expiresAt = 0;
  }

  /** Where to send the browser so that Keyholder signs the person out too. */
  signOutAddress(session) {
    const parameters = { post_logout_redirect_uri: `${this.baseUrl}/`, id_token_hint: session.idToken };
    return oidc.buildEndSessionUrl(this.config, parameters).href;
  }

  /** The session that a logout token ends (Back-Channel Logout 1.0, 2.6). */
  async readLogoutToken(token) {
    const checks = {
      issuer: this.config.serverMetadata().issuer,
      audience: this.clientId,
      algorithms: ["RS256", "ES256", "EdDSA"],
      typ: "logout+jwt",
      maxTokenAge: "5m",
      clockTolerance: 10,
    };
    const { payload } = await jwtVerify(token, this.keys, checks).catch((error) => {
      throw error instanceof errors.JOSEError && !NO_KEYS.includes(error.code) ? new NotALogoutToken() : error;
    });
    if (!payload.events?.[LOGOUT_EVENT] || "nonce" in payload || !payload.sid) throw new NotALogoutToken();
    return payload.sid;
  }
}

export class NotALogoutToken extends Error {}

function keep(session, tokens) {
  session.accessToken = tokens.access_token;
  // Without rotation the answer holds no new refresh token: the old one stays good (RFC 6749 6).
  session.refreshToken = tokens.refresh_token ?? session.refreshToken;
  // Half a minute early, so that a token does not end on its way.
  session.expiresAt = Date.now() + (tokens.expires_in - 30) * 1000;
}
