// Keyholder as the identity provider of samlify.

import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";

import samlify from "samlify";

const SCHEMAS = fileURLToPath(new URL("schemas.xsd", import.meta.url));

// samlify reads nothing without a validator. This one is Debian's: apt-get install libxml2-utils opensaml-schemas
samlify.setSchemaValidator({
  validate: (xml) => new Promise((valid, invalid) => {
    const flags = ["--nonet", "--noout", "--schema", SCHEMAS, "-"];
    const xmllint = execFile("xmllint", flags, (error) => (error ? invalid(error) : valid("valid")));
    xmllint.stdin.end(xml);
  }),
});

/**
 * The service provider at `base`, and Keyholder. `metadata`: what `ISSUER/saml/metadata` says. `key` and `certificate`: your own, as PEM.
 * `encrypted`: whether assertions are, by the registration. `signed`: whether your requests are.
 */
export function serviceProvider({ metadata, base, key, certificate, encrypted = true, signed = false, further = {} }) {
  const { post, redirect } = samlify.Constants.namespace.binding;
  const provider = samlify.ServiceProvider({
    entityID: `${base}/metadata`,
    privateKey: key,
    encPrivateKey: key,
    signingCert: certificate,
    encryptCert: certificate,
    authnRequestsSigned: signed,
    requestSignatureAlgorithm: "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    nameIDFormat: ["urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"],
    assertionConsumerService: [{ Binding: post, Location: `${base}/acs` }],
    singleLogoutService: [{ Binding: redirect, Location: `${base}/slo` }],
    wantLogoutRequestSigned: true,
    wantLogoutResponseSigned: true,
    clockDrifts: [-10_000, 10_000],
    ...further,
  });
  const keyholder = samlify.IdentityProvider({
    metadata,
    isAssertionEncrypted: encrypted,
    wantLogoutRequestSigned: true,
    wantLogoutResponseSigned: true,
  });
  // samlify signs where the metadata of both sides says so. Keyholder's leaves it to the application.
  keyholder.entityMeta.isWantAuthnRequestsSigned = () => signed;
  return { provider, keyholder };
}

/** Where to send the browser, or what it has to post. `isPassive` and `classes` are words that samlify's own request has not. */
export function beginSignIn({ provider, keyholder }, binding, { relayState, forceAuthn, isPassive, classes = [] } = {}) {
  const id = `_${randomUUID()}`;
  const fill = (template) => {
    const passive = isPassive ? template.replace(' Version="2.0"', ' Version="2.0" IsPassive="true"') : template;
    const refs = classes.map((name) => `<saml:AuthnContextClassRef>${name}</saml:AuthnContextClassRef>`).join("");
    const context = refs && `<samlp:RequestedAuthnContext Comparison="exact">${refs}</samlp:RequestedAuthnContext>`;
    const tags = {
      ID: id,
      IssueInstant: new Date().toISOString(),
      Issuer: provider.entityMeta.getEntityID(),
      Destination: keyholder.entityMeta.getSingleSignOnService(binding),
      ProtocolBinding: samlify.Constants.namespace.binding.post,
      AssertionConsumerServiceURL: provider.entityMeta.getAssertionConsumerService("post"),
      AssertionConsumerServiceIndex: undefined,
      NameIDFormat: [provider.entitySetting.nameIDFormat].flat()[0],
      AllowCreate: true,
      ForceAuthn: forceAuthn,
    };
    const filled = samlify.SamlLib.replaceTagsByValue(passive, tags);
    return { id, context: filled.replace("</samlp:AuthnRequest>", `${context}</samlp:AuthnRequest>`) };
  };
  return provider.createLoginRequest(keyholder, binding, { relayState, customTagReplacement: fill });
}

/**
 * Checks a response: status, signature, issuer and times. samlify looks neither at the audience nor at the request that is answered, so
 * that is done here.
 */
export async function finishSignIn({ provider, keyholder }, body, requestId) {
  const { extract, samlContent } = await provider.parseLoginResponse(keyholder, "post", { body });
  if (extract.audience !== provider.entityMeta.getEntityID()) throw new Error("for another service provider");
  if (extract.response.inResponseTo !== requestId) throw new Error("the answer to another request");
  const encrypted = samlContent.includes("EncryptedAssertion>");
  const xml = encrypted ? (await samlify.SamlLib.decryptAssertion(provider, samlContent))[0] : samlContent;
  return { ...extract, ...samlify.Extractor.extract(xml, FURTHER) };
}

const ASSERTION = ["Response", "Assertion"];
const FURTHER = [
  { key: "format", localPath: [...ASSERTION, "Subject", "NameID"], attributes: ["Format"] },
  { key: "class", localPath: [...ASSERTION, "AuthnStatement", "AuthnContext", "AuthnContextClassRef"], attributes: [] },
];
