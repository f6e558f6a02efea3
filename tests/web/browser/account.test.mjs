// Account Settings in a browser: every page of it looked at by axe-core in both languages and widths, light and dark; its forms without
// scripts; and the keyboard alone. With TESTS_SCREENSHOTS set to a folder, a picture of each page is left there.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { DESKTOP, PHONE, accessibilityFaults, assertAsksWho, context, launch, overflows, press, submit, typePassword, words } from "../chromium.mjs";
import { Demo } from "../demo.mjs";

const screenshots = process.env.TESTS_SCREENSHOTS;
let demo;
let browser;

before(async () => {
  demo = await Demo.start();
  browser = await launch();
  if (screenshots) await mkdir(screenshots, { recursive: true });
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

async function signIn(page, account) {
  await page.goto(`${demo.issuer}/account`);
  await typePassword(page, account);
  // Whoever has two schools is asked which.
  const schools = page.locator('button[name="school"]');
  if (await schools.count()) await press(page, schools.first());
  assert.equal(page.url(), `${demo.issuer}/account`);
}

/** Walks through Account Settings and gives the account a new address; `look` is called on each page. */
async function walk(page, account, address, look) {
  await signIn(page, account);
  await look("account");
  for (const part of ["name", "password", "language", "email", "security-keys", "security-log"]) {
    await page.goto(`${demo.issuer}/account/${part}`);
    await look(`account-${part}`);
  }
  for (const [part, fields] of [
    ["name", { given_name: "", family_name: "" }],
    ["password", { current: "not the password at all", password: "short", again: "short" }],
    ["email", { email: "nobody at all" }],
  ]) {
    await page.goto(`${demo.issuer}/account/${part}`);
    await page.evaluate(() => document.querySelectorAll("form").forEach((form) => (form.noValidate = true)));
    for (const [name, value] of Object.entries(fields)) await page.fill(`main input[name="${name}"]:visible`, value);
    await submit(page);
    assert.ok(await page.locator(`main [aria-invalid="true"]`).count(), `${part}: nothing is said to be wrong: ${page.url()}: ${await words(page)}`);
    await look(`account-${part}-wrong`);
  }
  await page.fill('main input[name="email"]:visible', address);
  await submit(page);
  await look("account-waiting");
  await page.goto(await demo.mailedLink(address));
  await look("confirm-email");
  await submit(page);
  account.email = address;
  await look("email-confirmed");
  await page.goto(`${demo.issuer}/change-school`);
  await look("change-school");
  await page.goto(`${demo.issuer}/account/nowhere`);
  await look("account-nowhere");
}

for (const [locale, viewport, colorScheme, role] of [
  ["en-GB", PHONE, "light", "staff"],
  ["cy-GB", PHONE, "dark", "two-schools"],
  ["en-GB", DESKTOP, "dark", "two-schools"],
  ["cy-GB", DESKTOP, "light", "staff"],
]) {
  const name = `${locale}-${viewport.width}-${colorScheme}`;
  test(`no page of Account Settings has a fault that axe-core finds: ${name}`, async () => {
    const visitor = await context(browser, { locale, viewport, colorScheme });
    const page = await visitor.newPage();
    const faults = [];
    await walk(page, demo.account(role), `${role}.${name}@elsewhere.example`.toLowerCase(), async (what) => {
      await page.waitForLoadState();
      if (screenshots) await page.screenshot({ path: join(screenshots, `${what}-${name}.png`), fullPage: true });
      for (const fault of await accessibilityFaults(page)) faults.push(`${what} (${page.url()}): ${fault}`);
      if (await overflows(page)) faults.push(`${what}: wider than the window`);
      const lang = await page.locator("html").getAttribute("lang");
      if (lang !== locale.slice(0, 2)) faults.push(`${what}: in ${lang}`);
    });
    await visitor.close();
    assert.deepEqual(faults, []);
  });
}

test("name, password, language, sign-ins and browsers are changed without JavaScript", async () => {
  const person = { ...demo.accounts.find(({ email }) => email.startsWith("eleri.")) };
  const [here, there] = await Promise.all([context(browser, { scripts: false }), context(browser, { scripts: false })]);
  const [page, other] = [await here.newPage(), await there.newPage()];
  await signIn(other, person);
  await signIn(page, person);

  // A sign-in that is ended elsewhere is over at the next request.
  await press(page, page.locator('form[action="/account/sign-ins/end"] button').first());
  await other.goto(`${demo.issuer}/account`);
  await assertAsksWho(other, "a sign-in that was ended counts on");
  const browsers = page.locator('form[action="/account/browsers/forget"] button');
  const known = await browsers.count();
  assert.ok(known > 0);
  await press(page, browsers.first());
  assert.equal(await browsers.count(), known - 1);

  await page.goto(`${demo.issuer}/account/name`);
  await page.fill('input[name="family_name"]', "Vaughan-Rees");
  await submit(page);
  assert.ok((await words(page)).includes("Eleri Vaughan-Rees"));

  for (const language of ["en", "cy"]) {
    await page.goto(`${demo.issuer}/account/language`);
    await press(page, page.locator(`button[name="language"][value="${language}"]`));
    assert.equal(await page.locator("html").getAttribute("lang"), language);
  }

  await page.goto(`${demo.issuer}/account/password`);
  const chosen = "otter under the old bridge";
  for (const [name, value] of [["current", person.password], ["password", chosen], ["again", chosen]]) {
    await page.fill(`input[name="${name}"]`, value);
  }
  await submit(page);
  assert.equal(page.url().split("?")[0], `${demo.issuer}/account`);
  await signIn(other, { ...person, password: chosen });
  await Promise.all([here.close(), there.close()]);
});

test("the keyboard alone: from the address to a new name", async () => {
  const visitor = await context(browser, { viewport: DESKTOP });
  const page = await visitor.newPage();
  const { email, password } = demo.account("key-user");
  /** Goes on with Tab until the focus is on what is looked for, and sees that the focus can be seen. */
  const reach = async (selector) => {
    for (let presses = 0; presses < 60; presses += 1) {
      const found = await page.evaluate((wanted) => {
        const at = document.activeElement;
        if (!at?.matches(wanted)) return null;
        const style = getComputedStyle(at);
        return style.outlineStyle !== "none" || style.boxShadow !== "none";
      }, selector);
      if (found !== null) return assert.ok(found, `${selector}: the focus cannot be seen`);
      await page.keyboard.press("Tab");
    }
    throw new Error(`${selector} is not reached by Tab at ${page.url()}`);
  };
  const enter = async () => {
    const another = page.waitForEvent("framenavigated", (frame) => frame === page.mainFrame());
    await Promise.all([another, page.keyboard.press("Enter")]);
    await page.waitForLoadState("domcontentloaded");
  };
  await page.goto(`${demo.issuer}/account`);
  await reach('input[name="email"]');
  await page.keyboard.type(email);
  await enter();
  await reach('input[name="password"]');
  await page.keyboard.type(password);
  await enter();
  assert.equal(page.url(), `${demo.issuer}/account`);
  await reach('a[href="/account/name"]');
  await enter();
  await reach('input[name="given_name"]');
  await page.keyboard.press("Control+A");
  await page.keyboard.type("Jo");
  await enter();
  assert.ok((await words(page)).includes("Jo Whitlock"));
  await visitor.close();
});
