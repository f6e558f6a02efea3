// A relying party is a program: it prints the address to sign in at, reads the address that the browser was sent to, goes
// through everything a relying party does, and prints what it found and where to sign out. One line of JSON each.

import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { createInterface } from "node:readline";

import { freePort } from "../demo.mjs";
import { arrive, context, typePassword, words } from "../chromium.mjs";

/** The application's own addresses: a server that only says where the browser arrived. */
export async function landing() {
  const port = await freePort();
  const server = createServer((_, response) => response.end("arrived"));
  await new Promise((listening) => server.listen(port, "127.0.0.1", listening));
  return { redirectUri: `http://127.0.0.1:${port}/callback`, afterLogout: `http://127.0.0.1:${port}/signed-out`, close: () => server.close() };
}

/** A client for a relying party, as TOML. */
export function client({ id, redirectUri, afterLogout, secret }) {
  return `[[application]]
client_id = "${id}"
name = "Relying party ${id}"
schools = ["oakfield-primary"]
consent = "first-party"
authentication = { method = "client_secret_basic", secret = "${secret}" }
redirect_uris = ["${redirectUri}"]
post_logout_redirect_uris = ["${afterLogout}"]
grant_types = ["authorization_code", "refresh_token"]
scopes = ["openid", "profile", "email", "offline_access", "groups", "school", "scopes_of_pupils"]
`;
}

/** Runs the program with somebody at the browser; what it found. */
export async function drive(browser, account, command, flags, settings) {
  const child = spawn(command, flags, { env: { ...process.env, ...settings }, stdio: ["pipe", "pipe", "pipe"] });
  let errors = "";
  child.stderr.on("data", (text) => (errors += text));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`the relying party ended: ${errors}`);
    return JSON.parse(value);
  };
  const visitor = await context(browser);
  const page = await visitor.newPage();
  try {
    await page.goto((await next()).authorize);
    await typePassword(page, account);
    if (!page.url().startsWith(settings.REDIRECT_URI)) throw new Error(`not at the application: ${await words(page)}`);
    child.stdin.write(`${page.url()}\n`);
    const found = await next();
    await page.goto(found.logout);
    await arrive(page, settings.AFTER_LOGOUT);
    return found;
  } finally {
    await visitor.close();
    child.kill();
  }
}
