// The same service provider four times: node-saml, samlify, pysaml2 and python3-saml, as examples/relying-parties configures them. What a
// library refuses is an error.
//
// metadata(): what is registered. begin(): a request, as an address or a form. finish(): a response, read and checked. logout(),
// loggedOut(): a logout that begins there, and its end. answerLogout(): a logout that began elsewhere.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import * as nodeSaml from "../../../examples/relying-parties/saml-node/node-saml.mjs";
import * as samlify from "../../../examples/relying-parties/saml-node/samlify.mjs";
import { Visitor } from "./visitor.mjs";

const here = (file) => fileURLToPath(new URL(file, import.meta.url));
const parameters = (url) => Object.fromEntries(new URL(url).searchParams);
const lists = (attributes) => Object.fromEntries(Object.entries(attributes ?? {}).map(([name, value]) => [name, [value].flat()]));

class NodeSaml {
  /** It signs another encoding than it sends, where there is a space or one of `!'()~`. */
  relayState = "a-place_and.more";

  constructor(settings) {
    this.settings = settings;
    this.requests = new Map();
    this.saml = this.with({});
  }

  with(further) {
    const { keyholder, metadata, base, sign, key, certificate } = this.settings;
    const wants = { wantAuthnResponseSigned: sign !== "assertion", wantAssertionsSigned: sign !== "response" };
    const cacheProvider = {
      saveAsync: async (id, value) => (this.requests.set(id, value), { value, createdAt: Date.now() }),
      getAsync: async (id) => this.requests.get(id) ?? null,
      removeAsync: async (id) => (this.requests.delete(id), id),
    };
    if (base.endsWith("unsolicited")) wants.validateInResponseTo = "ifPresent";
    const unsigned = further.signed === false ? { privateKey: undefined } : {};
    delete further.signed;
    const all = { cacheProvider, ...wants, ...unsigned, ...further };
    return nodeSaml.serviceProvider({ keyholder, metadata, base, key, certificate, further: all });
  }

  metadata() {
    const metadata = nodeSaml.metadataOf(this.saml, this.settings.certificate);
    // Whoever has a key says that all requests are signed, and Keyholder takes no others. That is kept for one of them.
    return this.settings.signs ? metadata : metadata.replace('AuthnRequestsSigned="true"', 'AuthnRequestsSigned="false"');
  }

  async begin({ binding, signed, relayState, force = false, passive = false, classes, format }) {
    const saml = this.with({
      signed, passive, forceAuthn: force,
      ...(classes ? { disableRequestedAuthnContext: false, authnContext: classes } : {}),
      ...(format ? { identifierFormat: format } : {}),
      // Else it deflates what is posted, which SAML knows for Redirect alone.
      skipRequestCompression: binding === "post",
    });
    const known = new Set(this.requests.keys());
    const sent = binding === "post"
      ? { form: await saml.getAuthorizeMessageAsync(relayState) }
      : { url: await saml.getAuthorizeUrlAsync(relayState, undefined, {}) };
    return { id: [...this.requests.keys()].find((id) => !known.has(id)), ...sent };
  }

  async finish(form, id) {
    // It takes the answer to any request that it knows; one browser has asked this one.
    const all = this.requests;
    this.requests = new Map([...all].filter(([known]) => known === id));
    try {
      const { profile } = await this.saml.validatePostResponseAsync(form);
      const assertion = profile.getAssertion().Assertion;
      return {
        name: profile.nameID,
        format: profile.nameIDFormat,
        index: profile.sessionIndex,
        class: assertion.AuthnStatement[0].AuthnContext[0].AuthnContextClassRef[0]._,
        attributes: lists(profile.attributes),
        profile,
      };
    } finally {
      this.requests = all;
    }
  }

  async logout(login, relayState) {
    const known = new Set(this.requests.keys());
    const url = await this.saml.getLogoutUrlAsync(login.profile, relayState, {});
    return { id: [...this.requests.keys()].find((id) => !known.has(id)), url };
  }

  async loggedOut({ url }, id) {
    if (!this.requests.has(id)) throw new Error("the answer to another request");
    const { loggedOut } = await this.saml.validateRedirectAsync(parameters(url), new URL(url).search.slice(1));
    if (!loggedOut) throw new Error("still signed in");
  }

  async answerLogout({ url }, login, success = true) {
    const { profile, loggedOut } = await this.saml.validateRedirectAsync(parameters(url), new URL(url).search.slice(1));
    if (!loggedOut || profile.nameID !== login.name || profile.sessionIndex !== login.index) throw new Error("another person");
    return { url: await this.saml.getLogoutResponseUrlAsync(profile, parameters(url).RelayState, {}, success) };
  }
}

class Samlify {
  constructor(settings) {
    this.settings = settings;
    this.pair = this.with({});
  }

  with(further, signed = false) {
    const { sign, ...settings } = this.settings;
    return samlify.serviceProvider({ ...settings, signed, further: { wantAssertionsSigned: sign !== "response", ...further } });
  }

  metadata() {
    return this.pair.provider.getMetadata();
  }

  async begin({ binding, signed, relayState, force, passive, classes, format }) {
    const pair = this.with({ ...(format ? { nameIDFormat: [format] } : {}) }, signed);
    const sent = samlify.beginSignIn(pair, binding, { relayState, forceAuthn: force, isPassive: passive, classes });
    if (binding === "redirect") return { id: sent.id, url: sent.context };
    return { id: sent.id, form: { SAMLRequest: sent.context, RelayState: relayState } };
  }

  async finish(form, id) {
    const extract = await samlify.finishSignIn(this.pair, form, id ?? undefined);
    return {
      name: extract.nameID,
      format: extract.format,
      index: extract.sessionIndex.sessionIndex,
      class: extract.class,
      attributes: lists(extract.attributes),
    };
  }

  async logout(login, relayState) {
    const { provider, keyholder } = this.pair;
    const user = { logoutNameID: login.name, sessionIndex: login.index };
    const { id, context } = provider.createLogoutRequest(keyholder, "redirect", user, { relayState });
    return { id, url: context };
  }

  message(url) {
    const [octetString] = new URL(url).search.slice(1).split("&Signature=");
    return { query: parameters(url), octetString };
  }

  async loggedOut({ url }, id) {
    const { provider, keyholder } = this.pair;
    const { extract } = await provider.parseLogoutResponse(keyholder, "redirect", this.message(url));
    if (extract.response.inResponseTo !== id) throw new Error("the answer to another request");
  }

  async answerLogout({ url }, login) {
    const { provider, keyholder } = this.pair;
    const request = await provider.parseLogoutRequest(keyholder, "redirect", this.message(url));
    if (request.extract.nameID !== login.name) throw new Error("another person");
    const { context } = provider.createLogoutResponse(keyholder, request, "redirect", { relayState: parameters(url).RelayState });
    return { url: context };
  }
}

/** A library of Python, in a process of its own. */
class Python {
  constructor(library) {
    const flags = ["-B", here("saml_provider.py"), library];
    this.child = spawn(process.env.TESTS_PYTHON ?? "python3", flags, { stdio: ["pipe", "pipe", "pipe"] });
    this.errors = "";
    this.child.stderr.on("data", (text) => (this.errors += text));
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
    this.opened = 0;
  }

  async ask(provider, what, given) {
    this.child.stdin.write(`${JSON.stringify({ provider, do: what, arguments: given })}\n`);
    const { value, done } = await this.lines.next();
    if (done) throw new Error(`Python ended: ${this.errors}`);
    const answer = JSON.parse(value);
    if (answer.refused) throw new Error(answer.refused);
    // pysaml2 makes the page of a form.
    return answer.page ? { ...answer, form: Visitor.forms({ text: answer.page })[0].fields } : answer;
  }

  async open({ keyholder, metadata, base, sign, encrypted, keyFile, certificateFile }) {
    this.opened += 1;
    const key = `${this.opened}`;
    await this.ask(key, "open", { keyholder, metadata, base, sign, encrypted, key_file: keyFile, certificate_file: certificateFile });
    return {
      metadata: async () => (await this.ask(key, "metadata", {})).xml,
      begin: ({ relayState, ...given }) => this.ask(key, "begin", { ...given, relay_state: relayState }),
      finish: (form, id) => this.ask(key, "finish", { form, id }),
      logout: (login, relayState) => this.ask(key, "logout", { login, relay_state: relayState }),
      loggedOut: ({ url, form }, id) => this.ask(key, "logged_out", { url, form, id }),
      answerLogout: ({ url, form }, login) => this.ask(key, "answer_logout", { url, form, login }),
      // pysaml2 alone.
      logoutBySoap: (login) => this.ask(key, "logout_by_soap", { login }),
    };
  }

  close() {
    this.child.kill();
  }
}

/** The libraries. open(): a service provider with its own `base`, `sign` and `encrypted`, by the registration. */
export function libraries() {
  const within = (Kind) => ({ open: async (settings) => new Kind(settings), close: () => {} });
  return new Map([
    ["node-saml", within(NodeSaml)],
    ["samlify", within(Samlify)],
    ["pysaml2", new Python("pysaml2")],
    ["python3-saml", new Python("python3-saml")],
  ]);
}
