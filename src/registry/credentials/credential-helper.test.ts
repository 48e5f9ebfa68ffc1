// SPDX-License-Identifier: MIT
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeHelper, writeKeepingHelper } from "../../../test/fixtures/credential-helper.ts";
import { withLimits, type Limits } from "../../oci/limits.ts";
import {
  eraseFromHelper,
  getFromHelper,
  storeInHelper,
  type CredentialHelper,
} from "./credential-helper.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-helper-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function helper(name = "h", limits: Partial<Limits> = {}): CredentialHelper {
  const environment = { PATH: `${directory}:${process.env["PATH"] ?? ""}` };
  const namedBy = "credsStore of config.json";
  return { name, namedBy, environment, limits: withLimits(limits) };
}

/** What a helper with this script answers to `get r.example`. */
function get(script: string, limits?: Partial<Limits>): ReturnType<typeof getFromHelper> {
  writeHelper(directory, "h", script);
  return getFromHelper(helper("h", limits), "r.example");
}

const CANARY = "c4n4ry-s3cret";
const answer = (username: string): string =>
  `{"ServerURL":"r.example","Username":"${username}","Secret":"${CANARY}"}`;

describe("a credential helper", () => {
  it("keeps, gives and forgets credentials", async () => {
    writeKeepingHelper(directory, "h");
    const credentials = { username: "u", password: 'p"\\\nä' };
    await storeInHelper(helper(), "r.example", credentials);
    expect(await getFromHelper(helper(), "r.example")).toEqual(credentials);
    await eraseFromHelper(helper(), "r.example");
    expect(await getFromHelper(helper(), "r.example")).toBeUndefined();
    await eraseFromHelper(helper(), "r.example");
  });

  it("keeps an identity token under the user name <token>", async () => {
    writeKeepingHelper(directory, "h");
    const credentials = { username: "", password: "", identityToken: "T" };
    await storeInHelper(helper(), "r.example", credentials);
    expect(await getFromHelper(helper(), "r.example")).toEqual(credentials);
  });

  it.each([".", "", "sub/.."])(
    "is not taken from the working directory by a PATH with %j",
    async (entry) => {
      writeKeepingHelper(directory, "h");
      const before = process.cwd();
      process.chdir(directory);
      try {
        const environment = { PATH: `${entry}:/usr/bin:/bin` };
        const asked = getFromHelper({ ...helper(), environment }, "r.example");
        await expect(asked).rejects.toThrow(/docker-credential-h/);
      } finally {
        process.chdir(before);
      }
    },
  );

  it("gets the address and nothing else on its stdin", async () => {
    const found = await get(`printf '{"Username":"%s","Secret":"x"}' "$(od -An -c | tr -d ' ')"`);
    expect(found?.username).toBe("r.example");
  });

  it.each([
    ["says so on stdout", 'echo "credentials not found in native keychain"; exit 1'],
    ["says so on stderr", 'echo "Error: credentials not found" >&2; exit 1'],
    ["gives empty ones", `echo '{"ServerURL":"r.example","Username":"","Secret":""}'`],
  ])("has none when it %s", async (_, script) => {
    expect(await get(script)).toBeUndefined();
  });

  it("is not waited for when a daemon that it started holds its output open", async () => {
    expect((await get(`sleep 5 & echo '${answer("u")}'`))?.username).toBe("u");
  });

  it("may end without reading what it is asked", async () => {
    expect((await get(`exec 0<&-; echo '${answer("u")}'`))?.username).toBe("u");
  });
});

describe("the error of a helper that", () => {
  it("is missing names it and the file, and says what to do", async () => {
    const failed = getFromHelper(helper("nope"), "r.example");
    await expect(failed).rejects.toMatchObject({
      code: "unreadable",
      message: expect.stringMatching(
        /docker-credential-nope get \(credsStore of config\.json\)/,
      ) as unknown,
      hint: expect.stringContaining("Install docker-credential-nope") as unknown,
    });
  });

  it("can't be run says why", async () => {
    const file = join(directory, "docker-credential-h");
    writeFileSync(file, "#!/bin/sh\n");
    chmodSync(file, 0o644);
    const failed = getFromHelper({ ...helper(), environment: { PATH: directory } }, "r.example");
    await expect(failed).rejects.toThrow(/EACCES/);
  });

  it("fails has its own words, escaped and on one line", async () => {
    const script = `printf 'pass not initialized\\033[31m\\nrun pass init'; echo "gpg: no key" >&2; exit 3`;
    await expect(get(script)).rejects.toThrow(
      'exit status 3, saying "pass not initialized\\u001b[31m; run pass init" and "gpg: no key"',
    );
  });

  it("fails in silence, or is killed, says that", async () => {
    await expect(get("exit 7")).rejects.toThrow("exit status 7, without a word");
    await expect(get("kill -9 $$")).rejects.toThrow("exit status SIGKILL, without a word");
  });

  it("never ends is a limit, and the helper is killed", async () => {
    await expect(get("exec sleep 600", { helperTimeout: 200 })).rejects.toMatchObject({
      code: "limit-exceeded",
      details: { limit: "helperTimeout" },
    });
  });

  it.each(["yes x", "yes x >&2"])("writes without an end (%s) is a limit", async (script) => {
    await expect(get(`exec ${script}`)).rejects.toMatchObject({
      code: "limit-exceeded",
      details: { limit: "answerBytes" },
    });
  });

  it.each(["../h", "a/b", "", "h\n", "[object Object]"])("is named %j is refused", async (name) => {
    const failed = getFromHelper(helper(name), "r.example");
    await expect(failed).rejects.toThrow(/expected the name of a helper/);
  });

  it.each([
    ["prints its answer, and fails", `echo '${answer("u")}'; exit 1`],
    ["prints its answer to stderr too", `echo '${answer("u")}' | tee /dev/stderr; exit 1`],
    [
      "prints its answer over lines",
      `printf '{\\n"Username":"u",\\n"Secret":"${CANARY}"\\n}'; exit 1`,
    ],
    ["repeats the secret of its answer", `echo '${answer("u")}'; echo ${CANARY} >&2; exit 1`],
    ["traces itself", `set -x; echo '${answer("u")}'; exit 1`],
    ["logs its request", `echo 'Authorization: Bearer ${CANARY}' >&2; exit 1`],
    ["logs a pair", `echo 'password=${CANARY}' >&2; exit 1`],
    ["answers with something else", `echo '${CANARY}'`],
    ["answers with a list", `echo '["${CANARY}"]'`],
    ["answers without a user", `echo '{"Secret":"${CANARY}"}'`],
    ["gives a token of two words", `echo '{"Username":"<token>","Secret":"${CANARY} x"}'`],
  ])("%s has no secret in it", async (_, script) => {
    const failed = getAsText(get(script));
    expect(await failed).toContain("docker-credential-h get");
    expect(await failed).not.toContain(CANARY);
  });

  it.each([
    ["its input", "cat >&2; exit 1"],
    ["the secret", `sed 's/.*"Secret":"\\([^"]*\\)".*/\\1/'; exit 1`],
  ])("is given a secret to keep, and repeats %s, has none in it", async (_, script) => {
    writeHelper(directory, "h", script);
    const stored = storeInHelper(helper(), "r.example", { username: "u", password: CANARY });
    const text = await getAsText(stored);
    expect(text).toContain("unwritable");
    expect(text).not.toContain(CANARY);
  });
});

/** All of an error: message, hint, details, causes. */
async function getAsText(failing: Promise<unknown>): Promise<string> {
  const error: unknown = await failing.then(
    () => new Error("it did not fail"),
    (thrown: unknown) => thrown,
  );
  const { message, stack, hint, code, details, cause } = error as Record<string, unknown>;
  return JSON.stringify({ message, stack, hint, code, details, cause: String(cause) });
}
