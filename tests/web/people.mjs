// People with keys: new members of the demo's schools, what their authenticator apps show, and what is found about the pages they see.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { pbkdf2Sync, randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { TOTP, URI } from "otpauth";
import { PNG } from "pngjs";
import decodeQR from "qr/decode.js";

import { PHONE, accessibilityFaults, context, overflows, press, typePassword, words } from "./chromium.mjs";
import { until } from "./demo.mjs";

export const TAB = "/account/security-keys";
const PASSWORD = "a lantern for the towpath";
const screenshots = process.env.TESTS_SCREENSHOTS;
let people = 0;

/** A new member of a school, with a password and no key. */
export async function newcomer(demo, options) {
  return (await newcomers(demo, [undefined], options))[0];
}

/** New members with these names, each a given name and a family name. */
export async function newcomers(demo, names, { group = "safeguarding-leads", school = "oakfield-primary" } = {}) {
  const base64 = (bytes) => bytes.toString("base64").replace(/=+$/, "");
  const lines = names.map((name) => {
    people += 1;
    const salt = randomBytes(16);
    const hash = pbkdf2Sync(PASSWORD, salt, 1000, 32, "sha256");
    const [given_name, family_name] = name ?? ["New", `Comer ${people}`];
    return {
      email: `newcomer${people}@oakfield.example`,
      given_name,
      family_name,
      password_hash: `$pbkdf2-sha256$i=1000,l=32$${base64(salt)}$${base64(hash)}`,
      memberships: [{ school, group }],
    };
  });
  const content = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  await demo.command("person", "import", await demo.file(`newcomer${people}.jsonl`, content));
  return lines.map(({ email }) => ({ email, password: PASSWORD }));
}

/** A browser of a person, for one test. `look`: nothing on the page is a fault to axe-core, wider than the window, or in another language. */
export async function visit(browser, options, run) {
  const { viewport = PHONE, locale = "en-GB", scripts = true } = options;
  const visitor = await context(browser, options);
  const page = await visitor.newPage();
  const faults = [];
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  page.on("pageerror", (error) => faults.push(`${error}`));
  const look = async (what, at = page) => {
    await at.waitForLoadState();
    if (screenshots) {
      await mkdir(screenshots, { recursive: true });
      await at.screenshot({ path: join(screenshots, `${what}-${locale}-${viewport.width}.png`), fullPage: true });
    }
    // Without scripts axe-core does not run either.
    if (scripts) faults.push(...(await accessibilityFaults(at)).map((fault) => `${what}: ${fault}`));
    if (await overflows(at)) faults.push(`${what}: wider than the window`);
    const lang = await at.locator("html").getAttribute("lang");
    if (at.url().includes("localhost") && lang !== locale.slice(0, 2)) faults.push(`${what}: in ${lang}`);
  };
  try {
    await run(page, look, visitor);
    // Chromium also logs every answer that is an error, pages among them.
    assert.deepEqual(faults.filter((fault) => !fault.startsWith("Failed to load resource: the server responded")), []);
  } finally {
    await visitor.close();
  }
}

/** The authenticator app on somebody's phone: set up by a picture of the page, and never shows a code twice. */
export class Phone {
  constructor(address) {
    // The parameter by which Keyholder's own app finds the page means nothing to others.
    this.totp = URI.parse(address.replace(/&keyholder=[\w-]+$/, ""));
    assert.ok(this.totp instanceof TOTP, address);
    this.shown = -Infinity;
  }

  /** A phone whose secret is known, as those of the demo's accounts are. */
  static with(secret) {
    const phone = new Phone(`otpauth://totp/Keyholder:demo?secret=${secret}&issuer=Keyholder`);
    // One code added the key, at the latest the one of the step before this.
    phone.shown = Math.floor(Date.now() / 30_000) - 1;
    return phone;
  }

  /** Points at the first picture of a code on a page. */
  static async scan(page, picture = page.locator(".qr:visible").first()) {
    await picture.scrollIntoViewIfNeeded();
    const { width, height, data } = PNG.sync.read(await page.screenshot());
    return new Phone(decodeQR({ width, height, data }));
  }

  get secret() {
    return this.totp.secret.base32;
  }

  /** The next code that is good: a step on either side of now is accepted, a step that was used before is not. */
  async code() {
    const step = await until("the next code", () => {
      const seconds = Date.now() / 1000;
      const now = Math.floor(seconds / 30);
      // Not the code of before where it is about to end.
      const least = Math.max(this.shown + 1, seconds % 30 > 25 ? now : now - 1);
      return least <= now + 1 && least;
    });
    this.shown = step;
    return this.codeAt(step);
  }

  /** The code of a step, on which two libraries agree. */
  codeAt(step) {
    const code = this.totp.generate({ timestamp: step * 30_000 });
    assert.equal(oathtool("--totp", "-b", "--now", `@${step * 30}`, this.secret), code);
    return code;
  }

  /** The code of so many steps ago. */
  codeOf(ago) {
    return this.codeAt(Math.floor(Date.now() / 30_000) - ago);
  }

  /** A code of no time around now. */
  wrongCode() {
    const near = new Set(Array.from({ length: 61 }, (_, at) => this.codeOf(at - 30)));
    return Array.from({ length: 100 }, (_, at) => `${100_000 + at * 7919}`).find((code) => !near.has(code));
  }
}

export function oathtool(...args) {
  return execFileSync("oathtool", args, { encoding: "utf8" }).trim();
}

export async function assertSays(page, part) {
  const said = await words(page);
  assert.ok(said.includes(part), `"${part}" is not said at ${page.url()}: ${said}`);
}

export async function assertSilent(page, part) {
  const said = await words(page);
  assert.ok(!said.includes(part), `"${part}" is said at ${page.url()}: ${said}`);
}

/** Sends the page's form for a code. */
export async function typeCode(page, code) {
  await page.fill("input.code", code);
  await press(page, page.locator("form:has(input.code) button.button"));
}

/** Signs in at the tab Security keys, with a password alone. */
export async function openTab(page, demo, person) {
  await page.goto(`${demo.issuer}${TAB}`);
  await typePassword(page, person);
}

/** Begins to add a key of a kind. */
export async function beginToAdd(page, factor) {
  await press(page, page.locator(`form[action$="/add/${factor}"] button`));
}

/** Gets the permission to add a first key by an access pass. */
export async function usePass(page, demo, person) {
  const pass = (await demo.command("person", "access-pass", person.email)).match(/[0-9A-Z]{4}(-[0-9A-Z]{4}){3}/)[0];
  await typePass(page, pass);
}

export async function typePass(page, pass) {
  const details = page.locator("details:has(#pass)");
  if ((await details.getAttribute("open")) === null) await details.locator("summary").click();
  await page.fill("#pass", pass);
  await press(page, page.locator("form:has(#pass) button"));
}

/** Adds a soft key in a session that may; the phone. */
export async function addPhone(page, name = "My phone") {
  await beginToAdd(page, "soft-key");
  const phone = await Phone.scan(page);
  await page.fill('input[name="name"]', name);
  await typeCode(page, await phone.code());
  await assertSays(page, "Successfully added new two-factor authentication method.");
  return phone;
}

/** A newcomer who has a soft key, and a browser that is not signed in. */
export async function withPhone(browser, demo, options) {
  const person = await newcomer(demo, options);
  let phone;
  await visit(browser, {}, async (page) => {
    await openTab(page, demo, person);
    await usePass(page, demo, person);
    phone = await addPhone(page);
  });
  return { person, phone };
}
