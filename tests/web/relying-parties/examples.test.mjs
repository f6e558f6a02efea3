// The worked examples of docs/relying-applications.md, as they stand in examples/relying-parties: openid-client (Node) and
// Authlib (Python). A person signs in, is asked for more, disconnects, signs in again and out. Over http, and over https with
// a self-signed certificate.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

import { HOTP, Secret } from "otpauth";

import { arrive, assertAsksWho, context, launch, press, submit, typePassword, words } from "../chromium.mjs";
import { Demo, freePort, until } from "../demo.mjs";

const example = (file) => fileURLToPath(new URL(`../../../examples/relying-parties/${file}`, import.meta.url));
const programs = [
  { id: "node-example", command: process.execPath, flags: [example("node/app.mjs")] },
  { id: "python-example", command: process.env.TESTS_PYTHON ?? "python3", flags: ["-B", example("python/app.py")] },
];

/** Registers the application and starts it. */
async function start(demo, { id, command, flags }) {
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const secret = randomBytes(32).toString("hex");
  const toml = `[[application]]
client_id = "${id}"
name = "${id}"
schools = ["oakfield-primary"]
consent = "first-party"
authentication = { method = "client_secret_basic", secret = "${secret}" }
redirect_uris = ["${base}/callback"]
post_logout_redirect_uris = ["${base}/"]
backchannel_logout_uri = "${base}/backchannel-logout"
grant_types = ["authorization_code", "refresh_token"]
scopes = ["openid", "profile", "email", "groups", "school", "scopes_of_pupils"]
`;
  await demo.apply(toml, id, `${base}/callback`);
  const settings = { ISSUER: demo.issuer, CLIENT_ID: id, CLIENT_SECRET: secret, BASE_URL: base, PORT: `${port}` };
  const trust = demo.certificate ? { NODE_EXTRA_CA_CERTS: demo.certificate, CA_FILE: demo.certificate } : { AUTHLIB_INSECURE_TRANSPORT: "1" };
  const child = spawn(command, flags, { env: { ...process.env, ...settings, ...trust }, stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  let ended = false;
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (log += text));
  child.on("exit", () => (ended = true));
  await until(id, () => {
    if (ended) throw new Error(`${id} ended: ${log}`);
    return log.includes(`${base}/`);
  });
  return { base, log: () => log, stop: () => child.kill() };
}

for (const tls of [false, true]) {
  test(`the worked examples over ${tls ? "https with a self-signed certificate" : "http"}`, async (suite) => {
    const demo = await Demo.start({ tls });
    const browser = await launch();
    // What stands in config/demo/managed-keys.xml; each press of it is the next code.
    const key = new HOTP({ secret: Secret.fromBase32("JNSXS2DPNRSGK4RNMRSW23ZNFUWS2LJR"), counter: 0 });
    key.next = () => key.generate({ counter: key.counter++ });
    try {
      for (const program of programs) {
        await suite.test(program.id, async () => {
          const { base, log, stop } = await start(demo, program);
          suite.after(stop);
          const visitor = await context(browser);
          const page = await visitor.newPage();
          const text = () => words(page);
          const follow = (link) => press(page, page.locator(`text=${link}`));
          const json = async (path) => JSON.parse(await (await page.goto(`${base}${path}`), text()));
          const account = demo.account("staff");

          await page.goto(`${base}/`);
          await follow("Sign in");
          await typePassword(page, account);
          assert.equal(page.url(), `${base}/`, log());
          assert.match(await text(), /Amira Hussain, Oakfield Primary/);

          const { id_token: idToken, userinfo } = await json("/me");
          assert.equal(idToken.acr, "https://refeds.org/profile/sfa");
          assert.deepEqual(userinfo.scopes_of_pupils.map((scope) => scope.name).sort(), ["6B", "Year 6"]);
          assert.ok(!("name" in idToken), "names are in userinfo");

          // The wish for more leads to the key that the school issued; then the application opens the page.
          await page.goto(`${base}/confidential`);
          assert.match(await text(), /Two Factor Authentication/);
          await page.fill('input[name="f-token"]', key.next());
          await press(page, page.locator('form:has(input[name="f-token"]) button.button'));
          assert.equal(page.url(), `${base}/confidential`, `${await text()} ${log()}`);
          assert.match(await text(), /Confidential incidents/);

          assert.equal((await json("/token")).active, true);
          await page.goto(`${base}/`);
          await follow("Disconnect");
          assert.deepEqual(JSON.parse(await text()).active, false, "revocation counts at once");
          await page.goto(`${base}/`);
          assert.match(await text(), /signed out/, "a revoked sign-in is not refreshed");

          await follow("Sign in");
          assert.match(await text(), /Amira Hussain/, "the session at Keyholder goes on");
          await page.goto(`${demo.issuer}/sign-out`);
          await submit(page);
          const asks = async () => (await visitor.request.get(`${base}/token`, { maxRedirects: 0 })).status() === 303;
          await until("the logout token", asks, 300);

          await page.goto(`${base}/sign-in`);
          await typePassword(page, account);
          await follow("Sign out");
          await arrive(page, `${base}/`);
          await follow("Sign in");
          await assertAsksWho(page, "the session at Keyholder has ended too");
          await visitor.close();

          const forged = await fetch(`${base}/backchannel-logout`, { method: "POST", body: new URLSearchParams({ logout_token: "a.b.c" }) });
          assert.equal(forged.status, 400);
          const strayed = await fetch(`${base}/callback?code=x&state=y`);
          assert.equal(strayed.status, 400, "an answer that this browser did not ask for");
        });
      }
    } finally {
      await browser.close();
      await demo.stop();
    }
  });
}
