// panva's openid-client as a relying party; see driver.mjs for what it says and hears.

import { createInterface } from "node:readline";

import * as client from "openid-client";

const { ISSUER, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, AFTER_LOGOUT } = process.env;
const say = (message) => console.log(JSON.stringify(message));
const failure = async (promise) => promise.then(() => null, (error) => error.error ?? error.code ?? error.message);

const insecure = ISSUER.startsWith("http://") ? { execute: [client.allowInsecureRequests] } : undefined;
const config = await client.discovery(new URL(ISSUER), CLIENT_ID, {}, client.ClientSecretBasic(CLIENT_SECRET), insecure);
const [pkceCodeVerifier, expectedState, expectedNonce] = [client.randomPKCECodeVerifier(), client.randomState(), client.randomNonce()];
const parameters = {
  redirect_uri: REDIRECT_URI,
  scope: "openid profile email offline_access groups school",
  code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: "S256",
  state: expectedState,
  nonce: expectedNonce,
};
say({ authorize: client.buildAuthorizationUrl(config, parameters).href });

for await (const line of createInterface({ input: process.stdin })) {
  const tokens = await client.authorizationCodeGrant(config, new URL(line), { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true });
  const { sub } = tokens.claims();
  const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
  const user = await client.fetchUserInfo(config, refreshed.access_token, sub);
  const before = await client.tokenIntrospection(config, refreshed.access_token);
  await client.tokenRevocation(config, refreshed.refresh_token ?? tokens.refresh_token);
  const after = await client.tokenIntrospection(config, refreshed.access_token);
  const refusal = await failure(client.refreshTokenGrant(config, refreshed.refresh_token ?? tokens.refresh_token));
  const logout = client.buildEndSessionUrl(config, { post_logout_redirect_uri: AFTER_LOGOUT, id_token_hint: tokens.id_token }).href;
  say({ user, before: before.active, after: after.active, refusal, logout });
}
