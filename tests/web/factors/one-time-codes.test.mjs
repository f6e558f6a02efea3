// The codes that oathtool and the npm library otpauth show are the codes that the soft key accepts, in the sandbox of the server.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { HOTP, Secret, TOTP, URI } from "otpauth";

const binaries = process.env.TESTS_BINARIES ?? "../../target/debug";
const source = "../../plugins/factors/soft-key";
const folder = mkdtempSync(join(tmpdir(), "keyholder-codes-"));
after(() => rmSync(folder, { recursive: true }));

for (const name of ["plugin.toml", "config.schema.json", "README.md", "locales"]) {
  cpSync(join(source, name), join(folder, name), { recursive: true });
}
cpSync(join(binaries, "../guests/wasm32-unknown-unknown/release/soft_key.wasm"), join(folder, "plugin.wasm"));

const keyholder = (...args) => execFileSync(join(binaries, "keyholder"), ["plugin", "run", folder, ...args], { encoding: "utf8" });

// Times between 2001 and 2100, at odd places of a step; none within a step of another.
const times = Array.from({ length: 40 }, (_, at) => 1_000_000_000 + at * 77_777_777);
const digits = (text) => ({ prompt: "code", fields: { code: text } });

const vector = (secret, code) => ({
  about: "codes of another library are accepted, once and at their time",
  random: secret.toString("hex"),
  calls: [
    { call: "begin-enrolment", now: 900_000_000_000 },
    {
      call: "finish-enrolment",
      now: 900_000_000_000,
      answer: digits(code(900_000_000)),
      expect: { enrolled: { key: "key-1" } },
    },
    ...times.flatMap((time) => [
      { call: "verify", now: time * 1000, answer: digits(code(time - 60)), expect: { rejected: { reason: "wrong-response" } } },
      { call: "verify", now: time * 1000, answer: digits(code(time)), expect: { accepted: { credential: "key-1" } } },
      { call: "verify", now: time * 1000, answer: digits(code(time)), expect: { rejected: { reason: "replayed" } } },
      { call: "verify", now: time * 1000, answer: digits(code(time + 30)), expect: { accepted: { credential: "key-1" } } },
      { call: "verify", now: time * 1000, answer: digits(code(time + 60)), expect: { rejected: { reason: "wrong-response" } } },
    ]),
  ],
});

const accepted = (name, code) => {
  const secret = Buffer.from("8c1f4e0b77a2d95563e80f1ab4c62d9937085ae1", "hex");
  const file = join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify(vector(secret, (time) => code(secret, time))));
  assert.match(keyholder("--vectors", file), /^ok /);
};

test("the codes of oathtool are accepted", () => {
  accepted("oathtool", (secret, time) =>
    execFileSync("oathtool", ["--totp", "--now", `@${time}`, secret.toString("hex")], { encoding: "utf8" }).trim(),
  );
});

test("the codes of otpauth are accepted", () => {
  accepted("otpauth", (secret, time) => {
    const bytes = Uint8Array.from(secret).buffer;
    return HOTP.generate({ secret: new Secret({ buffer: bytes }), counter: Math.floor(time / 30), digits: 6 });
  });
});

test("otpauth reads the picture of the page", () => {
  const input = join(folder, "begin.json");
  writeFileSync(input, JSON.stringify({ now: 1_795_336_440_000, context: { issuer_name: "Ysgol Dŵr & Tân" } }));
  const { step } = JSON.parse(keyholder("begin-enrolment", "--input", input));
  const { exhibits } = step.prompts[0].ask.form;
  for (const picture of [exhibits[0].qr, exhibits[1]["plain-qr"]]) {
    // The parameter by which our own app finds the page is not known to others.
    const read = URI.parse(picture.replace(/&keyholder=[\w-]+$/, ""));
    assert.ok(read instanceof TOTP);
    assert.equal(read.issuer, "Ysgol Dŵr & Tân");
    assert.equal(read.label, "jo@school.example");
    assert.deepEqual([read.algorithm, read.digits, read.period], ["SHA1", 6, 30]);
    assert.equal(read.secret.base32, exhibits[2].secret);
  }
  const set = new URL(exhibits[0].qr).searchParams;
  assert.equal(set.get("secret"), exhibits[2].secret);
  assert.match(set.get("keyholder"), /^[\w-]{22}$/);
});
