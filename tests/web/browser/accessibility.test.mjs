// Every page of a sign-in, looked at by axe-core: WCAG 2.2 AA, both languages, light and dark, nothing wider than a phone. Account Settings
// and security keys have files of their own.
// With TESTS_SCREENSHOTS set to a folder, a picture of each is left there.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { DESKTOP, PHONE, accessibilityFaults, context, launch, overflows, press, submit, typePassword } from "../chromium.mjs";
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

/** Walks through the pages; `look` is called on each. `forgetful` sets a new password; three links in a quarter
 * of an hour are the most for one person. */
async function walk(page, forgetful, look) {
  const { app, issuer } = demo;
  const teacher = demo.account("staff");
  await page.goto(`${app}/`);
  await look("app-welcome");
  await page.goto(`${app}/sign-in`);
  await look("email");
  await page.evaluate(() => document.querySelectorAll("form").forEach((form) => (form.noValidate = true)));
  await submit(page);
  await look("email-wrong");
  await page.fill('input[name="email"]', teacher.email);
  await submit(page);
  await look("password");
  const forgot = await page.locator('a[href*="forgot"]').first().getAttribute("href");
  await page.fill('input[name="password"]', "not the password at all");
  await submit(page);
  await look("password-wrong");
  await page.goto(new URL(forgot, issuer).href);
  await look("forgot");
  await page.fill('input[name="email"]', forgetful);
  await submit(page);
  await look("forgot-sent");
  await page.goto(await demo.mailedLink(forgetful));
  await look("new-password");
  await page.fill('input[name="password"]', "short");
  await page.fill('input[name="again"]', "short");
  await submit(page);
  await look("new-password-wrong");
  for (const name of ["password", "again"]) await page.fill(`input[name="${name}"]`, "otter under the old bridge");
  await submit(page);
  await look("password-set");
  await page.goto(`${issuer}/link/nothing`);
  await look("link-dead");
  for (const path of ["help", "privacy", "accessibility", "nowhere"]) {
    await page.goto(`${issuer}/${path}`);
    await look(path);
  }
  await page.goto(`${issuer}/s/ysgol-y-bryn`);
  await look("school");
  await page.goto(`${issuer}/oidc/authorize?client_id=nobody`);
  await look("bad-request");
  await page.goto(`${app}/sign-in`);
  await typePassword(page, demo.account("two-schools"));
  await look("choose-school");
  await press(page, page.locator('button[name="school"]').first());
  await look("app-home");
  await page.goto(`${app}/incidents`);
  await look("app-incidents");
  await page.goto(`${app}/incidents/1`);
  await look("app-incident");
  await page.goto(`${app}/incidents/3`);
  await look("app-key-needed");
  await page.goto(`${app}/s/trip-planner/sign-in`);
  if (await page.locator('button[name="school"]').count()) await press(page, page.locator('button[name="school"]').first());
  await look("consent");
  await page.goto(`${issuer}/`);
  if (await page.locator('button[name="school"]').count()) await press(page, page.locator('button[name="school"]').first());
  await look("my-applications");
  await page.goto(`${issuer}/sign-out`);
  await look("sign-out");
  await submit(page);
  await look("signed-out");
}

for (const [locale, viewport, colorScheme, forgetful] of [
  ["en-GB", PHONE, "light", "daniel."],
  ["cy-GB", PHONE, "dark", "daniel."],
  ["en-GB", DESKTOP, "dark", "eleri."],
  ["cy-GB", DESKTOP, "light", "eleri."],
]) {
  const name = `${locale}-${viewport.width}-${colorScheme}`;
  test(`no page has a fault that axe-core finds: ${name}`, async () => {
    const visitor = await context(browser, { locale, viewport, colorScheme });
    const page = await visitor.newPage();
    const faults = [];
    await walk(page, demo.accounts.find(({ email }) => email.startsWith(forgetful)).email, async (what) => {
      await page.waitForLoadState();
      if (screenshots) await page.screenshot({ path: join(screenshots, `${what}-${name}.png`), fullPage: true });
      for (const fault of await accessibilityFaults(page)) faults.push(`${what} (${page.url()}): ${fault}`);
      if (await overflows(page)) faults.push(`${what}: wider than the window`);
      const lang = await page.locator("html").getAttribute("lang");
      if (!what.startsWith("app-") && lang !== locale.slice(0, 2)) faults.push(`${what}: in ${lang}`);
    });
    await visitor.close();
    assert.deepEqual(faults, []);
  });
}
