// A person signs in at the example application over SAML: phone and desktop, both languages, with and without scripts. The answers go
// through samael and xmlsec there, which is another implementation than Keyholder's own.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { DESKTOP, PHONE, arrive, assertAsksWho, launch, press, submit, typePassword, words } from "../chromium.mjs";
import { Demo } from "../demo.mjs";
import { assertSays, assertSilent, typeCode, visit, withPhone } from "../people.mjs";

let demo;
let browser;
let app;

before(async () => {
  demo = await Demo.start({ saml: true });
  app = `${demo.app}/s/over-saml`;
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

const INCIDENT = "I don't want to go there at the weekend";
const without = (page) => page.locator('form[action$="/factor/continue"] button');
const facts = (page) => page.locator(".facts").innerText();

/** Waits at the application's page; without scripts, by the button of the page that carries the answer there. */
async function arriveAt(page, address, { scripts = true, look } = {}) {
  const carries = page.locator('form:has(input[name="SAMLResponse"])');
  if (!scripts) {
    await carries.waitFor();
    await look?.("saml-answer");
    await press(page, carries.locator("button"));
  }
  await arrive(page, address);
}

/** What the application is posted while something happens, as XML; an encrypted assertion is what it is. */
async function posted(page, happens) {
  const requests = [];
  const listen = (request) => request.method() === "POST" && request.url() === `${app}/saml/acs` && requests.push(request);
  page.on("request", listen);
  await happens();
  page.off("request", listen);
  return requests.map((request) => {
    const form = new URLSearchParams(request.postData());
    return { relayState: form.get("RelayState"), xml: Buffer.from(form.get("SAMLResponse"), "base64").toString() };
  });
}

for (const [width, viewport] of [["phone", PHONE], ["desktop", DESKTOP]]) {
  for (const [language, locale] of [["en", "en-GB"], ["cy", "cy-GB"]]) {
    for (const scripts of [true, false]) {
      test(`a person signs in and out: ${width}, ${language}, ${scripts ? "with" : "without"} scripts`, async () => {
        await visit(browser, { viewport, locale, scripts }, async (page, look) => {
          await page.goto(`${app}/`);
          await look("saml-app-home");
          await press(page, page.getByRole("link", { name: "Sign in with Keyholder" }));
          assert.equal(new URL(page.url()).origin, demo.issuer);
          await look("saml-address");
          await typePassword(page, demo.account("staff"));
          await arriveAt(page, `${app}/`, { scripts, look });
          for (const part of ["Amira Hussain", "School 199901", "incidents-read", "Year 6", "Without a key"]) await assertSays(page, part);
          await look("saml-app-person");

          await page.goto(`${app}/incidents/2`);
          await assertSays(page, "Fall in the playground");
          await page.goto(`${app}/incidents/3`);
          await assertSays(page, "A key is needed");

          await page.goto(`${app}/`);
          await page.getByRole("button", { name: "Sign out" }).click();
          await page.waitForURL(`${app}/signed-out`);
          await assertSays(page, "You are signed out");
          await page.goto(`${app}/sign-in`);
          await assertAsksWho(page, "the provider's session has ended too");
        });
      });
    }
  }
}

for (const scripts of [true, false]) {
  test(`a key opens an incident, and it closes when the key counts no more, ${scripts ? "with" : "without"} scripts`, async () => {
    const { person, phone } = await withPhone(browser, demo);
    await visit(browser, { scripts }, async (page, look) => {
      await page.goto(`${app}/incidents/3`);
      await typePassword(page, person);
      await press(page, without(page));
      await arriveAt(page, `${app}/incidents/3`, { scripts });
      await assertSays(page, "A key is needed");
      await assertSilent(page, "weekend");
      await press(page, page.locator('a[href*="with=key"]'));
      assert.equal(await without(page).count(), 0, "a step-up asks for the key and nothing else");
      await look("saml-step-up");
      await typeCode(page, await phone.code());
      await arriveAt(page, `${app}/incidents/3`, { scripts });
      await assertSays(page, INCIDENT);
      await look("saml-app-incident");

      // The next one is opened after asking again, and nobody is asked for anything.
      await page.goto(`${app}/incidents/4`);
      await arriveAt(page, `${app}/incidents/4`, { scripts });
      await assertSays(page, "Messages on a phone");

      await page.goto(`${demo.issuer}/`);
      await press(page, page.locator('form[action="/step-down"] button'));
      await page.goto(`${app}/incidents/3`);
      await arriveAt(page, `${app}/incidents/3`, { scripts });
      await assertSays(page, "A key is needed");
      await assertSilent(page, "weekend");
      await look("saml-app-closed");
      await page.goto(`${app}/`);
      await assertSays(page, "Without a key");
    });
  });
}

test("whoever has no key is told so and stays signed in", async () => {
  await visit(browser, {}, async (page, look) => {
    await page.goto(`${app}/incidents/3`);
    await typePassword(page, demo.account("staff"));
    // A teacher's keyboard key is not at hand.
    if (await without(page).count()) await press(page, without(page));
    await arriveAt(page, `${app}/incidents/3`);
    await assertSays(page, "A key is needed");
    await look("saml-app-key-needed");
  });
});

test("My applications lead to the application, which asks by itself", async () => {
  await visit(browser, {}, async (page, look) => {
    await page.goto(`${demo.issuer}/`);
    await typePassword(page, demo.account("staff"));
    await look("saml-my-applications");
    const start = page.locator('form[action="/saml/start"]', { hasText: "Safeguarding over SAML" });
    const answers = await posted(page, async () => {
      await start.locator("button").click();
      await arrive(page, `${app}/`);
    });
    assert.equal(answers.length, 2, "an answer that nobody asked for, and the one to its own request");
    assert.doesNotMatch(answers[0].xml, /InResponseTo/);
    assert.match(answers[1].xml, /InResponseTo/);
    // What passes through the browser can be read by the application alone.
    for (const { xml } of answers) assert.ok(xml.includes("EncryptedAssertion") && !xml.includes("Amira"));
    await assertSays(page, "Amira Hussain");
  });
});

test("whoever signs out of Keyholder is signed out of the application", async () => {
  await visit(browser, {}, async (page, look) => {
    await page.goto(`${app}/sign-in`);
    await typePassword(page, demo.account("staff"));
    await arriveAt(page, `${app}/`);
    await page.goto(`${demo.issuer}/sign-out`);
    await submit(page);
    assert.equal(new URL(page.url()).origin, demo.issuer, await words(page));
    await look("saml-signed-out");
    await page.goto(`${app}/incidents`);
    await assertAsksWho(page, "the application's session has ended");
  });
});

test("a person with two schools: what the application is told names the chosen one alone", async () => {
  await demo.apply(
    `[[application]]
client_id = "safeguarding-saml"
name = "Safeguarding over SAML"
trust = "two-rivers"
consent = "first-party"
launch_url = "${app}/sign-in"
saml = { metadata_file = "safeguarding-saml.xml", template = "safeguarding", encrypt = "never" }
`,
    "safeguarding",
    `${demo.app}/callback`,
  );
  await visit(browser, { viewport: DESKTOP }, async (page, look) => {
    const answers = await posted(page, async () => {
      await page.goto(`${app}/sign-in`);
      await typePassword(page, demo.account("two-schools"));
      await look("saml-school");
      await press(page, page.locator("main button", { hasText: "Ysgol y Bryn" }));
      await arriveAt(page, `${app}/`);
    });
    assert.ok((await facts(page)).includes("199902"), await words(page));
    const [{ xml }] = answers;
    assert.match(xml, /199902/);
    for (const other of ["199901", "10099901", "Oakfield", "oakfield"]) assert.ok(!xml.includes(other), other);
  });
});
