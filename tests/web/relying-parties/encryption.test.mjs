// ID tokens and userinfo encrypted for a client, read with panva's jose: decrypted with the client's key, and the signature
// inside checked with Keyholder's.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, test } from "node:test";

import * as jose from "jose";

import { context, launch, typePassword } from "../chromium.mjs";
import { Demo } from "../demo.mjs";
import { client, landing } from "./driver.mjs";

let demo;
let browser;
let place;

before(async () => {
  demo = await Demo.start();
  browser = await launch();
  place = await landing();
});
after(async () => {
  place?.close();
  await browser?.close();
  await demo?.stop();
});

const draw = () => randomBytes(32).toString("base64url");

/** The code with which somebody who types a password comes back to the application. */
async function signIn(parameters) {
  const visitor = await context(browser);
  const page = await visitor.newPage();
  try {
    await page.goto(`${demo.issuer}/oidc/authorize?${new URLSearchParams(parameters)}`);
    await typePassword(page, demo.account("staff"));
    assert.ok(page.url().startsWith(place.redirectUri), page.url());
    return new URL(page.url()).searchParams.get("code");
  } finally {
    await visitor.close();
  }
}

for (const [alg, enc, make] of [
  ["RSA-OAEP-256", "A256GCM", { modulusLength: 2048 }],
  ["ECDH-ES", "A128CBC-HS256", { crv: "P-256" }],
  ["ECDH-ES", "A128CBC-HS256", { crv: "X25519" }],
]) {
  test(`jose reads what is encrypted with ${alg}${make.crv ? `, ${make.crv},` : ""} and ${enc}`, async () => {
    const id = `encrypted-${alg}-${make.crv ?? "rsa"}`.toLowerCase();
    const secret = randomBytes(32).toString("hex");
    const { publicKey, privateKey } = await jose.generateKeyPair(alg, { ...make, extractable: true });
    const jwk = { ...(await jose.exportJWK(publicKey)), kid: "to-me", use: "enc", alg };
    const toml = `${client({ id, secret, ...place })}
id_token_encrypted_response_alg = "${alg}"
id_token_encrypted_response_enc = "${enc}"
userinfo_signed_response_alg = "ES256"
userinfo_encrypted_response_alg = "${alg}"
userinfo_encrypted_response_enc = "${enc}"
jwks = '${JSON.stringify({ keys: [jwk] })}'
`;
    await demo.apply(toml, id, place.redirectUri);

    const discovery = await (await fetch(`${demo.issuer}/.well-known/openid-configuration`)).json();
    for (const what of ["id_token", "userinfo"]) {
      assert.ok(discovery[`${what}_encryption_alg_values_supported`].includes(alg));
      assert.ok(discovery[`${what}_encryption_enc_values_supported`].includes(enc));
    }
    const keys = jose.createRemoteJWKSet(new URL(discovery.jwks_uri));

    const [verifier, nonce] = [draw(), draw()];
    const code = await signIn({
      response_type: "code", client_id: id, redirect_uri: place.redirectUri, scope: "openid profile", state: draw(), nonce,
      code_challenge: createHash("sha256").update(verifier).digest("base64url"), code_challenge_method: "S256",
    });
    const answer = await fetch(discovery.token_endpoint, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` },
      body: new URLSearchParams({ grant_type: "authorization_code", code, redirect_uri: place.redirectUri, code_verifier: verifier }),
    });
    const tokens = await answer.json();
    assert.equal(answer.status, 200, JSON.stringify(tokens));

    /** Decrypts with exactly what was registered, and checks the token inside. */
    const read = async (text) => {
      const allowed = { keyManagementAlgorithms: [alg], contentEncryptionAlgorithms: [enc] };
      const { plaintext, protectedHeader } = await jose.compactDecrypt(text, privateKey, allowed);
      // RFC 7519 5.2: "the value of this Header Parameter MUST be JWT" for a nested one.
      assert.deepEqual([protectedHeader.cty, protectedHeader.kid], ["JWT", "to-me"]);
      const nested = new TextDecoder().decode(plaintext);
      return (await jose.jwtVerify(nested, keys, { issuer: demo.issuer, audience: id })).payload;
    };
    const idToken = await read(tokens.id_token);
    assert.equal(idToken.nonce, nonce);

    const userinfo = await fetch(discovery.userinfo_endpoint, { headers: { authorization: `Bearer ${tokens.access_token}` } });
    assert.match(userinfo.headers.get("content-type"), /^application\/jwt/);
    const user = await read(await userinfo.text());
    assert.deepEqual([user.sub, user.name], [idToken.sub, "Amira Hussain"]);

    // Nobody else reads it, and nothing of it can be changed.
    const { privateKey: other } = await jose.generateKeyPair(alg, make);
    await assert.rejects(jose.compactDecrypt(tokens.id_token, other));
    const parts = tokens.id_token.split(".");
    parts[3] = `${parts[3][0] === "A" ? "B" : "A"}${parts[3].slice(1)}`;
    await assert.rejects(jose.compactDecrypt(parts.join("."), privateKey), { code: "ERR_JWE_DECRYPTION_FAILED" });
  });
}
