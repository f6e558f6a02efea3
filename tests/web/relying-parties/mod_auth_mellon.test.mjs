// mod_auth_mellon in Debian's Apache, as examples/relying-parties/apache-saml configures it: a page behind a sign-in over SAML 2.0, with
// the response signed, the assertion signed, both, and encrypted; and a key of Keyholder replaced between two sign-ins.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { promisify } from "node:util";

import { context, launch, typePassword, words } from "../chromium.mjs";
import { Demo, freePort, until } from "../demo.mjs";

const EXAMPLE = fileURLToPath(new URL("../../../examples/relying-parties/apache-saml/mellon.conf", import.meta.url));
const MODULES = ["mpm_event", "authn_core", "authz_core", "authz_user", "auth_mellon", "dir", "headers"];
const run = promisify(execFile);

class Site {
  static async open(issuer) {
    const site = new Site();
    site.issuer = issuer;
    site.port = await freePort();
    site.base = `http://127.0.0.1:${site.port}`;
    site.folder = await mkdtemp(join(tmpdir(), "keyholder-mellon-"));
    await chmod(site.folder, 0o755);
    await mkdir(join(site.folder, "htdocs/protected"), { recursive: true });
    await writeFile(join(site.folder, "htdocs/protected/index.html"), "inside");
    await writeFile(join(site.folder, "htdocs/index.html"), "outside");
    await run("mellon_create_metadata", [`${site.base}/mellon/metadata`, `${site.base}/mellon`], { cwd: site.folder });
    for (const name of await readdir(site.folder)) {
      const ending = name.match(/\.(key|cert|xml)$/)?.[1];
      if (!ending) continue;
      await rename(join(site.folder, name), join(site.folder, `sp.${ending}`));
      await chmod(join(site.folder, `sp.${ending}`), 0o644);
    }
    return site;
  }

  async start() {
    await writeFile(join(this.folder, "keyholder.xml"), await fetch(`${this.issuer}/saml/metadata`).then((answer) => answer.text()));
    const loads = MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join("\n");
    await writeFile(join(this.folder, "apache.conf"), `
ServerRoot ${this.folder}
ServerName ${this.base}
UseCanonicalName On
Listen 127.0.0.1:${this.port}
PidFile ${this.folder}/pid
ErrorLog ${this.folder}/error.log
LogLevel warn
${loads}
${process.getuid() === 0 ? "User www-data\nGroup www-data" : ""}
DocumentRoot ${this.folder}/htdocs
DirectoryIndex index.html
<Directory ${this.folder}/htdocs>
  Require all granted
</Directory>
Define MELLON ${this.folder}
Define KEYHOLDER ${this.issuer}
Include ${EXAMPLE}
<Location /protected>
  Header set X-Name "%{KEYHOLDER_NAME}e"
  Header set X-Groups "%{KEYHOLDER_GROUPS}e"
</Location>
`);
    this.ended = false;
    this.errors = "";
    this.child = spawn("/usr/sbin/apache2", ["-X", "-f", join(this.folder, "apache.conf")], { stdio: ["ignore", "ignore", "pipe"] });
    this.child.stderr.on("data", (text) => (this.errors += text));
    this.child.on("exit", () => (this.ended = true));
    await until("Apache", async () => {
      if (this.ended) throw new Error(`Apache ended: ${await this.log()}`);
      return fetch(this.base).then(() => true, () => false);
    });
  }

  async stop() {
    if (!this.child || this.ended) return;
    const exited = new Promise((exited) => this.child.once("exit", exited));
    this.child.kill("SIGTERM");
    await exited;
  }

  async log() {
    return this.errors + (await readFile(join(this.folder, "error.log"), "utf8").catch(() => ""));
  }

  async close() {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

test("mod_auth_mellon over SAML 2.0", async () => {
  const demo = await Demo.start();
  const browser = await launch();
  const site = await Site.open(demo.issuer);
  const register = async (settings) => {
    const name = `mellon-${settings.replaceAll(/[^a-z]+/g, "-")}`.slice(0, 60);
    await demo.command("apply", await demo.file("mellon.toml", `[[application]]
client_id = "mellon"
name = "${name}"
schools = ["oakfield-primary"]
consent = "first-party"
launch_url = "${site.base}/"
saml = { metadata_file = "${join(site.folder, "sp.xml")}", release = ["display-name", "groups"], ${settings} }
`));
    // What apply changed counts once the page of the sign-in says so.
    await until(name, async () => (await fetch(`${site.base}/protected/`).then((answer) => answer.text())).includes(name));
  };
  const signIn = async (what) => {
    const visitor = await context(browser);
    const page = await visitor.newPage();
    await page.goto(`${site.base}/protected/`);
    const arrived = page.waitForResponse((response) => response.url() === `${site.base}/protected/` && response.status() === 200);
    await typePassword(page, demo.account("staff"));
    const response = await arrived.catch(async () => assert.fail(`${what}: ${page.url()} ${await words(page)} ${await site.log()}`));
    assert.equal(await words(page), "inside", what);
    assert.equal(await response.headerValue("x-name"), "Amira Hussain", what);
    await visitor.close();
  };
  try {
    await demo.command("apply", await demo.file("mellon.toml", `[[application]]
client_id = "mellon"
name = "Intranet"
schools = ["oakfield-primary"]
saml = { metadata_file = "${join(site.folder, "sp.xml")}" }
`));
    await site.start();
    for (const sign of ["response", "assertion", "both"]) {
      for (const encrypt of ["never", "always"]) {
        const settings = `sign = "${sign}", encrypt = "${encrypt}"`;
        await register(settings);
        await signIn(settings);
      }
    }

    await demo.command("saml", "key", "prepare");
    await until("the successor in the metadata", async () => {
      const metadata = await fetch(`${demo.issuer}/saml/metadata`).then((answer) => answer.text());
      return metadata.split('use="signing"').length === 3;
    });
    await signIn("before the other key signs");
    await site.stop();
    await site.start();
    await signIn("with both keys in its copy of the metadata");
    await demo.command("saml", "key", "switch");
    await signIn("by whichever key signs now");
  } finally {
    await site.close();
    await browser.close();
    await demo.stop();
  }
});
