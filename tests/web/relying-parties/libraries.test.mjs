// openid-client (npm) and Authlib (PyPI) sign in, refresh, read userinfo, introspect, revoke and sign out: over http, and over
// https with a self-signed certificate.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

import { launch } from "../chromium.mjs";
import { Demo } from "../demo.mjs";
import { client, drive, landing } from "./driver.mjs";

const here = (file) => fileURLToPath(new URL(file, import.meta.url));
const programs = [
  { id: "openid-client", command: process.execPath, flags: [here("openid_client.mjs")] },
  { id: "authlib", command: process.env.TESTS_PYTHON ?? "python3", flags: [here("authlib_client.py")] },
];

for (const tls of [false, true]) {
  test(`relying parties over ${tls ? "https with a self-signed certificate" : "http"}`, async (suite) => {
    const demo = await Demo.start({ tls });
    const browser = await launch();
    try {
      for (const { id, command, flags } of programs) {
        await suite.test(`${id} does all that a relying party does`, async () => {
          const place = await landing();
          const secret = randomBytes(32).toString("hex");
          await demo.apply(client({ id, secret, ...place }), id, place.redirectUri);
          suite.after(() => place.close());
          const found = await drive(browser, demo.account("staff"), command, flags, {
            ISSUER: demo.issuer,
            CLIENT_ID: id,
            CLIENT_SECRET: secret,
            REDIRECT_URI: place.redirectUri,
            AFTER_LOGOUT: place.afterLogout,
            ...(tls ? { NODE_EXTRA_CA_CERTS: demo.certificate, CA_FILE: demo.certificate } : { AUTHLIB_INSECURE_TRANSPORT: "1" }),
          });
          assert.equal(found.user.name, "Amira Hussain");
          assert.equal(found.user.school.name, "Oakfield Primary");
          assert.equal(found.before, true);
          assert.equal(found.after, false);
          assert.equal(found.refusal, "invalid_grant");
        });
      }
    } finally {
      await browser.close();
      await demo.stop();
    }
    assert.equal(demo.exitCode, 0, "SIGTERM stops the demo cleanly");
  });
}
