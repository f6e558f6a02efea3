// The tab Security keys: what may be changed when, and what the mails about it do.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { DESKTOP, PHONE, assertAsksWho, launch, press, submit, typePassword, words } from "../chromium.mjs";
import { Demo, until } from "../demo.mjs";
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

const row = (page, name) => page.locator("tbody tr", { hasText: name });

test("keys are renamed and removed by whoever used one, in a locked tab by nobody", async () => {
  const { person, phone } = await withPhone(browser, demo);
  await visit(browser, { viewport: DESKTOP }, async (page, look) => {
    await openTab(page, demo, person);
    await assertSays(page, "You can look, but not change anything yet");
    await assertSays(page, "never used so far");
    await assertSays(page, "Martin Okafor");
    await look("keys-locked");
    assert.equal(await page.locator('a[href$="/rename"], a[href$="/remove"], form[action*="/add/"]').count(), 0);
    await press(page, page.locator('.choices a[href$="/use/soft-key"]'));
    await look("two-factor-for-keys");
    await typeCode(page, await phone.code());
    assert.equal(page.url(), `${demo.issuer}${TAB}`);
    await assertSilent(page, "Unverified\n");
    await look("keys-may-change");

    const second = await addPhone(page, "Tablet");
    await assertSays(page, "Your key is in use.");
    assert.ok((await row(page, "Tablet").innerText()).includes("Unverified"));
    await press(page, row(page, "Tablet").locator('a[href$="/rename"]'));
    await look("rename-key");
    await page.fill('input[name="name"]', "My phone");
    await submit(page);
    await assertSays(page, "Another key of yours has this name");
    await look("rename-key-taken");
    await page.fill('input[name="name"]', "Tablet of the office");
    await submit(page);
    await assertSays(page, "The new name is saved.");

    await press(page, row(page, "My phone").locator('a[href$="/remove"]'));
    await look("remove-key");
    await submit(page);
    await assertSays(page, "The key is removed.");
    assert.equal(await row(page, "My phone").count(), 0);
    await press(page, row(page, "Tablet of the office").locator('a[href$="/remove"]'));
    await assertSays(page, "It is the last key");
    await look("remove-key-last");
    await press(page, page.locator("main a.button--plain"));
    assert.ok(second.secret !== phone.secret);
    await page.goto(`${demo.issuer}/account/security-log`);
    for (const told of ["Security key added", "Security key renamed", "Security key removed", "My phone", "Tablet → Tablet of the office"]) {
      await assertSays(page, told);
    }
    await look("security-log");
  });
  await until("the mail about the removal", async () => (await demo.mails(person.email)).some((mail) => mail.includes("removed")));
});

test("a stranger's key is taken off by the link in the mail, and every sign-in ends", async () => {
  const person = await newcomer(demo);
  await visit(browser, { viewport: PHONE }, async (stranger) => {
    await openTab(stranger, demo, person);
    await usePass(stranger, demo, person);
    const phone = await addPhone(stranger, "Not mine");
    const link = await demo.mailedLink(person.email, "stop-key");
    await visit(browser, { viewport: PHONE }, async (page, look) => {
      await page.goto(link);
      await assertSays(page, "Not mine");
      await look("stop-key");
      await submit(page);
      assert.match(new URL(page.url()).pathname, /\/forgot$/, await words(page));
      await page.goto(link);
      await look("stop-key-again");
      assert.equal(await page.locator("main form").count(), 0);
    });
    await stranger.goto(`${demo.issuer}${TAB}`);
    await assertAsksWho(stranger, "the stranger is signed out");
    await stranger.goto(`${demo.app}/sign-in`);
    await typePassword(stranger, person);
    await assertSays(stranger, "Without a key");
    assert.ok(phone);
  });
});

test("a pass counts once, and a permission to add a key goes no further than the first one", async () => {
  const person = await newcomer(demo);
  const pass = (await demo.command("person", "access-pass", person.email)).match(/[0-9A-Z]{4}(-[0-9A-Z]{4}){3}/)[0];
  await visit(browser, { viewport: DESKTOP }, async (page, look, visitor) => {
    await openTab(page, demo, person);
    await typePass(page, pass.toLowerCase().replaceAll("-", " "));
    await assertSays(page, "You can add your first key now.");
    // Two tabs, two keys begun with one permission: the second is one too many.
    const other = await visitor.newPage();
    await other.goto(`${demo.issuer}${TAB}`);
    await beginToAdd(other, "security-key");
    await addPhone(page);
    const cdp = await visitor.newCDPSession(other);
    await cdp.send("WebAuthn.enable");
    await cdp.send("WebAuthn.addVirtualAuthenticator", { options: { protocol: "ctap2", transport: "usb", automaticPresenceSimulation: true } });
    await other.fill('input[name="name"]', "Second");
    await press(other, other.locator("form[data-webauthn] button.button"));
    await look("keys-one-permission-one-key", other);
    assert.equal(await row(other, "Second").count(), 0);
    await visitor.clearCookies();
    await openTab(page, demo, person);
    await assertSays(page, "You can look, but not change anything yet");
  });
  const another = await newcomer(demo);
  await visit(browser, {}, async (page) => {
    await openTab(page, demo, another);
    await typePass(page, pass);
    await assertSays(page, "This pass is not right, was used, or is too old");
  });
});

test("two tabs that add the same key at once: one of them does", async () => {
  const person = await newcomer(demo);
  await visit(browser, { viewport: DESKTOP }, async (page, look, visitor) => {
    await openTab(page, demo, person);
    await usePass(page, demo, person);
    await beginToAdd(page, "soft-key");
    const other = await visitor.newPage();
    await other.goto(page.url());
    const phone = await Phone.scan(page);
    assert.equal((await Phone.scan(other)).secret, phone.secret);
    const code = await phone.code();
    for (const tab of [page, other]) {
      await tab.bringToFront();
      await tab.fill('input[name="name"]', "One");
      await typeCode(tab, code);
    }
    await look("keys-added-in-another-tab", other);
    assert.equal(await row(other, "One").count(), 1);
  });
});
