// SPDX-License-Identifier: MIT
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  writeHelper,
  writeKeepingHelper,
  type KeepingHelper,
} from "../../../test/fixtures/credential-helper.ts";
import { withLimits } from "../../oci/limits.ts";
import { storeInHelper } from "./credential-helper.ts";
import { createLookUp } from "./look-up.ts";

let home: string;
let helper: KeepingHelper;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "oci-kit-helpers-"));
  helper = writeKeepingHelper(join(home, "bin"), "keep");
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const environment = () => ({
  HOME: home,
  XDG_RUNTIME_DIR: home,
  PATH: `${join(home, "bin")}:${process.env["PATH"] ?? ""}`,
});
const auth = (text: string): { auth: string } => ({ auth: Buffer.from(text).toString("base64") });

function configure(config: object): string {
  mkdirSync(join(home, ".docker"), { recursive: true });
  const file = join(home, ".docker/config.json");
  writeFileSync(file, JSON.stringify(config));
  return file;
}

async function keep(address: string, username: string): Promise<void> {
  const where = { namedBy: "the test", environment: environment(), limits: withLimits({}) };
  await storeInHelper({ name: "keep", ...where }, address, { username, password: "p" });
}

/** The user name that is found; undefined for none. */
async function userOf(registry: string, repository: string): Promise<string | undefined> {
  const found = await createLookUp({ environment: environment() })(registry, repository);
  return found.credentials?.username;
}

describe("the credentials of a registry", () => {
  it("that credHelpers names are those of its helper, not those in the file", async () => {
    await keep("r.example", "helper");
    configure({ auths: { "r.example": auth("file:p") }, credHelpers: { "r.example": "keep" } });
    expect(await userOf("r.example", "a/b")).toBe("helper");
  });

  it("that a credsStore has are found with an entry and without", async () => {
    await keep("r.example", "helper");
    configure({ auths: { "r.example": {} }, credsStore: "keep" });
    expect(await userOf("r.example", "a/b")).toBe("helper");
    configure({ credsStore: "keep" });
    expect(await userOf("r.example", "a/b")).toBe("helper");
  });

  it("that a helper does not have are those in the file, or in the next file", async () => {
    configure({ auths: { "r.example": auth("file:p") }, credsStore: "keep" });
    expect(await userOf("r.example", "a")).toBe("file");
    mkdirSync(join(home, "containers"));
    const next = { auths: { "s.example": auth("next:p") } };
    writeFileSync(join(home, "containers/auth.json"), JSON.stringify(next));
    expect(await userOf("s.example", "a")).toBe("next");
  });

  it("are asked for by the key of the file, and Docker Hub's by the one that docker uses", async () => {
    configure({ credsStore: "keep", credHelpers: { "https://s.example/v2/": "keep" } });
    await userOf("r.example", "a");
    await userOf("s.example", "a");
    await userOf("docker.io", "library/alpine");
    expect(helper.calls()).toEqual([
      "get r.example",
      "get https://s.example/v2/",
      "get s.example",
      "get https://index.docker.io/v1/",
    ]);
  });

  it("are those of the longest path, in a helper too: two accounts on one host", async () => {
    await keep("r.example/team", "team");
    await keep("r.example", "all");
    configure({ auths: { "r.example/team": {}, "r.example": {} }, credsStore: "keep" });
    expect(await userOf("r.example", "team/app")).toBe("team");
    expect(await userOf("r.example", "other")).toBe("all");
    configure({ auths: { "r.example/team": {} }, credHelpers: { "r.example": "keep" } });
    expect(await userOf("r.example", "team/app")).toBe("team");
    expect(await userOf("r.example", "other")).toBe("all");
  });

  it("are in the file where credHelpers has an empty name, as for docker", async () => {
    await keep("r.example", "helper");
    const auths = { "r.example": auth("file:p") };
    configure({ auths, credsStore: "keep", credHelpers: { "r.example": "" } });
    expect(await userOf("r.example", "a")).toBe("file");
  });

  it("are asked for once, however many repositories need them", async () => {
    configure({ credsStore: "keep" });
    const lookUp = createLookUp({ environment: environment() });
    await Promise.all(["a", "b", "c"].map((repository) => lookUp("r.example", repository)));
    expect(helper.calls()).toEqual(["get r.example"]);
  });
});

describe("a helper that is missing", () => {
  it("is an error where the file says that it keeps this registry's credentials", async () => {
    for (const config of [
      { auths: { "r.example": {} }, credsStore: "gone" },
      { credHelpers: { "r.example": "gone" } },
    ]) {
      configure(config);
      await expect(userOf("r.example", "a")).rejects.toThrow(/docker-credential-gone/);
    }
  });

  it("means anonymous access where the file does not speak of the registry, and is told", async () => {
    const file = configure({ auths: { "o.example": {} }, credsStore: "gone" });
    const { credentials, looked } = await createLookUp({ environment: environment() })(
      "r.example",
      "a",
    );
    expect(credentials).toBeUndefined();
    expect(looked[0]).toEqual({
      place: file,
      found: "docker-credential-gone, which is not on the PATH",
    });
  });
});

it("a helper that fails is an error, not anonymous access", async () => {
  writeHelper(join(home, "bin"), "locked", 'echo "the keychain is locked"; exit 1');
  configure({ credsStore: "locked" });
  await expect(userOf("r.example", "a")).rejects.toThrow(/the keychain is locked/);
});

it("a helper of another registry is not asked", async () => {
  configure({ credHelpers: { "o.example": "gone", "p.example": 1 } });
  expect(await userOf("r.example", "a")).toBeUndefined();
});
