// The demo, started on free ports with a data directory of its own: what the browser and the relying parties sign in to.

import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import http, { createServer } from "node:http";
import https from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../..", import.meta.url));

export async function freePort() {
  const server = createServer();
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

/** Looks until something is there. A condition is waited for; no time is measured. */
export async function until(what, look, times = 1200) {
  for (let count = 0; count < times; count += 1) {
    const found = await look();
    if (found) return found;
    await new Promise((next) => setTimeout(next, 100));
  }
  throw new Error(`waited in vain for ${what}`);
}

export class Demo {
  static async start({ tls = false, saml = false } = {}) {
    const data = await mkdtemp(join(tmpdir(), "keyholder-demo-"));
    const [port, appPort] = [await freePort(), await freePort()];
    const flags = ["demo", "--data", data, "--port", `${port}`, "--app-port", `${appPort}`, ...(tls ? ["--tls"] : []), ...(saml ? ["--saml"] : [])];
    const { TESTS_XTASK: xtask, TESTS_BINARIES: binaries } = process.env;
    if (binaries) flags.push("--binaries", binaries);
    const child = xtask ? spawn(xtask, flags, { cwd: root }) : spawn("cargo", ["xtask", ...flags], { cwd: root });
    const demo = new Demo();
    demo.log = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (demo.log += text));
    demo.child = child;
    demo.data = data;
    child.on("exit", () => (demo.ended = true));
    try {
      const json = await until("demo.json", async () => {
        if (demo.ended) throw new Error(`the demo ended: ${demo.log}`);
        return readFile(join(data, "demo.json"), "utf8").catch(() => null);
      });
      Object.assign(demo, JSON.parse(json));
    } catch (error) {
      await demo.stop();
      throw error;
    }
    demo.certificate = tls ? join(data, "certificate.pem") : null;
    return demo;
  }

  async stop() {
    if (!this.ended) {
      const exited = new Promise((exited) => this.child.once("exit", exited));
      this.child.kill("SIGTERM");
      this.exitCode = await exited;
    }
    await rm(this.data, { recursive: true, force: true });
  }

  account(role) {
    return this.accounts.find((account) => account.role === role);
  }

  /** Applies a TOML text beside the running server, and waits until it counts. */
  async apply(toml, clientId, redirectUri) {
    await this.command("apply", await this.file("more.toml", toml));
    const query = new URLSearchParams({ client_id: clientId, redirect_uri: redirectUri, response_type: "code", scope: "openid" });
    await until(`client ${clientId}`, async () => (await this.status(`/oidc/authorize?${query}`)) !== 400);
  }

  /** Runs a command of an operator beside the server; what it says. */
  async command(...args) {
    const binary = join(process.env.TESTS_BINARIES ?? join(root, "target/debug"), "keyholder");
    const env = { ...process.env, KEYHOLDER_CONFIG: join(this.data, "keyholder.toml") };
    return (await promisify(execFile)(binary, args, { env })).stdout;
  }

  /** Writes a file into the data directory; where it is. */
  async file(name, content) {
    const file = join(this.data, name);
    await writeFile(file, content);
    return file;
  }

  /** The status with which Keyholder answers. */
  async status(path) {
    const url = new URL(path, this.issuer);
    const ca = this.certificate && (await readFile(this.certificate));
    return new Promise((answered, failed) => {
      const request = url.protocol === "https:" ? https.get(url, { ca }) : http.get(url);
      request.on("response", (response) => answered(response.resume().statusCode)).on("error", failed);
    });
  }

  /** The link in the newest mail to an address; `kind`: the first part of its path. */
  async mailedLink(email, kind = "link") {
    return until(`a mail to ${email}`, async () => {
      const links = await this.mailedLinks(email, kind);
      return links.at(-1);
    });
  }

  /** The links in all mails to an address, the oldest first. */
  async mailedLinks(email, kind = "link") {
    const link = new RegExp(`https?://\\S+/${kind}/[A-Za-z0-9_-]+`);
    return (await this.mails(email)).map((mail) => mail.match(link)?.[0]).filter(Boolean);
  }

  /** All mails to an address as they lie there, the oldest first. */
  async mails(email) {
    const files = await readdir(this.mail_dir).catch(() => []);
    const sorted = files.filter((name) => name.endsWith(".eml")).sort();
    const raw = await Promise.all(sorted.map((file) => readFile(join(this.mail_dir, file), "utf8")));
    return raw.map((mail) => mail.replaceAll(/=\r?\n/g, "").replaceAll("=3D", "=")).filter((mail) => mail.includes(email));
  }
}
