// A soft key from the picture on the page to the incident that it opens: enrolled, used, elevated with, stepped down from.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { DESKTOP, PHONE, launch, press, typePassword, words } from "../chromium.mjs";
import { Demo } from "../demo.mjs";
import { Phone, TAB, addPhone, assertSays, assertSilent, beginToAdd, newcomer, openTab, typeCode, typePass, usePass, visit, withPhone } from "../people.mjs";

let demo;
let browser;

before(async () => {
  demo = await Demo.start();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

const INCIDENT = "I don't want to go there at the weekend";
const without = (page) => page.locator('form[action$="/factor/continue"] button');
const elevate = (page) => page.locator(".strip a.button");
const stepDown = (page) => page.locator('form[action="/step-down"] button');

test("a soft key is added from the picture on the page, signs in, elevates and steps down", async () => {
  const person = await newcomer(demo);
  await visit(browser, { viewport: PHONE }, async (page, look) => {
    await openTab(page, demo, person);
    await look("keys-first");
    await press(page, page.locator(`form[action="${TAB}/first"] button`));
    await assertSays(page, "a link is on its way");
    const link = await demo.mailedLink(person.email);

    // Whoever reads the mail but has not the browser adds nothing.
    await visit(browser, {}, async (stranger, lookAt) => {
      await stranger.goto(link);
      await lookAt("first-key-link-elsewhere");
      const go = stranger.locator(`form[action^="/link/"] button.button`);
      if (await go.count()) await press(stranger, go);
      await stranger.goto(`${demo.issuer}${TAB}`);
      assert.equal(await stranger.locator(`form[action^="${TAB}/add/"]`).count(), 0);
    });

    await page.goto(link);
    await look("first-key-link");
    await press(page, page.locator("main button.button"));
    await assertSays(page, "You can add your first key now.");
    await look("keys-may-change");
    await beginToAdd(page, "soft-key");
    await look("add-soft-key");
    const phone = await Phone.scan(page);
    assert.equal(phone.totp.issuer, "Keyholder");
    assert.ok(phone.totp.label.endsWith(person.email), phone.totp.label);

    // Any app: the plain picture and the words to type are the same secret.
    const more = page.locator("details.more");
    await more.locator("summary").click();
    assert.equal((await Phone.scan(page, more.locator(".qr"))).secret, phone.secret);
    for (const typed of await page.locator(".secret").all()) {
      assert.equal((await typed.innerText()).replaceAll(/\s/g, ""), phone.secret);
    }

    await page.fill('input[name="name"]', "Telephone of Person");
    await typeCode(page, phone.wrongCode());
    await assertSays(page, "Incorrect or out of date code");
    assert.match(await page.title(), /^Error/);
    await look("add-soft-key-wrong");
    await typeCode(page, phone.codeOf(6));
    await assertSays(page, "This came too late");
    await look("add-soft-key-late");
    assert.equal(await page.inputValue('input[name="name"]'), "Telephone of Person");
    assert.equal((await Phone.scan(page)).secret, phone.secret, "the same picture");
    const code = await phone.code();
    await typeCode(page, code);
    await assertSays(page, "Successfully added new two-factor authentication method.");
    await assertSays(page, "Telephone of Person");
    await assertSays(page, "Unverified");
    await assertSilent(page, "Your key is in use");
    await look("keys-locked");

    // The new key counts from the next sign-in, and not with the code that added it.
    await page.goto(`${demo.app}/incidents/3`);
    await look("two-factor");
    assert.equal(await page.title(), "Two Factor Authentication - Keyholder");
    await typeCode(page, code);
    await assertSays(page, "This code was used already");
    await look("two-factor-replayed");
    await typeCode(page, phone.wrongCode());
    await assertSays(page, "Incorrect or out of date code");
    await look("two-factor-wrong");
    await typeCode(page, await phone.code());
    assert.equal(page.url(), `${demo.app}/incidents/3`);
    await assertSays(page, INCIDENT);
    await look("app-incident-open");

    await page.goto(`${demo.issuer}/`);
    await assertSays(page, "Your key is in use.");
    await look("my-applications-raised");
    await page.goto(`${demo.issuer}${TAB}`);
    await assertSilent(page, "Unverified\n");
    await look("keys-raised");
    await page.goto(`${demo.issuer}/`);
    await press(page, stepDown(page));
    await assertSays(page, "You signed in without your key.");
    await look("my-applications-stepped-down");
    await page.goto(`${demo.app}/incidents/3`);
    await assertSays(page, "A key is needed");

    await page.goto(`${demo.issuer}/`);
    await press(page, elevate(page));
    await look("elevate");
    assert.equal(await without(page).count(), 0, "a step-up asks for the key and nothing else");
    await typeCode(page, await phone.code());
    assert.equal(page.url(), `${demo.issuer}/`);
    await assertSays(page, "Your key is in use.");
    await page.goto(`${demo.app}/incidents/3`);
    await press(page, page.locator('a[href*="with=key"]'));
    assert.equal(page.url(), `${demo.app}/incidents/3`, "nothing is asked while the key counts");
    await assertSays(page, INCIDENT);
  });
});

test("without JavaScript, in Welsh: an access pass, a key, on without it, and with it after all", async () => {
  const person = await newcomer(demo);
  await visit(browser, { viewport: DESKTOP, locale: "cy-GB", scripts: false, colorScheme: "dark" }, async (page, look, visitor) => {
    await openTab(page, demo, person);
    await typePass(page, "0000-0000-0000-0000");
    await look("keys-pass-wrong");
    await usePass(page, demo, person);
    await look("keys-may-change");
    await beginToAdd(page, "soft-key");
    await look("add-soft-key");
    const phone = await Phone.scan(page);
    await page.fill('input[name="name"]', "Ffôn");
    await typeCode(page, phone.wrongCode());
    await look("add-soft-key-wrong");
    await typeCode(page, await phone.code());
    await look("keys-locked");
    await visitor.clearCookies();

    await page.goto(`${demo.app}/sign-in`);
    await typePassword(page, person);
    await look("two-factor");
    await press(page, without(page));
    assert.equal(new URL(page.url()).origin, demo.app);
    await assertSays(page, "Without a key");
    await page.goto(`${demo.app}/incidents/3`);
    await assertSays(page, "A key is needed");
    await look("app-key-needed");
    await press(page, page.locator('a[href*="with=key"]'));
    assert.equal(await without(page).count(), 0);
    await look("two-factor-step-up");
    await typeCode(page, await phone.code());
    assert.equal(page.url(), `${demo.app}/incidents/3`);
    await assertSays(page, INCIDENT);
  });
});

test("a group without a restricted set opens nothing without the key, and says how to get one", async () => {
  const person = await newcomer(demo, { group: "confidential-records" });
  await visit(browser, { viewport: DESKTOP }, async (page, look) => {
    await page.goto(`${demo.app}/sign-in`);
    await typePassword(page, person);
    await assertSays(page, "You need a security key here");
    await look("group-needs-key");
    await press(page, page.getByRole("link", { name: "Add your first key" }));
    await usePass(page, demo, person);
    const phone = await addPhone(page);
    await page.goto(`${demo.app}/sign-in`);
    assert.equal(await without(page).count(), 0);
    await typeCode(page, await phone.code());
    await assertSays(page, "With your key");
  });
});

test("two tabs ask for the key, and an answer in one is enough", async () => {
  const { person, phone } = await withPhone(browser, demo);
  await visit(browser, { viewport: DESKTOP }, async (page, look, visitor) => {
    const other = await visitor.newPage();
    await page.goto(`${demo.app}/sign-in?return=/incidents/1`);
    await typePassword(page, person);
    await other.goto(`${demo.app}/s/oakfield-primary/sign-in`);
    await assertSays(other, "Two Factor Authentication");
    const code = await phone.code();
    await typeCode(page, code);
    assert.equal(page.url(), `${demo.app}/incidents/1`);
    await typeCode(other, code);
    await look("two-factor-other-tab", other);
    assert.equal(new URL(other.url()).origin, demo.app, await words(other));
    await assertSays(other, "With your key");
    // Back, and the same form again.
    await page.goBack();
    await page.reload();
    assert.equal(await page.locator("input.code").count(), 0, await words(page));
  });
});

test("a key that was answered wrongly five times waits, and says until when", async () => {
  const { person, phone } = await withPhone(browser, demo);
  await visit(browser, {}, async (page, look) => {
    await page.goto(`${demo.app}/sign-in`);
    await typePassword(page, person);
    for (let times = 0; times < 5; times += 1) await typeCode(page, phone.wrongCode());
    await assertSays(page, "There were too many wrong answers");
    assert.equal(await page.locator("input.code").count(), 0);
    await look("two-factor-waits");
    await press(page, without(page));
    await assertSays(page, "Without a key");
  });
});

test("the keyboard alone: from the address to the incident", async () => {
  const { person, phone } = await withPhone(browser, demo);
  await visit(browser, { viewport: DESKTOP }, async (page) => {
    const focused = () => page.evaluate(() => document.activeElement?.id || document.activeElement?.getAttribute("name") || document.activeElement?.textContent);
    const tabTo = async (locator) => {
      for (let times = 0; times < 40; times += 1) {
        if (await locator.evaluate((element) => element === document.activeElement)) return;
        await page.keyboard.press("Tab");
      }
      assert.fail(`Tab does not lead there but to ${await focused()}`);
    };
    const enter = async () => {
      const another = page.waitForEvent("framenavigated", (frame) => frame === page.mainFrame());
      await Promise.all([another, page.keyboard.press("Enter")]);
      await page.waitForLoadState("domcontentloaded");
    };
    await page.goto(`${demo.app}/sign-in?with=key&return=/incidents/3`);
    await tabTo(page.locator('input[name="email"]:visible'));
    await page.keyboard.type(person.email);
    await enter();
    await tabTo(page.locator('input[name="password"]'));
    await page.keyboard.type(person.password);
    await enter();
    const field = page.locator("input.code");
    assert.deepEqual([await field.getAttribute("autocomplete"), await field.getAttribute("inputmode")], ["one-time-code", "numeric"]);
    await tabTo(field);
    // As people paste it: in two groups.
    const code = await phone.code();
    await page.keyboard.insertText(`${code.slice(0, 3)} ${code.slice(3)}`);
    await enter();
    assert.equal(page.url(), `${demo.app}/incidents/3`);
    await assertSays(page, INCIDENT);
  });
});

test("the demo's accounts use the secrets that it wrote down", async () => {
  for (const { email, password, totp_secret } of demo.accounts.filter(({ totp_secret }) => totp_secret)) {
    await visit(browser, { viewport: DESKTOP }, async (page) => {
      await page.goto(`${demo.app}/sign-in?with=key&return=/incidents/3`);
      await typePassword(page, { email, password });
      await typeCode(page, await Phone.with(totp_secret).code());
      await assertSays(page, INCIDENT);
    });
  }
  assert.deepEqual(demo.accounts.map(({ role, totp_secret }) => [role, totp_secret !== null]).filter(([, has]) => has).map(([role]) => role), ["key-user", "admin", "key-user"]);
});
