// Keyholder as the identity provider of @node-saml/node-saml.

import { SAML, ValidateInResponseTo } from "@node-saml/node-saml";
import { DOMParser } from "@xmldom/xmldom";

/**
 * The service provider at `base`. `keyholder`: the issuer. `metadata`: what `ISSUER/saml/metadata` says. `key` and `certificate`: your
 * own, as PEM. `further`: what is different, such as `{ forceAuthn: true }`.
 */
export function serviceProvider({ keyholder, metadata, base, key, certificate, further = {} }) {
  return new SAML({
    issuer: `${base}/metadata`,
    callbackUrl: `${base}/acs`,
    logoutCallbackUrl: `${base}/slo`,
    idpIssuer: `${keyholder}/saml/metadata`,
    entryPoint: `${keyholder}/saml/sso`,
    logoutUrl: `${keyholder}/saml/slo`,
    idpCert: certificates(metadata),
    privateKey: key,
    publicCert: certificate,
    decryptionPvk: key,
    // Their default is SHA-1, which Keyholder refuses.
    signatureAlgorithm: "sha256",
    digestAlgorithm: "sha256",
    identifierFormat: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
    // Else it asks for PasswordProtectedTransport, exactly, whatever a person has proved.
    disableRequestedAuthnContext: true,
    // What `sign` of the registration says.
    wantAuthnResponseSigned: true,
    wantAssertionsSigned: false,
    validateInResponseTo: ValidateInResponseTo.always,
    acceptedClockSkewMs: 10_000,
    ...further,
  });
}

/** The keys that sign responses: two while Keyholder changes them. Neither the one that signs the metadata nor those to encrypt for. */
export function certificates(metadata) {
  const METADATA = "urn:oasis:names:tc:SAML:2.0:metadata";
  const document = new DOMParser().parseFromString(metadata, "text/xml");
  const role = document.getElementsByTagNameNS(METADATA, "IDPSSODescriptor")[0];
  const keys = Array.from(role.getElementsByTagNameNS(METADATA, "KeyDescriptor")).filter((key) => key.getAttribute("use") !== "encryption");
  const certificate = (key) => key.getElementsByTagNameNS("http://www.w3.org/2000/09/xmldsig#", "X509Certificate")[0];
  return keys.map((key) => certificate(key).textContent);
}

/** The service provider's own metadata, to be registered. */
export function metadataOf(saml, certificate) {
  const metadata = saml.generateServiceProviderMetadata(certificate, certificate);
  // It lists POST for logout, but cannot read an answer that is posted; by Redirect it can.
  return metadata.replace(/(<SingleLogoutService Binding="[^"]*:)HTTP-POST/, "$1HTTP-Redirect");
}
