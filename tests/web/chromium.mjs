// Debian's Chromium, driven by playwright-core.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

const executablePath = process.env.TESTS_CHROMIUM ?? "/usr/bin/chromium";
const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export const PHONE = { width: 360, height: 740 };
export const DESKTOP = { width: 1280, height: 800 };

export function launch() {
  return chromium.launch({ executablePath, args });
}

/** A person's browser: width, language, with or without scripts, light or dark. */
export function context(browser, { viewport = PHONE, locale = "en-GB", scripts = true, colorScheme = "light" } = {}) {
  return browser.newContext({ viewport, locale, javaScriptEnabled: scripts, colorScheme, ignoreHTTPSErrors: true });
}

/** Types address and password on Keyholder's pages, by what the forms are and not by what they say. */
export async function typePassword(page, { email, password }) {
  await page.fill('input[name="email"]:visible', email);
  await submit(page);
  await page.fill('input[name="password"]', password);
  await submit(page);
}

export async function submit(page) {
  await press(page, page.locator("main button:not([name]).button").first());
}

/** Presses what leads to another page, and waits until that page is read. */
export async function press(page, control) {
  const another = page.waitForEvent("framenavigated", (frame) => frame === page.mainFrame());
  await Promise.all([another, control.click()]);
  await page.waitForLoadState("domcontentloaded");
}

/** Waits until the window is at an address, and says where it is instead: a page may lead on when it is loaded. */
export async function arrive(page, address) {
  try {
    await page.waitForURL((url) => url.href === address);
  } catch (error) {
    throw new Error(`at ${page.url()} instead of ${address}: ${await words(page)}`, { cause: error });
  }
}

/** What a page says. */
export function words(page) {
  return page.locator("body").innerText();
}

/** Keyholder asks who is there: nobody is signed in. */
export async function assertAsksWho(page, why) {
  const asks = page.locator('input[name="email"]:visible');
  await asks.waitFor().catch(async (cause) => {
    throw new Error(`${why}: at ${page.url()}: ${await words(page)}`, { cause });
  });
}

const axe = await readFile(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");

/** What axe-core finds wrong by WCAG 2.2 AA. The debugger evaluates it, so the page's content security policy stays in force. */
export async function accessibilityFaults(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => {
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    return globalThis.axe.run(document, { runOnly: { type: "tag", values: tags } });
  });
  return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(" | ")}`);
}

/** Whether anything is wider than the window. */
export function overflows(page) {
  return page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
}
