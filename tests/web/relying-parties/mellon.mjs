// mod_auth_mellon in Debian's Apache, as examples/relying-parties/apache-saml/mellon.conf has it.

import assert from "node:assert/strict";
import { chmod, readFile, readdir, rename } from "node:fs/promises";

import { arrive, words } from "../chromium.mjs";
import { example, run } from "./apache.mjs";
import { get } from "./saml_sites.mjs";

export class Mellon {
  constructor(site, { issuer }) {
    // The metadata that it makes for itself has no address for SOAP.
    Object.assign(this, { site, issuer, toldBy: ["browser"] });
  }

  async open() {
    const { base, folder } = this.site;
    await run("mellon_create_metadata", [`${base}/mellon/metadata`, `${base}/mellon`], { cwd: folder });
    for (const name of await readdir(folder)) {
      const ending = name.match(/^https.*\.(key|cert|xml)$/)?.[1];
      if (!ending) continue;
      await rename(this.site.file(name), this.site.file(`sp.${ending}`));
      await chmod(this.site.file(`sp.${ending}`), 0o644);
    }
  }

  async start(further = "") {
    await this.site.write("keyholder.xml", await get(`${this.issuer}/saml/metadata`));
    await this.site.start("LoadModule auth_mellon_module /usr/lib/apache2/modules/mod_auth_mellon.so", `
Define MELLON ${this.site.folder}
Define KEYHOLDER ${this.issuer}
${further}
Include ${example("mellon.conf")}
Header set X-User "expr=%{REMOTE_USER}"
Header set X-Name "%{KEYHOLDER_NAME}e"
Header set X-School "%{KEYHOLDER_SCHOOL}e"
Header set X-Groups "%{KEYHOLDER_GROUPS}e"
`);
  }

  stop() {
    return this.site.stop();
  }

  log() {
    return this.site.log();
  }

  metadata() {
    return readFile(this.site.file("sp.xml"), "utf8");
  }

  async logOut(page) {
    await page.goto(`${this.site.base}/mellon/logout?ReturnTo=${encodeURIComponent(`${this.site.base}/`)}`);
    await arrive(page, `${this.site.base}/`);
    assert.equal(await words(page), "inside the lobby");
  }

  async askForTwoFactors(wanted) {
    await this.stop();
    await this.start(wanted ? "Define TWO_FACTORS" : "");
  }

  passive(target) {
    return `/mellon/login?IsPassive=true&ReturnTo=${encodeURIComponent(target)}`;
  }

  /** What its daily job does. */
  async renew() {
    await this.stop();
    await this.start();
  }
}
