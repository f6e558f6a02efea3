// A person signs in at the example application: phone and desktop, both languages, with and without scripts.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { DESKTOP, PHONE, assertAsksWho, context, launch, press, submit, typePassword, words } from "../chromium.mjs";
import { Demo } from "../demo.mjs";

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

async function visit(options, run) {
  const visitor = await context(browser, options);
  const page = await visitor.newPage();
  const errors = [];
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(`${error}`));
  try {
    await run(page, visitor);
    // Chromium also logs every answer that is an error, pages among them; what a policy blocked is what matters.
    assert.deepEqual(errors.filter((error) => !error.startsWith("Failed to load resource: the server responded")), []);
  } finally {
    await visitor.close();
  }
}

for (const [width, viewport] of [["phone", PHONE], ["desktop", DESKTOP]]) {
  for (const [language, locale] of [["en", "en-GB"], ["cy", "cy-GB"]]) {
    for (const scripts of [true, false]) {
      test(`a person signs in and out: ${width}, ${language}, ${scripts ? "with" : "without"} scripts`, async () => {
        await visit({ viewport, locale, scripts }, async (page) => {
          const teacher = demo.account("staff");
          await page.goto(`${demo.app}/`);
          await press(page, page.getByRole("link", { name: "Sign in with Keyholder" }));
          assert.equal(new URL(page.url()).origin, demo.issuer);
          assert.equal(await page.locator("html").getAttribute("lang"), language);
          await typePassword(page, teacher);
          // Cross-site: another host, so that only SameSite=Lax cookies of a redirect come along.
          assert.equal(new URL(page.url()).origin, demo.app);
          const said = await words(page);
          for (const part of ["Amira Hussain", "Oakfield Primary", "Year 6", "Without a key"]) assert.ok(said.includes(part), part);

          await page.goto(`${demo.app}/incidents/3`);
          assert.ok((await words(page)).includes("A key is needed"));

          await page.goto(`${demo.app}/`);
          await page.getByRole("button", { name: "Sign out" }).click();
          // Keyholder's page goes on when its frames have told the applications.
          await page.waitForURL(`${demo.app}/signed-out**`);
          assert.ok((await words(page)).includes("You are signed out"), await words(page));
          await page.goto(`${demo.app}/sign-in`);
          await assertAsksWho(page, "the provider's session has ended too");
        });
      });
    }
  }
}

test("a wrong password is said in place, and the right one goes on", async () => {
  await visit({}, async (page) => {
    const teacher = demo.account("staff");
    await page.goto(`${demo.app}/sign-in`);
    await typePassword(page, { ...teacher, password: "grey heron by the loch" });
    assert.match(await page.title(), /^Error/);
    await page.fill('input[name="password"]', teacher.password);
    await submit(page);
    assert.equal(new URL(page.url()).origin, demo.app);
  });
});

test("a form that is pressed twice is sent once", async () => {
  await visit({}, async (page) => {
    const teacher = demo.account("staff");
    await page.goto(`${demo.app}/sign-in`);
    await page.fill('input[name="email"]:visible', teacher.email);
    await submit(page);
    await page.fill('input[name="password"]', teacher.password);
    const sent = await page.evaluate(() => {
      const form = document.querySelector("main form");
      let submitted = 0;
      form.addEventListener("submit", (event) => { submitted += event.defaultPrevented ? 0 : 1; });
      for (const _ of ["once", "twice"]) form.querySelector("button").click();
      return submitted;
    });
    assert.equal(sent, 1);
    await page.waitForURL((url) => url.origin === demo.app);
  });
});

test("a deep link comes back to its page after the sign-in", async () => {
  await visit({}, async (page) => {
    await page.goto(`${demo.app}/incidents/2`);
    await typePassword(page, demo.account("staff"));
    assert.equal(page.url(), `${demo.app}/incidents/2`);
  });
});

test("asking for a key without having one comes back and says so", async () => {
  await visit({}, async (page) => {
    await page.goto(`${demo.app}/s/oakfield-primary/incidents/3`);
    await typePassword(page, demo.account("two-schools"));
    await press(page, page.getByRole("link", { name: "Sign in with your key" }));
    if (new URL(page.url()).origin === demo.issuer) await typePassword(page, demo.account("two-schools"));
    assert.equal(new URL(page.url()).origin, demo.app);
    assert.ok((await words(page)).includes("without your key"), await words(page));
  });
});

test("a new person sets a first password by the mailed link and signs in", async () => {
  await visit({ scripts: false }, async (page) => {
    const { email } = demo.account("new");
    const password = "otter under the old bridge";
    await page.goto(`${demo.app}/s/oakfield-primary/sign-in`);
    await page.fill('input[name="email"]', email);
    await submit(page);
    await press(page, page.locator('a[href*="forgot"]').first());
    await page.fill('input[name="email"]', email);
    await submit(page);
    await page.goto(await demo.mailedLink(email));
    await page.fill('input[name="password"]', password);
    await page.fill('input[name="again"]', password);
    await submit(page);
    // On from there to the application where it began, with the new password.
    await press(page, page.locator("main a.button"));
    if (await page.locator('input[name="email"]:visible').count()) await page.fill('input[name="email"]', email).then(() => submit(page));
    await page.fill('input[name="password"]', password);
    await submit(page);
    assert.equal(new URL(page.url()).origin, demo.app);
    assert.ok((await words(page)).includes("Daniel Reeve"));
  });
});

test("one browser is signed in to two schools at once, and neither application hears of the other school", async () => {
  await visit({}, async (page) => {
    await page.goto(`${demo.app}/s/oakfield-primary/sign-in`);
    await typePassword(page, demo.account("two-schools"));
    assert.ok((await words(page)).includes("Oakfield Primary"));
    await page.goto(`${demo.app}/s/ysgol-y-bryn/sign-in`);
    assert.equal(new URL(page.url()).origin, demo.app, "no password is asked for again");
    const facts = () => page.locator(".facts").innerText();
    assert.ok((await facts()).includes("Ysgol y Bryn") && !(await facts()).includes("Oakfield"), await facts());
    await page.goto(`${demo.app}/s/oakfield-primary/`);
    assert.ok((await facts()).includes("Oakfield Primary") && !(await facts()).includes("Bryn"), await facts());
  });
});

test("an application of somebody else learns nothing before the person agrees", async () => {
  await visit({ scripts: false }, async (page) => {
    await page.goto(`${demo.app}/s/trip-planner/sign-in`);
    await typePassword(page, demo.account("staff"));
    assert.ok((await words(page)).includes("Trip Planner"));
    await press(page, page.locator('button[name="answer"][value="deny"]'));
    assert.ok((await words(page)).includes("You are not signed in"));
    await page.goto(`${demo.app}/s/trip-planner/sign-in`);
    await press(page, page.locator('button[name="answer"][value="allow"]'));
    assert.ok((await words(page)).includes("Amira Hussain"));
  });
});

test("My applications lead to the applications", async () => {
  await visit({}, async (page) => {
    await page.goto(`${demo.issuer}/`);
    await typePassword(page, demo.account("staff"));
    assert.equal(page.url(), `${demo.issuer}/`);
    await press(page, page.getByRole("link", { name: "Oakfield Safeguarding" }));
    assert.ok((await words(page)).includes("Amira Hussain"));
  });
});
