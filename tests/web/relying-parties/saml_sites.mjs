// What a service provider's module in Apache has to get from Keyholder: the same promises for each.

import assert from "node:assert/strict";
import { test } from "node:test";

import { request } from "playwright-core";

import { arrive, assertAsksWho, context, launch, press, submit, typePassword, words } from "../chromium.mjs";
import { Demo, until } from "../demo.mjs";
import { Phone, newcomer, typeCode } from "../people.mjs";
import { Site } from "./apache.mjs";

const MFA = "https://refeds.org/profile/mfa";

/** Reads an address in a browser that was never here. */
export async function get(url) {
  const fresh = await request.newContext({ ignoreHTTPSErrors: true });
  try {
    return await (await fresh.get(url)).text();
  } finally {
    await fresh.dispose();
  }
}

/** A demo, a browser, and a site that is registered at Keyholder. `Provider`: how a module is set up, started and asked. */
export class Stage {
  static async open(Provider) {
    const stage = new Stage();
    try {
      stage.demo = await Demo.start({ tls: true });
      stage.browser = await launch();
      stage.site = await Site.open(stage.demo, get);
      stage.provider = new Provider(stage.site, stage.demo);
      await stage.provider.open();
      await stage.provider.start();
      stage.metadata = await stage.site.write("sp.registered.xml", await stage.provider.metadata());
    } catch (error) {
      await stage.close();
      throw error;
    }
    return stage;
  }

  async close() {
    await this.provider?.stop();
    await this.site?.close();
    await this.browser?.close();
    await this.demo?.stop();
  }

  /** Registers the site with such settings, and waits until they count: then the page of the sign-in has the name. */
  async register(settings) {
    this.registered = (this.registered ?? 0) + 1;
    const name = `Intranet ${this.registered}`;
    await this.demo.command("apply", await this.demo.file("site.toml", `[[application]]
client_id = "intranet"
name = "${name}"
schools = ["oakfield-primary"]
consent = "first-party"
launch_url = "${this.site.base}/"
saml = { metadata_file = "${this.metadata}", release = ["pairwise-id", "display-name", "school-urn", "groups"], ${settings} }
`));
    await until(name, async () => (await get(`${this.site.base}/protected/`)).includes(name));
  }

  /** Registers the site with or without its address for SOAP, at which the server can tell it what happened. */
  async offerSoap(wanted) {
    const metadata = await this.provider.metadata();
    const without = metadata.replaceAll(/<(\w+:)?SingleLogoutService[^>]*SOAP[^>]*\/>/g, "");
    assert.equal(metadata === without, !this.provider.toldBy.includes("server"), "an address for SOAP");
    await this.site.write("sp.registered.xml", wanted ? metadata : without);
    await this.register(`encrypt = "never"`);
  }

  /** A person's browser, which keeps the responses that pass through it. */
  async visitor(options) {
    const visitor = await context(this.browser, options);
    const page = await visitor.newPage();
    page.setDefaultTimeout(15_000);
    page.responses = [];
    page.on("request", (sent) => {
      const response = sent.method() === "POST" && new URLSearchParams(sent.postData() ?? "").get("SAMLResponse");
      if (response) page.responses.push(Buffer.from(response, "base64").toString());
    });
    return page;
  }

  async visit(page, account, place = "protected/") {
    await page.goto(`${this.site.base}/${place}`);
    if (account) await typePassword(page, account);
  }

  /** The page is the one behind the sign-in; what the module tells of the person. */
  async assertInside(page, what, place = "protected/") {
    try {
      // Not the address alone: the form by which a site asks has it too.
      await page.getByText(`inside ${place}`, { exact: true }).waitFor();
      await arrive(page, `${this.site.base}/${place}`);
      assert.equal(await words(page), `inside ${place}`, what);
    } catch (error) {
      throw new Error(`${what}: ${page.responses.at(-1)} ${await this.provider.log()} ${this.demo.log.slice(-2000)}`, { cause: error });
    }
    const headers = (await page.context().request.get(page.url())).headers();
    return { user: headers["x-user"], name: headers["x-name"], school: headers["x-school"], groups: headers["x-groups"].split(";").sort() };
  }

  /** Ends the session at the site alone, as time does. */
  async forget(page) {
    await page.context().clearCookies({ domain: "127.0.0.1" });
  }
}

export function promises(title, Provider) {
  test(title, async (suite) => {
    const stage = await Stage.open(Provider);
    const { demo, provider, site } = stage;
    const staff = demo.account("staff");
    try {
      let page = await stage.visitor();
      let [first, known] = [true, null];
      for (const encrypt of ["never", "always"]) {
        for (const sign of ["response", "assertion", "both"]) {
          await suite.test(`the ${sign} signed, ${encrypt} encrypted`, async () => {
            await stage.register(`sign = "${sign}", encrypt = "${encrypt}"`);
            await stage.visit(page, first ? staff : null);
            first = false;
            const told = await stage.assertInside(page, sign);
            const { name, school, groups } = told;
            assert.deepEqual({ name, school, groups }, { name: "Amira Hussain", school: "199901", groups: ["incidents-read", "incidents-write", "staff"] });
            known ??= told.user;
            assert.ok(known?.length > 20, `an identifier: ${known}`);
            assert.equal(told.user, known, "the same person each time");
            const sent = page.responses.at(-1);
            assert.equal(sent.includes("EncryptedAssertion"), encrypt === "always");
            const root = sent.indexOf("</ds:Signature>");
            const outside = root >= 0 && root < sent.search(/<saml:(Encrypted)?Assertion/);
            assert.equal(outside, sign !== "assertion", "the response is signed");
            if (encrypt === "never") assert.equal(sent.match(/<ds:Signature /g).length, sign === "both" ? 2 : 1);
            await stage.forget(page);
          });
        }
      }

      await suite.test("a logout that begins at the site", async () => {
        await stage.visit(page);
        await stage.assertInside(page, "a session that lives");
        await provider.logOut(page);
        await stage.visit(page);
        await assertAsksWho(page, "the sessions there and here have ended");
      });

      for (const way of provider.toldBy) {
        await suite.test(`a logout that begins at Keyholder, told by the ${way}`, async () => {
          await stage.offerSoap(way === "server");
          await stage.visit(page, staff);
          await stage.assertInside(page, "again");
          await page.goto(`${demo.issuer}/sign-out`);
          await submit(page);
          await page.waitForURL(`${demo.issuer}/signed-out**`).catch(async (cause) => {
            throw new Error(`at ${page.url()}: ${await words(page)} ${await provider.log()} ${demo.log.slice(-2000)}`, { cause });
          });
          assert.ok(!demo.log.includes("not every service provider was signed out"), demo.log.slice(-2000));
          await until("the end of the session there", async () => {
            await stage.visit(page);
            return way === "browser" || (await page.locator('input[name="email"]:visible').count()) > 0;
          }, 100).catch(async (cause) => {
            throw new Error(`${await provider.log()} ${demo.log.slice(-2000)}`, { cause });
          });
          await assertAsksWho(page, "the session there has ended too");
        });
      }
      await page.context().close();

      await suite.test("without JavaScript, by a button", async () => {
        page = await stage.visitor({ scripts: false });
        await stage.visit(page, staff);
        await press(page, page.locator("main form button"));
        await stage.assertInside(page, "by hand");
        await page.context().close();
      });

      await suite.test("a person of two schools is of one here", async () => {
        await stage.register(`encrypt = "never"`);
        page = await stage.visitor();
        await stage.visit(page, demo.account("two-schools"));
        const { school } = await stage.assertInside(page, "one of the two schools");
        assert.equal(school, "199901");
        assert.doesNotMatch(page.responses.at(-1), /199902|bryn/i);
        await page.context().close();
      });

      // Where a module cannot ask for them at one place alone.
      await provider.askForTwoFactors?.(true);
      await suite.test("two factors are asked for, and told", async () => {
        page = await stage.visitor();
        const keyUser = demo.account("key-user");
        const phone = Phone.with(keyUser.totp_secret);
        await stage.visit(page, keyUser, "confidential/");
        await typeCode(page, await phone.code());
        const { groups } = await stage.assertInside(page, "with two factors", "confidential/");
        assert.ok(groups.includes("incidents-confidential"), `${groups}`);
        assert.ok(page.responses.at(-1).includes(`${MFA}</saml:AuthnContextClassRef>`), page.responses.at(-1));

        await stage.forget(page);
        await stage.visit(page, null, "confidential/");
        await stage.assertInside(page, "and nobody is asked again", "confidential/");
        await page.context().close();
      });

      await suite.test("whoever has no key is told that to the site", async () => {
        page = await stage.visitor();
        await stage.visit(page, await newcomer(demo), "confidential/");
        await until("the answer", () => page.responses.length > 0);
        assert.ok(page.responses.at(-1).includes("status:NoAuthnContext"), page.responses.at(-1));
        await page.waitForLoadState();
        assert.ok(!(await words(page)).includes("inside"));
        await page.context().close();
      });

      await provider.askForTwoFactors?.(false);
      await suite.test("whoever is not signed in is not asked where the site wants no page", async () => {
        page = await stage.visitor();
        await page.goto(`${site.base}${provider.passive(`${site.base}/`)}`);
        await until("the answer", () => page.responses.length > 0);
        assert.ok(page.responses.at(-1).includes("status:NoPassive"), page.responses.at(-1));
        await page.context().close();
      });
      await provider.further?.(suite, stage);

      await suite.test("a key is replaced between two sign-ins", async () => {
        page = await stage.visitor();
        const certificates = async () => (await get(`${demo.issuer}/saml/metadata`)).split('use="signing"').length - 1;
        const signedBy = () => page.responses.at(-1).match(/<ds:X509Certificate>([^<]+)/)[1];
        await demo.command("saml", "key", "prepare");
        await until("the successor in the metadata", async () => (await certificates()) === 2);
        await stage.visit(page, staff);
        await stage.assertInside(page, "before the site knows of the other key");
        const former = signedBy();
        await stage.forget(page);
        await provider.renew();
        await demo.command("saml", "key", "switch");
        await until("a response by the successor", async () => {
          await stage.visit(page);
          await stage.assertInside(page, "by whichever key signs now");
          await stage.forget(page);
          return signedBy() !== former;
        });
        await page.context().close();
      });
    } finally {
      await stage.close();
    }
  });
}
