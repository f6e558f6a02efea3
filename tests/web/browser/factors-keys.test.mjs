// Keys that are no phone: security keys in software before Chromium, a key that types, and a sheet of codes.

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";

import { DESKTOP, PHONE, launch, press, typePassword, words } from "../chromium.mjs";
import { Demo, until } from "../demo.mjs";
import { TAB, assertSays, assertSilent, beginToAdd, newcomer, oathtool, openTab, typeCode, usePass, visit, withPhone } from "../people.mjs";

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
const usb = { transport: "usb", automaticPresenceSimulation: true };
const CTAP2 = { ...usb, protocol: "ctap2", hasResidentKey: true };
const VERIFYING = { ...CTAP2, hasUserVerification: true, isUserVerified: true };
const U2F = { ...usb, protocol: "u2f" };

/** A security key at this page's USB port. */
async function plugIn(page, options) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", { options });
  return {
    add: (credential) => cdp.send("WebAuthn.addCredential", { authenticatorId, credential }),
    credentials: async () => (await cdp.send("WebAuthn.getCredentials", { authenticatorId })).credentials,
    pullOut: () => cdp.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId }),
  };
}

const ask = (page) => page.locator("form[data-webauthn] button.button");

async function addSecurityKey(page, name) {
  await beginToAdd(page, "security-key");
  await page.fill('input[name="name"]', name);
  await press(page, ask(page));
}

/** Signed in with a password alone, and sent to Keyholder for the key. */
async function askForKey(page, at, person) {
  await page.goto(`${at.app}/sign-in?with=key&return=/incidents/3`);
  await typePassword(page, person);
}

for (const [what, options, viewport] of [["with a PIN", VERIFYING, PHONE], ["that asks for no PIN", CTAP2, DESKTOP], ["of the time before FIDO2", U2F, DESKTOP]]) {
  test(`a security key ${what} is added and signs in`, async () => {
    const person = await newcomer(demo);
    await visit(browser, { viewport }, async (page, look, visitor) => {
      await openTab(page, demo, person);
      await usePass(page, demo, person);
      const key = await plugIn(page, options);
      await beginToAdd(page, "security-key");
      await look(`add-security-key-${options.protocol}`);
      await page.fill('input[name="name"]', "Blue key");
      await press(page, ask(page));
      await assertSays(page, "Successfully added new two-factor authentication method.");
      await assertSays(page, "Blue key");
      assert.equal((await key.credentials()).length, 1);
      await visitor.clearCookies();

      await askForKey(page, demo, person);
      await assertSays(page, "Use my security key");
      await look(`two-factor-security-key-${options.protocol}`);
      await press(page, ask(page));
      assert.equal(page.url(), `${demo.app}/incidents/3`, await words(page));
      await assertSays(page, INCIDENT);
      await page.goto(`${demo.app}/`);
      await assertSays(page, "With your key");

      // While it counts, a further one may be added: but not the same again.
      await page.goto(`${demo.issuer}${TAB}`);
      await assertSilent(page, "Unverified\n");
      await beginToAdd(page, "security-key");
      await page.fill('input[name="name"]', "The same");
      await ask(page).click();
      await page.getByText("This key is registered already").waitFor();
      await look(`add-security-key-known-${options.protocol}`);
    });
  });
}

test("a key that does not answer is told, other ways are offered, and without scripts the page says so", async () => {
  const { person, phone } = await withPhone(browser, demo);
  await visit(browser, { viewport: DESKTOP }, async (page, look, visitor) => {
    await askForKey(page, demo, person);
    await typeCode(page, await phone.code());
    await page.goto(`${demo.issuer}${TAB}`);
    const key = await plugIn(page, VERIFYING);
    await addSecurityKey(page, "Red key");
    await assertSays(page, "Red key");
    const credentials = await key.credentials();
    await visitor.clearCookies();
    await askForKey(page, demo, person);
    // The last used one first.
    await assertSays(page, "Keyholder Authenticator Code");
    await press(page, page.locator('.choices a[href$="/factor/security-key"]'));
    await key.pullOut();
    const empty = await plugIn(page, VERIFYING);
    await ask(page).click();
    await page.getByText("Your key did not answer").waitFor();
    await look("two-factor-security-key-silent");
    for (const { credentialId, ...credential } of credentials) await empty.add({ credentialId, ...credential });
    await press(page, ask(page));
    await assertSays(page, INCIDENT);
  });
  await visit(browser, { viewport: PHONE, scripts: false }, async (page, look) => {
    await askForKey(page, demo, person);
    // The last used one first: now that is the key.
    await page.locator("noscript, .hint").first().waitFor();
    await assertSays(page, "Security keys need JavaScript");
    assert.equal(await page.locator("form[data-webauthn] button").isVisible(), false, "no button that cannot work");
    await look("two-factor-security-key-no-script");
    await press(page, page.locator('.choices a[href$="/factor/soft-key"]'));
    await typeCode(page, await phone.code());
    await assertSays(page, INCIDENT);
  });
});

test("a security key's page in a second tab, and after Back, ends in a plain page", async () => {
  const person = await newcomer(demo);
  await visit(browser, { viewport: DESKTOP }, async (page, look, visitor) => {
    await openTab(page, demo, person);
    await usePass(page, demo, person);
    const key = await plugIn(page, VERIFYING);
    await addSecurityKey(page, "Green key");
    await assertSays(page, "Green key");
    const credentials = await key.credentials();
    await visitor.clearCookies();
    await askForKey(page, demo, person);
    const second = await visitor.newPage();
    const same = await plugIn(second, VERIFYING);
    for (const credential of credentials) await same.add(credential);
    await second.goto(page.url());
    await second.locator("form[data-webauthn]").waitFor();
    const finished = async (tab, what) => {
      await assertSays(tab, "This sign-in is already finished");
      assert.ok((await tab.locator("main a, main form").count()) > 0, "a way to go on");
      await look(what, tab);
    };

    await press(page, ask(page));
    await assertSays(page, INCIDENT);
    // The other tab, touched too late.
    await press(second, ask(second));
    await finished(second, "two-factor-second-tab");
    // Back to the page that asked: it is not kept, and tells how it stands.
    await page.goBack();
    await finished(page, "two-factor-after-back");
    await page.goForward();
    await assertSays(page, INCIDENT);
  });
});

test("a keyboard key of the school types its code and presses Enter", async () => {
  const person = demo.account("staff");
  const { hotp_secret: secret, serial } = demo.managed_keys.find(({ holder }) => holder === person.email);
  const codes = oathtool("-w", "20", secret).split("\n");
  await visit(browser, { viewport: DESKTOP }, async (page, look) => {
    const press = async (code) => {
      await page.locator('main input[name^="f-"]').click();
      await page.keyboard.type(code);
      const another = page.waitForEvent("framenavigated", (frame) => frame === page.mainFrame());
      await Promise.all([another, page.keyboard.press("Enter")]);
      await page.waitForLoadState("domcontentloaded");
    };
    await askForKey(page, demo, person);
    await look("two-factor-keyboard-key");
    await press(codes[0]);
    assert.equal(page.url(), `${demo.app}/incidents/3`, await words(page));
    await assertSays(page, INCIDENT);
    await page.goto(`${demo.issuer}${TAB}`);
    await assertSays(page, serial);
    await assertSays(page, "Issued by Oakfield Primary");
    await look("keys-managed");

    // Pressed in somebody's pocket: a little ahead is good, what is behind is not.
    await page.goto(`${demo.issuer}/`);
    await page.locator('form[action="/step-down"] button').click();
    await page.getByText("You signed in without your key.").waitFor();
    await page.locator(".strip a.button").click();
    await page.locator('main input[name^="f-"]').waitFor();
    await press(codes[0]);
    assert.match(await page.title(), /^Error/);
    await look("two-factor-keyboard-key-wrong");
    await press(codes[5]);
    assert.equal(page.url(), `${demo.issuer}/`, await words(page));
    await assertSays(page, "Your key is in use.");
  });
});

test("a sheet of recovery codes opens the keys, each code once, and no application", async () => {
  const { person, phone } = await withPhone(browser, demo);
  let codes;
  await visit(browser, { viewport: DESKTOP }, async (page, look) => {
    await askForKey(page, demo, person);
    await typeCode(page, await phone.code());
    await page.goto(`${demo.issuer}${TAB}`);
    await beginToAdd(page, "recovery-code");
    await look("add-recovery-codes");
    codes = await page.locator(".codes code").allInnerTexts();
    assert.equal(new Set(codes).size, 8);
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download" }).click()]);
    assert.equal(download.suggestedFilename(), "recovery-codes.txt");
    assert.deepEqual((await readFile(await download.path(), "utf8")).trim().split("\r\n"), codes);
    assert.ok(await page.getByRole("button", { name: "Print" }).isVisible());
    await page.evaluate(() => document.querySelectorAll("form").forEach((form) => (form.noValidate = true)));
    await press(page, page.locator("form.prompt button.button:not([type=button])"));
    await assertSays(page, "Tick the box first");
    assert.deepEqual(await page.locator(".codes code").allInnerTexts(), codes, "the same sheet");
    await look("add-recovery-codes-not-kept");
    await page.check('input[type="checkbox"]');
    await press(page, page.locator("form.prompt button.button:not([type=button])"));
    await assertSays(page, "Recovery codes");
    await assertSays(page, "8 codes of the sheet are left");
    await look("keys-with-sheet");
  });

  await visit(browser, { viewport: PHONE }, async (page, look, visitor) => {
    const useCode = async (code) => {
      await page.fill('main input[name^="f-"]', code);
      await press(page, page.locator("form.prompt button.button"));
    };
    await openTab(page, demo, person);
    await assertSays(page, "You can look, but not change anything yet");
    await look("keys-locked-with-sheet");
    await press(page, page.locator('.choices a[href$="/use/recovery-code"]'));
    await look("two-factor-recovery-code");
    await useCode(codes[2].toLowerCase().replace("-", " "));
    assert.equal(new URL(page.url()).pathname, TAB, await words(page));
    await assertSays(page, "7 codes of the sheet are left");
    assert.ok(await page.locator(`form[action="${TAB}/add/soft-key"]`).count(), "a new phone can be added");
    await look("keys-by-recovery-code");

    // No application is opened by it.
    await page.goto(`${demo.app}/sign-in?with=key&return=/incidents/3`);
    await assertSays(page, "Two Factor Authentication");
    assert.equal(await page.locator('form[data-webauthn], input.code').count(), 1);
    await visitor.clearCookies();

    await openTab(page, demo, person);
    await press(page, page.locator('.choices a[href$="/use/recovery-code"]'));
    await useCode(codes[2]);
    assert.match(await page.title(), /^Error/);
    await assertSays(page, "none of the codes that are left on your sheet");
    await look("two-factor-recovery-code-used");
    await page.goto(`${demo.issuer}${TAB}`);
    await assertSays(page, "7 codes of the sheet are left");
  });
  await until("a mail that a code was used", async () => (await demo.mails(person.email)).some((mail) => mail.includes("recovery code")));
});

test("a key registered long ago under U2F answers by its application id", async () => {
  // WebAuthn passes an application id on where both are https.
  const secure = await Demo.start({ tls: true });
  try {
    const person = secure.account("two-schools");
    const appid = `${secure.issuer}/u2f.json`;
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const { x, y } = publicKey.export({ format: "jwk" });
    const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
    const handle = Buffer.from("a key handle of a former system, long ago");
    const line = { keyHandle: handle.toString("base64url"), publicKey: point.toString("base64url"), counter: 41, appId: appid, label: "Old key" };
    const file = await secure.file("u2f.jsonl", `${JSON.stringify(line)}\n`);
    const school = ["--school", "oakfield-primary"];
    await secure.command("plugin", "set", "security-key", `appid=${appid}`);
    await secure.command("managed-key", "import", file, "--factor", "security-key", ...school);
    await secure.command("managed-key", "issue", "Old key", person.email, ...school);
    await visit(browser, { viewport: DESKTOP }, async (page) => {
      const key = await plugIn(page, U2F);
      await page.goto(`${secure.app}/s/oakfield-primary/sign-in?with=key&return=/incidents/3`);
      await typePassword(page, person);
      const der = privateKey.export({ type: "pkcs8", format: "der" }).toString("base64");
      await key.add({ credentialId: handle.toString("base64"), isResidentCredential: false, rpId: appid, privateKey: der, signCount: 42 });
      await press(page, ask(page));
      assert.ok(page.url().endsWith("/incidents/3"), await words(page));
      await assertSays(page, INCIDENT);
    });
  } finally {
    await secure.stop();
  }
});
