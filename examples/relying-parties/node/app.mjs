// A small relying application: node:http for the pages, keyholder.mjs for the sign-in. Settings come from the environment.

import { randomBytes } from "node:crypto";
import { createServer } from "node:http";

import { Keyholder, MULTI_FACTOR, NotALogoutToken } from "./keyholder.mjs";

const { ISSUER, CLIENT_ID, CLIENT_SECRET, BASE_URL, PORT } = process.env;
const keyholder = await Keyholder.connect({ issuer: ISSUER, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, baseUrl: BASE_URL });
// In memory: a restart signs everybody out. Keep them in a database, and let go of old ones.
const sessions = new Map();
const signIns = new Map();

const pages = {
  "GET /": async ({ session, reply }) => {
    if (!session) return reply.page('<p><a href="/sign-in">Sign in</a></p>');
    const person = await keyholder.person(session);
    return reply.page(`<p>${text(person.name)}, ${text(person.school.name)}</p>
<p><a href="/me">Everything</a>, <a href="/confidential">Confidential</a></p>
<form method="post" action="/sign-out"><input type="hidden" name="form_token" value="${session.formToken}"><button>Sign out</button></form>
<form method="post" action="/disconnect"><input type="hidden" name="form_token" value="${session.formToken}"><button>Disconnect</button></form>`);
  },

  "GET /sign-in": ({ reply }) => begin(reply),

  "GET /callback": async ({ cookies, url, reply }) => {
    const began = signIns.get(cookies.began);
    signIns.delete(cookies.began);
    if (!began) return reply.page('<p>This sign-in was begun elsewhere. <a href="/sign-in">Sign in</a></p>', 400);
    const session = await keyholder.finishSignIn(url, began.checks);
    // A new value at each sign-in: one that was known before must not become a session.
    const id = randomBytes(32).toString("base64url");
    sessions.set(id, { ...session, formToken: randomBytes(32).toString("base64url"), askedForMore: began.askedForMore });
    return reply.redirect(began.returnTo, { app: id, began: "" });
  },

  "GET /me": async ({ session, reply }) => {
    if (!session) return reply.redirect("/sign-in");
    return reply.json({ id_token: session.claims, userinfo: await keyholder.person(session) });
  },

  // Needs a second factor. Asked for as a wish; then the ID token says what was reached.
  "GET /confidential": async ({ session, reply, url }) => {
    if (session && isElevated(session.claims)) return reply.page("<p>Confidential incidents</p>");
    if (session?.askedForMore) return reply.page("<p>This needs a sign-in with a second factor.</p>", 403);
    return begin(reply, { acr_values: MULTI_FACTOR.join(" ") }, url);
  },

  "GET /token": async ({ session, reply }) => {
    if (!session) return reply.redirect("/sign-in");
    const { active, scope, sid } = await keyholder.introspect(session.accessToken);
    return reply.json({ active, scope, sid });
  },

  "POST /disconnect": async ({ session, form, reply }) => {
    checkForm(session, form);
    await keyholder.revoke(session);
    return reply.redirect("/token");
  },

  "POST /sign-out": async ({ session, cookies, form, reply }) => {
    checkForm(session, form);
    // Here first: whatever Keyholder answers, this session is over.
    sessions.delete(cookies.app);
    return reply.redirect(keyholder.signOutAddress(session), { app: "" });
  },

  // Keyholder calls it, not a browser.
  "POST /backchannel-logout": async ({ form, reply }) => {
    const sid = await keyholder.readLogoutToken(form.get("logout_token") ?? "");
    for (const [id, session] of sessions) if (session.claims.sid === sid) sessions.delete(id);
    return reply.send(200, { "cache-control": "no-store" }, "");
  },
};

async function begin(reply, further, returnTo = "/") {
  const { address, checks } = await keyholder.beginSignIn(further);
  const id = randomBytes(32).toString("base64url");
  signIns.set(id, { checks, returnTo, askedForMore: further !== undefined });
  return reply.redirect(address, { began: id });
}

function isElevated({ acr, elevated_until: until }) {
  return MULTI_FACTOR.includes(acr) && (until === undefined || until > Date.now() / 1000);
}

function checkForm(session, form) {
  if (!session || form.get("form_token") !== session.formToken) throw new Refused("This form is not yours.");
}

class Refused extends Error {}

createServer(async (request, response) => {
  const url = request.url;
  const cookies = Object.fromEntries((request.headers.cookie ?? "").split("; ").map((pair) => pair.split("=")));
  const reply = replies(response);
  const page = pages[`${request.method} ${url.split("?")[0]}`];
  if (!page) return reply.page("<p>There is no such page.</p>", 404);
  try {
    let body = "";
    for await (const chunk of request) if ((body += chunk).length > 16384) throw new Refused("Too long.");
    await page({ session: sessions.get(cookies.app), cookies, url, form: new URLSearchParams(body), reply });
  } catch (error) {
    answerError(error, { cookies, reply, url });
  }
}).listen(PORT, "127.0.0.1", () => console.log(`${BASE_URL}/`));

/** `error.error` is the error that Keyholder sent (docs/relying-applications.md, Errors). */
function answerError(error, { cookies, reply, url }) {
  console.error(`${url.split("?")[0]}: ${error.error ?? error.code ?? error.name}: ${error.error_description ?? error.message}`);
  if (error instanceof Refused) return reply.page(`<p>${text(error.message)}</p>`, 403);
  if (error.error === "access_denied") return reply.page('<p>Nothing was shared. <a href="/sign-in">Sign in</a></p>', 403);
  // The sign-in has ended at Keyholder, by whomever.
  if (error.error === "invalid_grant" || error.error === "invalid_token" || error.status === 401) {
    sessions.delete(cookies.app);
    return reply.page('<p>You have been signed out. <a href="/sign-in">Sign in</a></p>', 401);
  }
  // 400 is for a bad token, which is not sent again; with 503 Keyholder tries later.
  if (url === "/backchannel-logout") return reply.send(error instanceof NotALogoutToken ? 400 : 503, { "cache-control": "no-store" }, "");
  return reply.page('<p>That did not work. <a href="/sign-in">Sign in</a></p>', 502);
}

function replies(response) {
  const send = (status, headers, body) => response.writeHead(status, headers).end(body);
  const html = { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" };
  // Lax: Keyholder is another site, and its answer has to find the sign-in that it belongs to.
  const secure = BASE_URL.startsWith("https://") ? "; Secure" : "";
  const setCookie = ([name, value]) => `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${secure}${value ? "" : "; Max-Age=0"}`;
  return {
    send,
    page: (body, status = 200) => send(status, html, `<!doctype html><html lang="en"><meta charset="utf-8"><title>Example</title>${body}`),
    json: (value) => send(200, { "content-type": "application/json", "cache-control": "no-store" }, JSON.stringify(value)),
    redirect: (to, cookies = {}) => send(303, { location: to, "set-cookie": Object.entries(cookies).map(setCookie) }, ""),
  };
}

function text(value) {
  return String(value).replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
