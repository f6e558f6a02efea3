// mod_auth_openidc in Debian's Apache, as examples/relying-parties/apache configures it: a page behind a sign-in, one for a
// group, the tokens that it refreshes, a resource that it protects by introspection, and signing out, at which it revokes its
// tokens. Over http, and over https with a self-signed certificate.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

import { arrive, assertAsksWho, context, launch, typePassword, words } from "../chromium.mjs";
import { Demo, freePort, until } from "../demo.mjs";
import { client } from "./driver.mjs";

const EXAMPLE = fileURLToPath(new URL("../../../examples/relying-parties/apache/keyholder.conf", import.meta.url));
const MODULES = ["mpm_event", "authn_core", "authz_core", "authz_user", "auth_openidc", "dir", "headers"];

async function startApache({ issuer, certificate, secret, port }) {
  const folder = await mkdtemp(join(tmpdir(), "keyholder-apache-"));
  await chmod(folder, 0o755);
  for (const name of ["htdocs/protected", "htdocs/protected/confidential", "htdocs/api"]) {
    await mkdir(join(folder, name), { recursive: true });
    await writeFile(join(folder, name, "index.html"), `inside ${name}`);
  }
  await writeFile(join(folder, "htdocs", "index.html"), "outside");
  let bundle = "";
  if (certificate) {
    bundle = join(folder, "ca.pem");
    await writeFile(bundle, await readFile(certificate), { mode: 0o644 });
  }
  const loads = MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join("\n");
  const configuration = `
ServerRoot ${folder}
ServerName 127.0.0.1
Listen 127.0.0.1:${port}
PidFile ${folder}/pid
ErrorLog ${folder}/error.log
LogLevel warn
${loads}
${process.getuid() === 0 ? "User www-data\nGroup www-data" : ""}
DocumentRoot ${folder}/htdocs
DirectoryIndex index.html
<Directory ${folder}/htdocs>
  Require all granted
</Directory>
Define KEYHOLDER ${issuer}
Define SITE http://127.0.0.1:${port}
Define CLIENT_ID mod-auth-openidc
Define CLIENT_SECRET ${secret}
Define PASSPHRASE ${randomBytes(32).toString("hex")}
Include ${EXAMPLE}
${bundle ? `OIDCCABundlePath ${bundle}` : ""}
`;
  await writeFile(join(folder, "apache.conf"), configuration);
  const child = spawn("/usr/sbin/apache2", ["-X", "-f", join(folder, "apache.conf")], { stdio: ["ignore", "ignore", "pipe"] });
  let errors = "";
  child.stderr.on("data", (text) => (errors += text));
  const log = async () => errors + (await readFile(join(folder, "error.log"), "utf8").catch(() => ""));
  let ended = false;
  child.on("exit", () => (ended = true));
  await until("Apache", async () => {
    if (ended) throw new Error(`Apache ended: ${await log()}`);
    return fetch(`http://127.0.0.1:${port}/`).then(() => true, () => false);
  });
  const stop = async () => {
    if (!ended) {
      const exited = new Promise((exited) => child.once("exit", exited));
      child.kill("SIGTERM");
      await exited;
    }
    await rm(folder, { recursive: true, force: true });
  };
  return { stop, log };
}

for (const tls of [false, true]) {
  test(`mod_auth_openidc over ${tls ? "https with a self-signed certificate" : "http"}`, async () => {
    const demo = await Demo.start({ tls });
    const browser = await launch();
    const port = await freePort();
    const secret = randomBytes(32).toString("hex");
    const base = `http://127.0.0.1:${port}`;
    const redirectUri = `${base}/protected/redirect`;
    let apache;
    try {
      await demo.apply(client({ id: "mod-auth-openidc", secret, redirectUri, afterLogout: `${base}/` }), "mod-auth-openidc", redirectUri);
      apache = await startApache({ ...demo, secret, port });
      const visitor = await context(browser);
      const page = await visitor.newPage();
      const text = () => words(page);

      await page.goto(`${base}/protected/`);
      await typePassword(page, demo.account("staff"));
      assert.equal(page.url(), `${base}/protected/`, `${await text()} ${await apache.log()}`);
      assert.equal(await text(), "inside htdocs/protected");

      const info = async () => JSON.parse((await visitor.request.get(`${redirectUri}?info=json`).then((response) => response.text())));
      const first = await info();
      assert.equal(first.userinfo.name, "Amira Hussain");
      assert.equal(first.userinfo.school.name, "Oakfield Primary");

      const refused = await page.goto(`${base}/protected/confidential/`);
      assert.equal(refused.status(), 401, "only for a group that this person is not in");

      // Its own endpoint that trades the refresh token for a fresh access token.
      const refreshed = await page.goto(`${redirectUri}?refresh=${encodeURIComponent(`${base}/protected/`)}&access_token=${encodeURIComponent(first.access_token)}`);
      assert.equal(page.url(), `${base}/protected/`, `no error_code: ${await apache.log()}`);
      // Else a browser may show it from its memory when nobody is signed in any more (RFC 9111 4.2.2).
      assert.equal(await refreshed.headerValue("cache-control"), "no-store");
      const second = await info();
      assert.notEqual(first.access_token, second.access_token);

      const call = (token) => fetch(`${base}/api/`, { headers: { authorization: `Bearer ${token}` } });
      assert.equal((await call(second.access_token)).status, 200, await apache.log());
      assert.equal((await call("forged")).status, 401);

      await page.goto(`${redirectUri}?logout=${encodeURIComponent(`${base}/`)}`);
      await arrive(page, `${base}/`);
      assert.equal(await text(), "outside");
      assert.equal((await call(second.access_token)).status, 401, "signing out revoked the tokens");
      await page.goto(`${base}/protected/`);
      await assertAsksWho(page, "the provider's session has ended too");
      await visitor.close();
    } finally {
      await apache?.stop();
      await browser.close();
      await demo.stop();
    }
  });
}
