// Every SAML document that Keyholder sends in a test, kept for programs of others: xmllint with the schemas of OASIS, and xmlsec1.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createPublicKey, verify } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { inflateRawSync } from "node:zlib";

import { Visitor, words } from "./visitor.mjs";

const SCHEMAS = fileURLToPath(new URL("../../../examples/relying-parties/saml-node/schemas.xsd", import.meta.url));
const STATUS = /<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2\.0:status:(\w+)"/g;
const run = promisify(execFile);

const pem = (certificate) => {
  const lines = certificate.replaceAll(/\s/g, "").match(/.{1,64}/g);
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
};

/** Every kind of document that Keyholder sends, with the programs of others that look at it here. */
export const KINDS = [
  // kind                                                  schemas  signatures
  "metadata", //                                           xmllint  xmlsec1, by the key of the metadata
  "Response, response signed", //                          xmllint  xmlsec1
  "Response, assertion signed", //                         xmllint  xmlsec1
  "Response, response and assertion signed", //            xmllint  xmlsec1, both
  "Response, response signed, encrypted", //               xmllint  xmlsec1; what is inside, decrypted by it, too where that is signed
  "Response, nothing outside signed, encrypted", //        xmllint  xmlsec1, inside
  "Response VersionMismatch, not signed", //               xmllint  none: nobody is known yet, or asked for
  "Response Requester/UnsupportedBinding, not signed", //  xmllint
  "Response Requester/InvalidNameIDPolicy, not signed", // xmllint
  "Response Responder/NoAuthnContext, not signed", //      xmllint
  "Response Responder/NoAuthnContext, signed", //          xmllint  xmlsec1
  "Response Responder/NoPassive, not signed", //           xmllint
  "Response Responder/RequestDenied, signed", //           xmllint  xmlsec1
  "Response Responder/UnknownPrincipal, signed", //        xmllint  xmlsec1
  "Response Responder, signed", //                         xmllint  xmlsec1
  "LogoutRequest by Redirect", //                          xmllint  OpenSSL, over the query
  "LogoutRequest by POST", //                              xmllint  xmlsec1
  "LogoutResponse Success over SOAP", //                   xmllint  xmlsec1
  "LogoutResponse Success by Redirect", //                 xmllint  OpenSSL
  "LogoutResponse Success by POST", //                     xmllint  xmlsec1
  "LogoutResponse Success/PartialLogout by Redirect", //   xmllint  OpenSSL
  "LogoutResponse VersionMismatch by Redirect", //         xmllint  OpenSSL
  "LogoutResponse Requester/RequestUnsupported by Redirect", // xmllint OpenSSL
  "LogoutResponse Requester/UnknownPrincipal by Redirect", // xmllint OpenSSL
  // Not met here, but in idp/saml/src/respond and idp/saml/src/logout, by the same programs: Responder/AuthnFailed and every other status
  // both signed and not, those of logout by each binding, requests and faults over SOAP. AuthnRequests are not sent at all.
];

const WAYS = { redirect: " by Redirect", post: " by POST", soap: " over SOAP" };

/** What kind of document it is, in words. */
export function kindOf(xml, binding) {
  const root = xml.match(/^(?:<soap:Envelope [^>]*><soap:Body>)?<(?:samlp|md):(\w+)/)[1];
  if (root === "EntityDescriptor") return "metadata";
  const by = WAYS[binding];
  if (root === "LogoutRequest") return root + by;
  const statuses = [...xml.matchAll(STATUS)].map(([, name]) => name).join("/");
  if (root === "LogoutResponse") return `${root} ${statuses}${by}`;
  const signed = [...signaturesOf(xml)].map((path) => path.at(-1).toLowerCase()).join(" and ");
  if (statuses !== "Success") return `${root} ${statuses}, ${signed ? "signed" : "not signed"}`;
  return `${root}, ${signed || "nothing outside"} signed${xml.includes("<saml:EncryptedAssertion") ? ", encrypted" : ""}`;
}

/** The elements that have a signature of their own, as paths. */
function signaturesOf(xml) {
  if (xml.startsWith("<soap:")) return [["Envelope", "Body", xml.match(/<samlp:(\w+)/)[1]]];
  const root = xml.match(/^<\w+:(\w+)/)[1];
  const paths = [];
  if (/^<[^>]*>(<saml:Issuer[^>]*>[^<]*<\/saml:Issuer>)?<ds:Signature/.test(xml)) paths.push([root]);
  if (/<saml:Assertion [^>]*><saml:Issuer[^>]*>[^<]*<\/saml:Issuer><ds:Signature/.test(xml)) {
    paths.push([root, ...(xml.includes("<saml:EncryptedAssertion") ? ["EncryptedAssertion"] : []), "Assertion"]);
  }
  return paths;
}

export class Documents {
  /** `keyFile`: the private key of the service providers. `why`: what Keyholder has logged. */
  constructor(keyFile, why) {
    this.keyFile = keyFile;
    this.why = why;
    this.all = new Map();
  }

  /** The metadata, whose certificates the rest is verified with. */
  metadata(xml) {
    const [own, ...rest] = [...xml.matchAll(/<ds:X509Certificate>([^<]+)</g)].map(([, certificate]) => pem(certificate));
    this.metadataCertificate = own;
    this.certificate = rest[0];
    this.keep("metadata", { xml });
    return xml;
  }

  keep(kind, document) {
    this.last = kind;
    this.all.set(kind, [...(this.all.get(kind) ?? []), document]);
    return document;
  }

  /** The message with which Keyholder sends a browser elsewhere: by an address, or by a form on a page. */
  sent(page) {
    if (page.left) {
      const query = new URL(page.left).search.slice(1);
      const parameters = Object.fromEntries(new URLSearchParams(query));
      const message = parameters.SAMLRequest ?? parameters.SAMLResponse;
      assert.ok(message, `no message: ${page.left}`);
      const xml = inflateRawSync(Buffer.from(message, "base64")).toString();
      return this.keep(kindOf(xml, "redirect"), { xml, query, to: page.left, url: page.left, parameters });
    }
    const form = Visitor.forms(page).find(({ fields }) => fields.SAMLResponse ?? fields.SAMLRequest);
    assert.ok(form, `no message at ${page.url?.slice(0, 80)}: ${page.status} ${words(page)} ${this.why().slice(-600)}`);
    const xml = Buffer.from(form.fields.SAMLResponse ?? form.fields.SAMLRequest, "base64").toString();
    return this.keep(kindOf(xml, "post"), { xml, to: form.action, form: form.fields });
  }

  /** A message that travelled over SOAP. */
  bySoap(xml) {
    return this.keep(kindOf(xml, "soap"), { xml });
  }

  /** Has everything verified and validated; asserts that exactly these kinds were sent. */
  async check(kinds) {
    const folder = await mkdtemp(join(tmpdir(), "keyholder-saml-"));
    try {
      const file = async (name, content) => (await writeFile(join(folder, name), content), name);
      const schema = [];
      let count = 0;
      for (const [kind, documents] of this.all) {
        // The first and the last of a kind, and one in between, stand for all.
        const chosen = new Set([documents[0], documents[documents.length >> 1], documents.at(-1)]);
        for (const document of chosen) {
          count += 1;
          const name = await file(`${count}.xml`, document.xml);
          schema.push(name);
          await this.verify(folder, kind, document, name, file);
        }
      }
      const validate = (names) => run("xmllint", ["--nonet", "--noout", "--schema", SCHEMAS, ...names], { cwd: folder });
      await validate(schema);

      // Both programs do refuse.
      const [{ xml }] = this.all.get("Response, response signed");
      const path = signaturesOf(xml)[0];
      await xmlsec1Verifies(folder, await file("good.xml", xml), path, "certificate.pem");
      await assert.rejects(xmlsec1Verifies(folder, await file("other.xml", xml.replace("Amira", "Amina")), path, "certificate.pem"));
      await assert.rejects(validate([await file("bad.xml", xml.replace(/ Version="2.0"/, ""))]));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    assert.deepEqual([...this.all.keys()].sort(), [...kinds].sort());
  }

  async verify(folder, kind, { xml, query }, name, file) {
    const [signer, text] = kind === "metadata" ? ["metadata.pem", this.metadataCertificate] : ["certificate.pem", this.certificate];
    const certificate = await file(signer, text);
    if (query) {
      const [signed, signature] = query.split("&Signature=");
      assert.ok(signed.endsWith(`SigAlg=${encodeURIComponent("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256")}`), kind);
      const key = createPublicKey(this.certificate);
      assert.ok(verify("sha256", Buffer.from(signed), key, Buffer.from(decodeURIComponent(signature), "base64")), kind);
      return;
    }
    const paths = signaturesOf(xml);
    for (const path of paths) await xmlsec1Verifies(folder, name, path, certificate);
    if (!xml.includes("<saml:EncryptedAssertion")) {
      assert.ok(paths.length > 0 || kind.endsWith("not signed"), kind);
      return;
    }
    const { stdout } = await run("xmlsec1", ["--decrypt", "--privkey-pem", this.keyFile, name], { cwd: folder });
    const inside = signaturesOf(stdout.replace(/^<\?xml[^>]*\?>\s*/, "")).filter((path) => path.at(-1) === "Assertion");
    assert.ok(paths.length + inside.length > 0, kind);
    const decrypted = await file(`decrypted-${name}`, stdout);
    for (const path of inside) await xmlsec1Verifies(folder, decrypted, path, certificate);
  }
}

async function xmlsec1Verifies(folder, name, path, certificate) {
  const messages = ["Response", "LogoutRequest", "LogoutResponse"].map((local) => `protocol:${local}`);
  const ids = [...messages, "assertion:Assertion", "metadata:EntityDescriptor"];
  const flags = ids.flatMap((id) => ["--id-attr:ID", `urn:oasis:names:tc:SAML:2.0:${id}`]);
  const xpath = [...path, "Signature"].map((local) => `/*[local-name()='${local}']`).join("");
  await run("xmlsec1", ["--verify", ...flags, "--node-xpath", xpath, "--pubkey-cert-pem", certificate, name], { cwd: folder });
}
