// The script that asks a security key (themes/default/assets/webauthn.js), alone on a page of ours with the policy of Keyholder's pages,
// and keys in software before Chromium.

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";

import { context, launch } from "../chromium.mjs";

const rpId = "id.school.example";
const origin = `https://${rpId}`;
const appid = "https://old.school.example/u2f.json";
const script = await readFile(new URL("../../../themes/default/assets/webauthn.js", import.meta.url), "utf8");
const challenge = Buffer.alloc(32, 5).toString("base64url");
const user = { id: Buffer.alloc(32, 7).toString("base64url"), name: "jo@school.example", displayName: "Jo" };
const creation = {
  rp: { id: rpId, name: "Keyholder" },
  user,
  challenge,
  pubKeyCredParams: [{ type: "public-key", alg: -7 }],
  authenticatorSelection: { residentKey: "discouraged", userVerification: "preferred" },
  attestation: "none",
  timeout: 2_000,
};

let browser;
before(async () => (browser = await launch()));
after(() => browser?.close());

/** A page with one form, and what it posted. */
async function open(does, options, { authenticator, old = false } = {}) {
  const browsing = await context(browser);
  const page = await browsing.newPage();
  const posted = [];
  const escaped = JSON.stringify(options).replace(/&/g, "&amp;").replace(/"/g, "&quot;");
  const html = `<!doctype html><html lang="en"><title>A key</title><form method="post" action="/answer" data-webauthn="${does}"
    data-options="${escaped}"><input type="hidden" name="response" value=""><p role="alert" data-webauthn-said="cancelled" hidden>cancelled</p>
    <p role="alert" data-webauthn-said="known" hidden>known</p><p role="alert" data-webauthn-said="unsupported" hidden>unsupported</p>
    <button>Ask</button><span role="status" data-webauthn-said="waiting" hidden>waiting</span></form>
    <script src="/webauthn.js" nonce="n" defer></script>`;
  const headers = {
    "content-security-policy": "default-src 'none'; script-src 'nonce-n'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  };
  await page.route(`${origin}/**`, (route) => {
    const request = route.request();
    if (request.url().endsWith(".js")) return route.fulfill({ contentType: "text/javascript", body: script });
    if (request.method() === "POST") posted.push(new URLSearchParams(request.postData()).get("response"));
    return route.fulfill({ contentType: "text/html", headers, body: request.method() === "POST" ? "<title>Done</title>" : html });
  });
  // As browsers were before WebAuthn Level 3.
  if (old) {
    await page.addInitScript(() => {
      delete PublicKeyCredential.parseCreationOptionsFromJSON;
      delete PublicKeyCredential.parseRequestOptionsFromJSON;
      delete PublicKeyCredential.prototype.toJSON;
    });
  }
  const cdp = await browsing.newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  let authenticatorId;
  const plugIn = async (options = authenticator) =>
    ({ authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", { options }));
  if (authenticator) await plugIn();
  await page.goto(`${origin}/`);
  const ask = () => page.click("button");
  const answer = async () => {
    await page.waitForURL(`${origin}/answer`);
    return JSON.parse(posted.at(-1));
  };
  const add = (credential) => cdp.send("WebAuthn.addCredential", { authenticatorId, credential });
  return { page, ask, answer, posted, plugIn, add, close: () => browsing.close() };
}

const ctap2 = { protocol: "ctap2", transport: "usb", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
const u2f = { protocol: "u2f", transport: "usb", automaticPresenceSimulation: true };

function clientData(answer) {
  return JSON.parse(Buffer.from(answer.response.clientDataJSON, "base64url").toString());
}

function keyOfLongAgo(rpId) {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const id = Buffer.from("a key handle of long ago, of a former system");
  const der = privateKey.export({ type: "pkcs8", format: "der" }).toString("base64");
  return { id: id.toString("base64url"), credential: { credentialId: id.toString("base64"), isResidentCredential: false, rpId, privateKey: der, signCount: 1 } };
}

for (const old of [false, true]) {
  const where = old ? "a browser that reads no JSON itself" : "a browser of today";

  test(`a key is added in ${where}`, async () => {
    const excludeCredentials = [{ type: "public-key", id: Buffer.alloc(16, 1).toString("base64url") }];
    const form = await open("create", { ...creation, excludeCredentials }, { authenticator: ctap2, old });
    await form.ask();
    const answer = await form.answer();
    assert.deepEqual([answer.type, answer.id], ["public-key", answer.rawId]);
    assert.deepEqual([clientData(answer).type, clientData(answer).challenge], ["webauthn.create", challenge]);
    assert.match(answer.response.attestationObject, /^[\w-]+$/);
    assert.deepEqual(answer.response.transports, ["usb"]);
    await form.close();
  });

  test(`a key of U2F answers by its application id in ${where}`, async () => {
    const key = keyOfLongAgo(appid);
    const allowCredentials = [{ type: "public-key", id: key.id }];
    const options = { challenge, rpId, allowCredentials, userVerification: "preferred", timeout: 2_000, extensions: { appid } };
    const form = await open("get", options, { authenticator: u2f, old });
    await form.add(key.credential);
    await form.ask();
    const answer = await form.answer();
    assert.equal(answer.clientExtensionResults.appid, true);
    assert.deepEqual([answer.id, clientData(answer).type], [key.id, "webauthn.get"]);
    assert.match(answer.response.signature, /^[\w-]+$/);
    await form.close();
  });
}

test("after a failure the page says so, and the button works again", async () => {
  const key = keyOfLongAgo(rpId);
  const options = { challenge, rpId, allowCredentials: [{ type: "public-key", id: key.id }], userVerification: "discouraged", timeout: 500 };
  const form = await open("get", options, { authenticator: u2f });
  await form.ask();
  await form.page.getByText("cancelled").waitFor();
  assert.equal(await form.page.getByText("waiting").isVisible(), false);
  assert.deepEqual(form.posted, []);
  await form.add(key.credential);
  await form.ask();
  assert.equal((await form.answer()).id, key.id);
  await form.close();
});

test("a key that was added already is told", async () => {
  const key = keyOfLongAgo(rpId);
  const options = { ...creation, excludeCredentials: [{ type: "public-key", id: key.id }] };
  const form = await open("create", options, { authenticator: u2f });
  await form.add(key.credential);
  await form.ask();
  await form.page.getByText("known").waitFor();
  assert.deepEqual(form.posted, []);
  await form.close();
});
