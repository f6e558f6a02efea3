// node-saml, samlify, pysaml2 and python3-saml sign in and out over SAML 2.0, without a browser: their own messages, carried by one
// that knows cookies, redirects and forms. Whatever Keyholder sends meanwhile, xmlsec1 verifies and the schemas of OASIS validate.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { sign } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { deflateRawSync, inflateRawSync } from "node:zlib";

import { Demo, until } from "../demo.mjs";
import { Phone, newcomer, newcomers } from "../people.mjs";
import { Documents, KINDS } from "./saml_documents.mjs";
import { libraries } from "./saml_providers.mjs";
import { STRANGE, anyNames } from "./strange_names.mjs";
import { Visitor } from "./visitor.mjs";

const run = promisify(execFile);
const NAMES = ["node-saml", "samlify", "pysaml2", "python3-saml"];
const SIGN = ["response", "assertion", "both"];
const PLAIN = "response-never";
/** Says in its metadata that all requests are signed, if it is node-saml. */
const SIGNS = "both-always";
/** Signs out by POST alone, which is pysaml2. */
const BY_POST = "slo-by-post";
/**
 * Asks for a logout behind the browser's back, which is pysaml2. It can neither be asked so nor read the answer: it writes other prefixes
 * into what it takes out of an envelope, and then no signature but its own is good.
 */
const BY_SOAP = "slo-by-soap";
/** May be signed in to from My applications. */
const UNSOLICITED = "unsolicited";
const SFA = "https://refeds.org/profile/sfa";
const MFA = "https://refeds.org/profile/mfa";
const PASSWORD_PROTECTED = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
const FORMAT = (name) => `urn:oasis:names:tc:SAML:${name === "emailAddress" ? "1.1" : "2.0"}:nameid-format:${name}`;
const RELEASE = ["mail", "display-name", "given-name", "surname", "school-urn", "groups"];
const FACTS = {
  mail: ["urn:oid:0.9.2342.19200300.100.1.3", "mail"],
  "display-name": ["urn:oid:2.16.840.1.113730.3.1.241", "displayName"],
  "given-name": ["urn:oid:2.5.4.42", "givenName"],
  surname: ["urn:oid:2.5.4.4", "sn"],
};

/** Those who have soft keys. No code counts twice. */
const HOLDERS = ["joanne.whitlock@oakfield.example", "martin.okafor@oakfield.example"];
const phones = new Map();
/** Somebody whose address answered a mail. */
const verified = { email: "vera.fied@oakfield.example", password: "a barge behind the willows" };

let demo;
let folder;
let documents;
let known;
let key;
/** By library and what it is registered for. */
const providers = new Map();
const provider = (library, variant) => providers.get(`${library} ${variant}`);

before(async () => {
  demo = await Demo.start();
  folder = await mkdtemp(join(tmpdir(), "keyholder-saml-"));
  const [keyFile, certificateFile] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
  const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=provider"];
  await run("openssl", [...request, "-keyout", keyFile, "-out", certificateFile]);
  let certificate;
  [key, certificate] = await Promise.all([keyFile, certificateFile].map((file) => readFile(file, "utf8")));
  documents = new Documents(keyFile, () => demo.log);
  const metadata = documents.metadata(await fetch(`${demo.issuer}/saml/metadata`).then((answer) => answer.text()));
  known = libraries();
  const variants = [
    ...SIGN.flatMap((sign) => ["never", "always"].map((encrypt) => ({ variant: `${sign}-${encrypt}`, sign, encrypt }))),
    { variant: "transient", sign: "response", encrypt: "never", nameId: "transient", release: [] },
    { variant: "email", sign: "response", encrypt: "never", nameId: "email-address" },
    { variant: UNSOLICITED, sign: "response", encrypt: "never", more: ', idp_initiated = true, relay_state = "/start"' },
  ];
  const applications = [];
  for (const library of NAMES) {
    const ways = library === "pysaml2" ? [BY_POST, BY_SOAP] : [];
    const logouts = ways.map((variant) => ({ variant, sign: "response", encrypt: "never" }));
    for (const { variant, sign, encrypt, nameId = "persistent", release = RELEASE, more = "" } of [...variants, ...logouts]) {
      const base = `https://${library}.example/${variant}`;
      const keys = { key, certificate, keyFile, certificateFile };
      const registered = { sign, encrypted: encrypt === "always", signs: variant === SIGNS };
      const settings = { keyholder: demo.issuer, metadata, base, ...keys, ...registered };
      const opened = await known.get(library).open(settings);
      const file = await demo.file(`${library}-${variant}.xml`, await opened.metadata());
      providers.set(`${library} ${variant}`, Object.assign(opened, { base, signs: library === "node-saml" && variant === SIGNS }));
      applications.push(`[[application]]
client_id = "${library}-${variant}"
name = "${library} ${variant}"
schools = ["oakfield-primary"]
consent = "first-party"
saml = { metadata_file = "${file}", sign = "${sign}", encrypt = "${encrypt}", name_id = "${nameId}", release = ${JSON.stringify(release)}${more} }
`);
    }
  }
  const place = ["--school", "oakfield-primary", "--group", "teachers"];
  await demo.command("person", "add", verified.email, "--given-name", "Vera", "--family-name", "Fied", ...place, "--invite");
  const invited = new Visitor(demo.issuer, () => demo.log);
  const link = await invited.open(await demo.mailedLink(verified.email));
  await invited.submit(link, { password: verified.password, again: verified.password });
  await demo.command("apply", await demo.file("saml.toml", applications.join("\n")));
  const last = [...providers.values()].at(-1);
  await until("the service providers", async () => {
    const { url } = await last.begin({ binding: "redirect", signed: false, relayState: "s" });
    return (await new Visitor(demo.issuer).open(url)).status === 200;
  });
});
after(async () => {
  for (const library of known?.values() ?? []) library.close();
  if (folder) await rm(folder, { recursive: true, force: true });
  await demo?.stop();
});

/** Carries a request to Keyholder; the page that answers, and what was asked. */
async function ask(visitor, service, { binding = "redirect", signed = false, ...further } = {}) {
  const relayState = service.relayState ?? "a place & <more>";
  const { id, url, form } = await service.begin({ binding, signed, relayState, ...further });
  const page = url ? await visitor.open(url) : await visitor.arrive("/saml/sso", form);
  return { id, page, relayState };
}

/** The answer on a page, as the browser carries it to the service provider and the library reads it. */
async function redeem(service, { id, page, relayState }) {
  const message = documents.sent(page);
  assert.equal(message.to, `${service.base}/acs`);
  assert.equal(message.form.RelayState, relayState);
  return { login: await service.finish(message.form, id), message };
}

const value = (login, fact) => FACTS[fact].map((name) => login.attributes[name]).find(Boolean);
const signedIn = async (account) => {
  const visitor = new Visitor(demo.issuer);
  await visitor.signIn(await visitor.open("/account"), account);
  return visitor;
};

const MANNERS = [
  { binding: "redirect", signed: false },
  { binding: "redirect", signed: true },
  { binding: "post", signed: false },
  { binding: "post", signed: true },
];

for (const library of NAMES) {
  test(`${library} reads what is signed and encrypted in every way, and asks in every way`, async () => {
    const visitor = new Visitor(demo.issuer, () => demo.log);
    const names = new Set();
    let count = 0;
    for (const sign of SIGN) {
      for (const encrypt of ["never", "always"]) {
        const service = provider(library, `${sign}-${encrypt}`);
        const manners = count === 0 ? MANNERS : [MANNERS[service.signs ? 1 : count % MANNERS.length]];
        for (const manner of manners) {
          const what = `${sign} ${encrypt} ${JSON.stringify(manner)}`;
          const asked = await ask(visitor, service, manner);
          if (count === 0) asked.page = await visitor.signIn(asked.page, demo.account("staff"));
          count += 1;
          const { login, message } = await redeem(service, asked).catch((error) => assert.fail(`${what}: ${error.stack}`));
          assert.equal(login.format, FORMAT("persistent"), what);
          assert.equal(login.class, PASSWORD_PROTECTED, what);
          assert.deepEqual(value(login, "display-name"), ["Amira Hussain"], what);
          assert.deepEqual(value(login, "surname"), ["Hussain"], what);
          assert.equal(value(login, "mail"), undefined, "the address answered no mail yet");
          const ours = (name) => login.attributes[`${demo.issuer}/saml/attributes/${name}`];
          assert.deepEqual(ours("groups"), ["staff", "incidents-read", "incidents-write"], what);
          assert.deepEqual(ours("school-urn"), ["199901"], what);
          assert.equal(Object.keys(login.attributes).length, 5, `${what}: ${JSON.stringify(login.attributes)}`);
          assert.equal(message.xml.includes("Amira"), encrypt === "never", what);
          assert.ok(login.index, what);
          names.add(login.name);
        }
      }
    }
    assert.equal(names.size, 6, "one name for each of the service providers");
    if (library === "node-saml") {
      const { page } = await ask(visitor, provider(library, SIGNS));
      assert.equal(page.status, 400, "by its metadata it signs, and this was not signed");
    }
  });

  test(`${library} refuses what was changed on its way, or answers something else`, async (context) => {
    // samlify says why on its own.
    context.mock.method(console, "error", () => {});
    const visitor = await signedIn(demo.account("staff"));
    for (const sign of SIGN) {
      for (const encrypt of ["never", "always"]) {
        const service = provider(library, `${sign}-${encrypt}`);
        const asked = await ask(visitor, service, { signed: true });
        const { xml, form } = documents.sent(asked.page);
        const refused = async (what, changed, id = asked.id) => {
          assert.notEqual(changed, id === asked.id ? xml : null, what);
          const read = service.finish({ ...form, SAMLResponse: Buffer.from(changed).toString("base64") }, id);
          await assert.rejects(read, `${sign} ${encrypt}: ${what}`);
        };
        const swap = (text) => text.replace(/.$/, (last) => (last === "A" ? "B" : "A"));
        if (encrypt === "never") {
          await refused("another person", xml.replace(/(<saml:NameID[^>]*>)(.)/, (_, tag, first) => tag + (first === "a" ? "b" : "a")));
          await refused("another name", xml.replace("Amira Hussain", "Martin Okafor"));
          await refused("another class", xml.replace(PASSWORD_PROTECTED, MFA));
        } else {
          await refused("other bytes inside", xml.replace(/<xenc:CipherValue>[^<]{700}/, swap));
        }
        // samlify is content with either signature.
        const both = sign === "both" && library === "samlify";
        if (sign !== "assertion" && !both) await refused("another instant", xml.replace(/IssueInstant="20/, 'IssueInstant="21'));
        if (encrypt === "never" || (sign !== "assertion" && !both)) {
          await refused("another signature", xml.replace(/<ds:SignatureValue>[^<]{40}/g, swap));
          await refused("another digest", xml.replace(/<ds:DigestValue>[^<]{10}/g, swap));
          await refused("no signature", xml.replaceAll(/<ds:Signature .*?<\/ds:Signature>/g, ""));
        }
        const other = await service.begin({ binding: "redirect", signed: true, relayState: "s" });
        await refused("the answer to another request", xml, other.id);
        if (sign === "response" && encrypt === "never") {
          const read = provider(library, "transient").finish(form, asked.id);
          await assert.rejects(read, `${library}: for another service provider`);
        }
        assert.ok(await service.finish(form, asked.id), "as it was sent it is good");
      }
    }
  });
}

for (const [index, library] of NAMES.entries()) {
  test(`${library} is told how strongly somebody signed in, or that they cannot`, async () => {
    const service = provider(library, PLAIN);
    const email = HOLDERS[index % HOLDERS.length];
    const holder = demo.accounts.find((account) => account.email === email);
    const visitor = await signedIn(holder);
    assert.equal((await redeem(service, await ask(visitor, service, { classes: [SFA] }))).login.class, SFA);
    const asked = await ask(visitor, service, { classes: [MFA] });
    phones.set(email, phones.get(email) ?? Phone.with(holder.totp_secret));
    asked.page = await visitor.submit(asked.page, { "f-code": await phones.get(email).code() });
    assert.equal((await redeem(service, asked)).login.class, MFA);
    assert.equal((await redeem(service, await ask(visitor, service, { classes: [MFA] }))).login.class, MFA, "of the same session");

    const without = await signedIn(await newcomer(demo));
    await assert.rejects(redeem(service, await ask(without, service, { classes: [MFA] })));
    assert.equal(documents.last, "Response Responder/NoAuthnContext, signed");
  });

  test(`${library} has somebody asked again, or nobody`, async () => {
    const service = provider(library, PLAIN);
    const visitor = await signedIn(demo.account("staff"));
    const passive = await ask(visitor, service, { passive: true });
    assert.ok((await redeem(service, passive)).login.name);
    const asked = await ask(visitor, service, { force: true });
    asked.page = await visitor.signIn(asked.page, demo.account("staff"));
    assert.ok((await redeem(service, asked)).login.name);
    await assert.rejects(redeem(service, await ask(new Visitor(demo.issuer), service, { passive: true })));
    assert.equal(documents.last, "Response Responder/NoPassive, not signed");
  });

  test(`${library} gets the identifier that it is registered for`, async () => {
    const visitor = await signedIn(verified);
    const redeemed = async (variant, format, by = visitor) => {
      const service = provider(library, variant);
      return (await redeem(service, await ask(by, service, { format }))).login;
    };
    const [first, second] = [await redeemed("transient", FORMAT("transient")), await redeemed("transient", FORMAT("transient"))];
    assert.deepEqual([first.format, second.format], [FORMAT("transient"), FORMAT("transient")]);
    assert.notEqual(first.name, second.name);
    assert.deepEqual(first.attributes, {}, "registered without any");
    const mail = await redeemed("email", FORMAT("emailAddress"));
    assert.deepEqual([mail.format, mail.name], [FORMAT("emailAddress"), verified.email]);
    assert.deepEqual(value(mail, "mail"), [verified.email]);
    assert.equal((await redeemed(PLAIN)).name, (await redeemed(PLAIN)).name);

    await assert.rejects(redeemed(PLAIN, FORMAT("emailAddress")));
    assert.equal(documents.last, "Response Requester/InvalidNameIDPolicy, not signed");
    const unverified = await signedIn(demo.account("staff"));
    await assert.rejects(redeemed("email", FORMAT("emailAddress"), unverified));
    assert.equal(documents.last, "Response Responder/RequestDenied, signed");
  });
}

/** A session with all of these; what each of them knows of it. */
async function everywhere(account, services) {
  const visitor = await signedIn(account);
  const logins = new Map();
  for (const service of services) logins.set(service, (await redeem(service, await ask(visitor, service))).login);
  return { visitor, logins };
}

/** The message, with one letter of what is signed changed. */
const changed = ({ url, form, xml }) => {
  if (url) return { url: url.replace(/RelayState=(.)/, (_, letter) => `RelayState=${letter === "a" ? "b" : "a"}`) };
  const other = Buffer.from(xml.replace(' Version="2.0"', ' Consent="x" Version="2.0"')).toString("base64");
  return { form: { ...form, [form.SAMLRequest ? "SAMLRequest" : "SAMLResponse"]: other } };
};

/** Signs out at a service provider: takes the browser from one to the next, until the first is told what came of it. Who was asked. */
async function signOut({ visitor, logins }, first, { failing } = {}) {
  const { id, url, form } = await first.logout(logins.get(first), "back_here");
  const relayState = form ? form.RelayState : new URL(url).searchParams.get("RelayState");
  let page = await visitor.open(url ?? "/saml/slo", form);
  const asked = [];
  for (;;) {
    const message = documents.sent(page);
    const service = [...logins.keys()].find(({ base }) => message.to.startsWith(`${base}/slo`));
    assert.ok(service, message.to);
    const { SAMLResponse, RelayState } = message.parameters ?? message.form;
    if (SAMLResponse) {
      assert.equal(service, first);
      assert.equal(RelayState, relayState);
      await assert.rejects(service.loggedOut(changed(message), id), `${service.base}: an answer that was changed`);
      return { asked, answer: () => service.loggedOut(message, id) };
    }
    asked.push(service.base);
    await assert.rejects(service.answerLogout(changed(message), logins.get(service)), `${service.base}: a request that was changed`);
    const answer = await service.answerLogout(message, logins.get(service), service !== failing);
    page = await visitor.open(answer.url ?? "/saml/slo", answer.form);
  }
}

for (const library of NAMES) {
  test(`who signs out at ${library} is signed out everywhere`, async () => {
    const services = NAMES.map((name) => provider(name, PLAIN));
    const first = provider(library, PLAIN);
    const session = await everywhere(demo.account("staff"), services);
    const { asked, answer } = await signOut(session, first);
    assert.deepEqual(asked.sort(), services.filter((service) => service !== first).map(({ base }) => base).sort());
    await answer();
    assert.equal(documents.last, "LogoutResponse Success by Redirect");
    const page = await session.visitor.open("/account");
    assert.ok(Visitor.forms(page).some(({ fields }) => "email" in fields), "nobody is signed in");
  });
}

test("logout by POST, asked and answered", async () => {
  const [byPost, other] = [provider("pysaml2", BY_POST), provider("python3-saml", PLAIN)];
  for (const [first, second] of [[byPost, other], [other, byPost]]) {
    const { asked, answer } = await signOut(await everywhere(demo.account("staff"), [byPost, other]), first);
    assert.deepEqual(asked, [second.base]);
    await answer();
  }
});

test("pysaml2 asks for a logout over SOAP, and gets it", async () => {
  const bySoap = provider("pysaml2", BY_SOAP);
  const { visitor, logins } = await everywhere(demo.account("staff"), [bySoap]);
  documents.bySoap((await bySoap.logoutBySoap(logins.get(bySoap))).xml);
  assert.equal(documents.last, "LogoutResponse Success over SOAP");
  const page = await visitor.open("/account");
  assert.ok(Visitor.forms(page).some(({ fields }) => "email" in fields), "nobody is signed in");
});

for (const library of NAMES) {
  test(`${library} takes a sign-in that begins at My applications`, async () => {
    const service = provider(library, UNSOLICITED);
    const visitor = await signedIn(demo.account("staff"));
    const start = async () => {
      const page = await visitor.open("/");
      const { action, fields } = Visitor.forms(page).find((form) => form.action === "/saml/start");
      assert.ok(page.text.includes(`value="${service.base}/metadata"`));
      return visitor.open(action, { ...fields, provider: `${service.base}/metadata` });
    };
    const page = await start();
    const { login } = await redeem(service, { id: null, page, relayState: "/start" });
    assert.deepEqual(value(login, "display-name"), ["Amira Hussain"]);
    // Where it was not asked for, nobody else takes it.
    const { form } = documents.sent(await start());
    await assert.rejects(provider(library, PLAIN).finish(form, null));
  });
}

test("any name arrives at every library as it is, or nowhere", async () => {
  for (const breaks of ["a\u2028b", "a\u0085b", "a\nb", "a\u0000b"]) {
    await assert.rejects(newcomers(demo, [[breaks, "b"]]), /expected a name/);
  }
  const seed = Number(process.env.TESTS_SEED ?? Date.now() % 2 ** 32);
  const names = [...STRANGE, ...anyNames(12, seed)];
  const people = await newcomers(demo, names, { group: "teachers" });
  let arrived = 0;
  for (const [at, [given, family]] of names.entries()) {
    const what = `${JSON.stringify([given, family])}, TESTS_SEED=${seed}`;
    const visitor = await signedIn(people[at]);
    const carried = !/[\uFFFE\uFFFF]/.test(given + family);
    for (const library of NAMES) {
      const service = provider(library, at % 2 ? PLAIN : "both-always");
      const asked = await ask(visitor, service, { signed: true });
      if (!carried) {
        await assert.rejects(redeem(service, asked), what);
        assert.equal(documents.last, "Response Responder, signed", what);
        continue;
      }
      const { login } = await redeem(service, asked).catch((error) => assert.fail(`${library}: ${what}: ${error.stack}`));
      const told = ["display-name", "given-name", "surname"].map((fact) => value(login, fact));
      assert.deepEqual(told, [[`${given} ${family}`], [given], [family]], `${library}: ${what}`);
      arrived += 1;
    }
  }
  assert.ok(arrived >= 4 * (STRANGE.length - 2), `${arrived}`);
});

test("a name that XML cannot carry, or that is too long, is told to nobody", async () => {
  const [person] = await newcomers(demo, [["Ada", "Lovelace"]], { group: "teachers" });
  const visitor = await signedIn(person);
  const service = provider("node-saml", PLAIN);
  // Nothing but the store takes these.
  for (const name of ["Ada\0", "Ada\r", "\u001B[31mAda", "\u0008", "a".repeat(300)]) {
    const update = "import json, sqlite3, sys; store = sqlite3.connect(sys.argv[1], timeout=30); " +
      "store.execute('UPDATE people SET given_name = ? WHERE email = ?', (json.loads(sys.argv[2]), sys.argv[3])); store.commit()";
    const arguments_ = ["-c", update, join(demo.data, "data/keyholder.db"), JSON.stringify(name), person.email];
    await run(process.env.TESTS_PYTHON ?? "python3", arguments_);
    await assert.rejects(redeem(service, await ask(visitor, service)));
    assert.equal(documents.last, "Response Responder, signed", JSON.stringify(name));
  }
});

/** A request of node-saml by Redirect, with other words in it and signed again. */
function reworded(url, reword) {
  const { SAMLRequest, RelayState, SigAlg } = Object.fromEntries(new URL(url).searchParams);
  const xml = inflateRawSync(Buffer.from(SAMLRequest, "base64")).toString();
  const other = reword(xml);
  assert.notEqual(other, xml);
  const fields = { SAMLRequest: deflateRawSync(other).toString("base64"), RelayState, SigAlg };
  const signed = Object.entries(fields).map(([name, text]) => `${name}=${encodeURIComponent(text)}`).join("&");
  const signature = sign("sha256", Buffer.from(signed), key).toString("base64");
  return `${url.split("?")[0]}?${signed}&Signature=${encodeURIComponent(signature)}`;
}

test("whatever is wrong with a request is told by its status", async () => {
  const service = provider("node-saml", PLAIN);
  const { visitor, logins } = await everywhere(demo.account("staff"), [service]);
  const stranger = '<saml:Subject xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"><saml:NameID>nobody</saml:NameID></saml:Subject>';
  const group = 'SPNameQualifier="https://x.example" AllowCreate=';
  for (const [reword, kind] of [
    [(xml) => xml.replace('Version="2.0"', 'Version="1.1"'), "Response VersionMismatch, not signed"],
    [(xml) => xml.replace("bindings:HTTP-POST", "bindings:HTTP-Artifact"), "Response Requester/UnsupportedBinding, not signed"],
    [(xml) => xml.replace("AllowCreate=", group), "Response Requester/InvalidNameIDPolicy, not signed"],
    [(xml) => xml.replace("</saml:Issuer>", `</saml:Issuer>${stranger}`), "Response Responder/UnknownPrincipal, signed"],
  ]) {
    const { url } = await service.begin({ binding: "redirect", signed: true, relayState: "s" });
    const page = await visitor.open(reworded(url, reword));
    const asks = Visitor.forms(page).some(({ fields }) => "email" in fields);
    assert.equal(asks, kind.includes("UnknownPrincipal"), kind);
    documents.sent(asks ? await visitor.signIn(page, demo.account("staff")) : page);
    assert.equal(documents.last, kind);
  }
  documents.sent((await ask(visitor, service, { classes: ["urn:example:nobody-knows"] })).page);
  assert.equal(documents.last, "Response Responder/NoAuthnContext, not signed");

  const data = '<e:EncryptedData xmlns:e="http://www.w3.org/2001/04/xmlenc#"><e:CipherData/></e:EncryptedData>';
  const encrypted = `<saml:EncryptedID>${data}</saml:EncryptedID>`;
  for (const [reword, kind] of [
    [(xml) => xml.replace('Version="2.0"', 'Version="1.1"'), "VersionMismatch"],
    [(xml) => xml.replace(/<saml:NameID .*<\/saml:NameID>/, "<saml:BaseID/>"), "Requester/RequestUnsupported"],
    // What cannot be read is a name that nobody has.
    [(xml) => xml.replace(/<saml:NameID .*<\/saml:NameID>/, encrypted), "Requester/UnknownPrincipal"],
    [(xml) => xml.replace(/(<saml:NameID [^>]*>)[^<]*/, "$1nobody"), "Requester/UnknownPrincipal"],
  ]) {
    const { url } = await service.logout(logins.get(service), "s");
    documents.sent(await visitor.open(reworded(url, reword)));
    assert.equal(documents.last, `LogoutResponse ${kind} by Redirect`);
  }
  assert.ok((await redeem(service, await ask(visitor, service))).login.name, "still signed in");
});

test("a service provider that does not sign out is not passed over in silence", async () => {
  const [first, failing] = [provider("python3-saml", PLAIN), provider("node-saml", PLAIN)];
  await signOut(await everywhere(demo.account("staff"), [first, failing]), first, { failing });
  assert.equal(documents.last, "LogoutResponse Success/PartialLogout by Redirect");
});

test("what the page about Node and Python quotes stands in the examples", async () => {
  const read = (path) => readFile(new URL(`../../../${path}`, import.meta.url), "utf8");
  const page = await read("docs/relying-applications/saml/node-and-python.md");
  const files = ["saml-node/node-saml.mjs", "saml-node/samlify.mjs", "saml-python/pysaml2_provider.py", "saml-python/python3_saml_provider.py"];
  const examples = (await Promise.all(files.map((file) => read(`examples/relying-parties/${file}`)))).join("\n");
  const lines = new Set(examples.split("\n").map((line) => line.trim()));
  const quoted = [...page.matchAll(/```(?:js|python)\n(.*?)```/gs)].flatMap(([, code]) => code.trim().split("\n"));
  assert.ok(quoted.length > 20);
  for (const line of quoted) assert.ok(lines.has(line.trim()), line);
});

test("xmlsec1 verifies and the schemas of OASIS validate every document that was sent", async () => {
  await documents.check(KINDS);
});
