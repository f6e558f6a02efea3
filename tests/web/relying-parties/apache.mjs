// Debian's Apache on loopback, over https, with a module in front of pages: a service provider as examples/relying-parties/apache-saml
// has it.

import { execFile, spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { freePort, until } from "../demo.mjs";

const MODULES = ["mpm_event", "authn_core", "authz_core", "authz_user", "dir", "env", "headers", "ssl"];
const asRoot = process.getuid() === 0;

export const run = promisify(execFile);
export const example = (file) => fileURLToPath(new URL(`../../../examples/relying-parties/apache-saml/${file}`, import.meta.url));

/** A site's folder and its Apache. */
export class Site {
  /** With the demo's certificate, which Keyholder trusts. `get` reads an address whatever its certificate is. */
  static async open(demo, get) {
    const site = new Site();
    Object.assign(site, { get, tls: demo.data });
    site.port = await freePort();
    site.base = `https://127.0.0.1:${site.port}`;
    site.folder = await mkdtemp(join(tmpdir(), "keyholder-site-"));
    await chmod(site.folder, 0o755);
    for (const place of ["", "protected/", "confidential/"]) {
      await mkdir(site.file(`htdocs/${place}`), { recursive: true });
      await site.write(`htdocs/${place}index.html`, `inside ${place || "the lobby"}`);
    }
    return site;
  }

  file(name) {
    return join(this.folder, name);
  }

  async write(name, content) {
    await writeFile(this.file(name), content);
    return this.file(name);
  }

  /** Starts Apache with further lines of configuration. `module`: a line that loads the module in question. */
  async start(module, configuration, environment = {}) {
    const loads = MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`);
    const lines = [
      `ServerRoot ${this.folder}`,
      `ServerName ${this.base}`,
      "UseCanonicalName On",
      `Listen 127.0.0.1:${this.port}`,
      `PidFile ${this.folder}/pid`,
      `ErrorLog ${this.folder}/error.log`,
      "LogLevel warn ssl:error",
      ...loads,
      module,
      ...(asRoot ? ["User www-data", "Group www-data"] : []),
      "SSLEngine on",
      `SSLCertificateFile ${this.tls}/certificate.pem`,
      `SSLCertificateKeyFile ${this.tls}/certificate-key.pem`,
      `DocumentRoot ${this.folder}/htdocs`,
      "DirectoryIndex index.html",
      `<Directory ${this.folder}/htdocs>`,
      "  Require all granted",
      "</Directory>",
      "Header always set Cache-Control no-store",
      configuration,
    ];
    this.ended = false;
    this.errors = "";
    const flags = ["-X", "-f", await this.write("apache.conf", `${lines.join("\n")}\n`)];
    this.child = spawn("/usr/sbin/apache2", flags, { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, ...environment } });
    this.child.stderr.on("data", (text) => (this.errors += text));
    this.child.on("exit", () => (this.ended = true));
    await until("Apache", async () => {
      if (this.ended) throw new Error(`Apache ended: ${await this.log()}`);
      return this.get(this.base).then(() => true, () => false);
    });
  }

  async stop() {
    if (!this.child || this.ended) return;
    const exited = new Promise((exited) => this.child.once("exit", exited));
    this.child.kill("SIGTERM");
    await exited;
  }

  async log() {
    return this.errors + (await readFile(this.file("error.log"), "utf8").catch(() => ""));
  }

  async close() {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
