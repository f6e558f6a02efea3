// Asks a security key and posts its answer (WebAuthn Level 3). Each form with `data-webauthn` ("get" or "create") holds the options
// as JSON in `data-options`; the answer goes into its field `response`.

const decode = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0)).buffer;

const encode = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

// For browsers that do not read options from JSON themselves.
function read(options) {
  const keys = (list) => (list ?? []).map((key) => ({ ...key, id: decode(key.id) }));
  const read = { ...options, challenge: decode(options.challenge) };
  if (options.user) read.user = { ...options.user, id: decode(options.user.id) };
  if (options.allowCredentials) read.allowCredentials = keys(options.allowCredentials);
  if (options.excludeCredentials) read.excludeCredentials = keys(options.excludeCredentials);
  return read;
}

function write(key) {
  const { response } = key;
  const fields = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const written = fields.filter((name) => response[name]).map((name) => [name, encode(response[name])]);
  return {
    id: key.id,
    rawId: encode(key.rawId),
    type: key.type,
    authenticatorAttachment: key.authenticatorAttachment ?? undefined,
    clientExtensionResults: key.getClientExtensionResults(),
    response: { ...Object.fromEntries(written), transports: response.getTransports?.() },
  };
}

async function ask(form) {
  const json = JSON.parse(form.dataset.options);
  const options = json.publicKey ?? json;
  const create = form.dataset.webauthn === "create";
  const parse = create
    ? PublicKeyCredential.parseCreationOptionsFromJSON
    : PublicKeyCredential.parseRequestOptionsFromJSON;
  const publicKey = parse ? parse.call(PublicKeyCredential, options) : read(options);
  const key = create
    ? await navigator.credentials.create({ publicKey })
    : await navigator.credentials.get({ publicKey });
  return key.toJSON ? key.toJSON() : write(key);
}

for (const form of document.querySelectorAll("form[data-webauthn]")) {
  const say = (word) => {
    for (const said of form.querySelectorAll("[data-webauthn-said]")) said.hidden = said.dataset.webauthnSaid !== word;
  };
  for (const scripted of form.querySelectorAll("[data-webauthn-scripted]")) scripted.hidden = false;
  let asking = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (asking) return;
    if (!window.PublicKeyCredential) return say("unsupported");
    asking = true;
    say("waiting");
    try {
      form.elements.response.value = JSON.stringify(await ask(form));
      form.submit();
    } catch (error) {
      asking = false;
      say(error.name === "InvalidStateError" ? "known" : error.name === "NotSupportedError" ? "unsupported" : "cancelled");
    }
  });
}
