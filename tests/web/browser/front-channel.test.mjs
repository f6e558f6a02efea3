// Front-channel logout: two applications are loaded in frames of the page on which a sign-out ends, and the browser goes on
// when they are loaded, or when the person does not wait. With and without scripts.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { accessibilityFaults, arrive, assertAsksWho, context, launch, overflows, press, submit, typePassword } from "../chromium.mjs";
import { Demo, freePort } from "../demo.mjs";

let demo;
let browser;
const applications = [];
/** What the applications were asked, in order. */
let asked = [];
/** Answers that an application keeps to itself, while it hangs. */
let held = null;

/** An application of which only the addresses matter here. */
async function application(id) {
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, base);
    if (pathname !== "/favicon.ico") asked.push({ id, path: pathname, iss: searchParams.get("iss"), sid: searchParams.get("sid") });
    response.setHeader("content-type", "text/html");
    if (pathname === "/out" && held) held.push(response);
    else response.end(`<!doctype html><title>${id}</title><p>${id}`);
  });
  await new Promise((listening) => server.listen(port, "127.0.0.1", listening));
  const toml = `[[application]]
client_id = "${id}"
name = "Application ${id}"
schools = ["oakfield-primary"]
consent = "first-party"
authentication = { method = "client_secret_basic", secret = "${randomBytes(32).toString("hex")}" }
redirect_uris = ["${base}/callback"]
post_logout_redirect_uris = ["${base}/bye"]
frontchannel_logout_uri = "${base}/out"
grant_types = ["authorization_code"]
scopes = ["openid"]
`;
  await demo.apply(toml, id, `${base}/callback`);
  applications.push({ id, base, server });
}

before(async () => {
  demo = await Demo.start();
  browser = await launch();
  for (const id of ["one", "two"]) await application(id);
});
after(async () => {
  for (const { server } of applications) {
    server.closeAllConnections();
    server.close();
  }
  await browser?.close();
  await demo?.stop();
});

/** Signs in at both applications, and out of Keyholder as the first one asks for it; up to the press of the button. */
async function visit(options, run) {
  const visitor = await context(browser, options);
  const page = await visitor.newPage();
  const blocked = [];
  page.on("console", (message) => /Content Security Policy/i.test(message.text()) && blocked.push(message.text()));
  try {
    for (const [index, { id, base }] of applications.entries()) {
      const challenge = createHash("sha256").update(randomBytes(32)).digest("base64url");
      const query = new URLSearchParams({
        response_type: "code", client_id: id, redirect_uri: `${base}/callback`, scope: "openid", state: "s",
        code_challenge: challenge, code_challenge_method: "S256",
      });
      await page.goto(`${demo.issuer}/oidc/authorize?${query}`);
      if (index === 0) await typePassword(page, demo.account("staff"));
      assert.ok(page.url().startsWith(`${base}/callback?`), page.url());
    }
    const bye = `${applications[0].base}/bye`;
    await page.goto(`${demo.issuer}/oidc/logout?${new URLSearchParams({ client_id: "one", post_logout_redirect_uri: bye })}`);
    asked = [];
    await run(page, bye);
    assert.deepEqual(blocked, []);
    await page.goto(`${demo.issuer}/account`);
    await assertAsksWho(page, "signed out");
  } finally {
    await visitor.close();
  }
}

const frames = () => asked.filter(({ path }) => path === "/out");

for (const scripts of [true, false]) {
  test(`both applications are told before the browser goes on, ${scripts ? "with" : "without"} scripts`, async () => {
    await visit({ scripts }, async (page, bye) => {
      await submit(page);
      await arrive(page, bye);
      assert.deepEqual(frames().map(({ id }) => id).sort(), ["one", "two"]);
      assert.deepEqual(asked.at(-1).path, "/bye", "last");
      for (const { iss, sid } of frames()) assert.ok(iss === demo.issuer && sid);
      assert.notEqual(frames()[0].sid, frames()[1].sid, "nothing to join two applications by");
    });
  });

  test(`whoever does not wait for an application that hangs goes on, ${scripts ? "with" : "without"} scripts`, async () => {
    held = [];
    try {
      await visit({ scripts }, async (page, bye) => {
        await submit(page);
        await page.locator(`a[href="${bye}"]`).waitFor();
        if (scripts) {
          assert.deepEqual(await accessibilityFaults(page), []);
          assert.equal(await overflows(page), false);
        }
        assert.equal(asked.some(({ path }) => path === "/bye"), false);
        await press(page, page.locator(`a[href="${bye}"]`));
        await arrive(page, bye);
      });
    } finally {
      for (const response of held) response.end();
      held = null;
    }
  });
}
