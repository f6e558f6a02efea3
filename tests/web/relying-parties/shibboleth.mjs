// Debian's Shibboleth SP, as examples/relying-parties/apache-saml has it: mod_shib in Apache, and a shibd of its own.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmod, cp, readFile } from "node:fs/promises";
import { inflateRawSync } from "node:zlib";

import { arrive, assertAsksWho, typePassword, words } from "../chromium.mjs";
import { until } from "../demo.mjs";
import { example, run } from "./apache.mjs";
import { get } from "./saml_sites.mjs";

const LOGGER = `log4j.rootCategory=INFO, out
log4j.category.Shibboleth-TRANSACTION=INFO, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%p %c %x: %m%n
`;

export class Shibboleth {
  constructor(site, demo) {
    Object.assign(this, { site, demo, issuer: demo.issuer, toldBy: ["server", "browser"] });
    // It looks for its files in a folder "shibboleth" of these.
    const places = ["CFGDIR", "LOGDIR", "RUNDIR", "CACHEDIR"].map((name) => [`SHIBSP_${name}`, site.folder]);
    this.environment = Object.fromEntries(places);
    this.configuration = site.file("shibboleth/shibboleth2.xml");
  }

  write(name, content) {
    return this.site.write(`shibboleth/${name}`, content);
  }

  /** An example's file, with the addresses of this test. */
  async copy(name, change = (text) => text) {
    const text = await readFile(example(name), "utf8");
    const filled = text.replaceAll("https://intranet.oakfield.example", this.site.base).replaceAll("https://id.school.example", this.issuer);
    await this.write(name, change(filled));
  }

  async open() {
    // As the package has them: policies, and what its pages of errors say.
    await cp("/etc/shibboleth", this.site.file("shibboleth"), { recursive: true });
    for (const use of ["signing", "encrypt"]) {
      const keys = ["-n", `sp-${use}`, "-o", this.site.file("shibboleth"), "-h", "127.0.0.1", "-e", `${this.site.base}/shibboleth`];
      await run("shib-keygen", keys);
      for (const part of ["key", "cert"]) await chmod(this.site.file(`shibboleth/sp-${use}-${part}.pem`), 0o644);
    }
    await this.write("keyholder-metadata.pem", await this.demo.command("saml", "key", "certificate", "--metadata"));
    for (const name of ["shibd.logger", "native.logger"]) await this.write(name, LOGGER);
    await this.copy("attribute-map.xml");
    // It looks at the metadata each second.
    await this.copy("shibboleth2.xml", (text) => text.replace('maxRefreshDelay="7200"', 'minRefreshDelay="1" maxRefreshDelay="1"'));
  }

  async start() {
    await this.startDaemon();
    await this.site.start("LoadModule mod_shib /usr/lib/apache2/modules/mod_shib.so", `
ShibConfig ${this.configuration}
Include ${example("shibboleth.conf")}
Header set X-User "expr=%{REMOTE_USER}"
Header set X-Name "%{displayName}e"
Header set X-School "%{school-urn}e"
Header set X-Groups "%{groups}e"
`, this.environment);
  }

  async startDaemon() {
    this.said ??= "";
    const flags = ["-F", "-f", "-c", this.configuration, "-p", this.site.file("shibd.pid")];
    this.ended = false;
    this.child = spawn("shibd", flags, { env: { ...process.env, ...this.environment }, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on("data", (text) => (this.said += text));
    this.child.on("exit", () => (this.ended = true));
    await until("shibd", () => {
      if (this.ended) throw new Error(`shibd ended: ${this.said}`);
      return this.said.includes("listener service starting");
    });
  }

  async stop() {
    await this.site.stop();
    if (!this.child || this.ended) return;
    const exited = new Promise((exited) => this.child.once("exit", exited));
    this.child.kill("SIGTERM");
    await exited;
  }

  async log() {
    const said = this.said.split("\n").filter((line) => !/MetadataProvider|MetadataFilter|AttributeExtractor/.test(line));
    return `${said.slice(-60).join("\n")} ${await this.site.log()}`;
  }

  metadata() {
    return get(`${this.site.base}/Shibboleth.sso/Metadata`);
  }

  async logOut(page) {
    await page.goto(`${this.site.base}/Shibboleth.sso/Logout?return=${encodeURIComponent(`${this.site.base}/`)}`);
    await arrive(page, `${this.site.base}/`);
    assert.equal(await words(page), "inside the lobby");
  }

  passive(target) {
    return `/Shibboleth.sso/Login?isPassive=true&target=${encodeURIComponent(target)}`;
  }

  async further(suite, stage) {
    const staff = stage.demo.account("staff");
    await suite.test("whoever is signed in is asked again where the site wants that", async () => {
      const page = await stage.visitor();
      await stage.visit(page, staff);
      await stage.assertInside(page, "at first");
      await page.goto(`${this.site.base}/Shibboleth.sso/Login?forceAuthn=true&target=${encodeURIComponent(`${this.site.base}/protected/`)}`);
      await typePassword(page, staff);
      await stage.assertInside(page, "asked again");
      assert.equal(page.responses.length, 2);
      await page.context().close();
    });
    await suite.test("a request by POST", async () => {
      await this.stop();
      const file = await readFile(this.configuration, "utf8");
      await this.write("shibboleth2.xml", file.replace("<SSO ", `<SSO outgoingBindings="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" `));
      await this.start();
      const page = await stage.visitor();
      const posted = page.waitForRequest((request) => request.method() === "POST" && request.url() === `${this.issuer}/saml/sso`);
      await stage.visit(page, staff);
      await posted;
      await stage.assertInside(page, "by POST");
      await stage.forget(page);
      await stage.visit(page);
      await stage.assertInside(page, "the session here is found, although the form came from another site");
      await page.context().close();
      await this.stop();
      await this.write("shibboleth2.xml", file);
      await this.start();
    });
    await suite.test("a logout names the person by an EncryptedID, before and after there is a new key to encrypt for", async () => {
      await this.stop();
      const file = await readFile(this.configuration, "utf8");
      const encrypting = file.replace('signing="true">', 'signing="true" encryption="true">');
      assert.notEqual(encrypting, file);
      await this.write("shibboleth2.xml", encrypting);
      await this.start();
      const page = await stage.visitor();
      const asked = [];
      page.on("request", (sent) => {
        const url = new URL(sent.url());
        if (url.href.startsWith(`${this.issuer}/saml/slo?`) && url.searchParams.has("SAMLRequest")) asked.push(url);
      });
      const logOut = async (what) => {
        await stage.visit(page, staff);
        await stage.assertInside(page, what);
        const before = asked.length;
        await this.logOut(page);
        assert.equal(asked.length, before + 1, what);
        const url = asked.at(-1);
        const request = inflateRawSync(Buffer.from(url.searchParams.get("SAMLRequest"), "base64")).toString();
        assert.match(request, /EncryptedID/, what);
        assert.doesNotMatch(request, /NameID/, what);
        assert.match(await stage.demo.command("saml", "decode", url.href), /Person: \S+ \(it was encrypted for us\)/, what);
        await stage.visit(page);
        await assertAsksWho(page, `${what}: the session at Keyholder has ended too`);
        return request;
      };
      const certificates = async () =>
        [...(await get(`${this.issuer}/saml/metadata`)).matchAll(/use="encryption".*?X509Certificate>([^<]+)/gs)].map(([, one]) => one);
      await logOut("at first");
      const [former] = await certificates();
      await stage.demo.command("saml", "key", "prepare", "--for", "encryption");
      await until("the successor in the metadata", async () => (await certificates()).length === 2);
      assert.equal((await certificates())[0], former);
      await this.renew();
      await logOut("with two keys in the metadata");
      await stage.demo.command("saml", "key", "switch", "--for", "encryption");
      await logOut("for the former key");
      await until("the successor alone", async () => (await certificates()).length === 1);
      assert.notEqual((await certificates())[0], former);
      await this.renew();
      await logOut("for the new key");
      await page.context().close();
      await this.stop();
      await this.write("shibboleth2.xml", file);
      await this.start();
    });
  }

  /** It reads the metadata by itself. */
  async renew() {
    const before = this.said.length;
    await until("the metadata read again", () => /(loaded|reloaded|updated).*metadata|metadata.*(loaded|reload)/i.test(this.said.slice(before)));
  }
}
