// SPDX-License-Identifier: MIT
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Credentials } from "../registry-options.ts";
import { credentialPlaces } from "./credential-places.ts";
import { createLookUp, findCredentials } from "./look-up.ts";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "oci-kit-test-"));
});
afterEach(async () => {
  await rm(home, { recursive: true });
});

const CONFIG = ".docker/config.json";

async function write(path: string, value: unknown): Promise<string> {
  const file = join(home, path);
  await mkdir(join(file, ".."), { recursive: true });
  await writeFile(file, typeof value === "string" ? value : JSON.stringify(value));
  return file;
}

/** With the home of the test and these further variables. */
function find(
  repository = "a",
  variables: Readonly<Record<string, string>> = {},
): Promise<Credentials | undefined> {
  return findCredentials("r.example", repository, {
    HOME: home,
    XDG_RUNTIME_DIR: join(home, "run"),
    ...variables,
  });
}

const auth = (text: string): { auth: string } => ({ auth: Buffer.from(text).toString("base64") });
const as = (username: string): object => ({ auths: { "r.example": auth(`${username}:p`) } });

describe("the places for credentials", () => {
  it("are docker's configuration, then that of the containers tools, in their order", () => {
    expect(credentialPlaces({ HOME: "/h", XDG_RUNTIME_DIR: "/r" }).map(({ name }) => name)).toEqual(
      [
        "/h/.docker/config.json",
        "/r/containers/auth.json",
        "/h/.config/containers/auth.json",
        "/h/.dockercfg",
      ],
    );
  });
  it.runIf(process.platform === "linux")("have /run/containers/UID without XDG_RUNTIME_DIR", () => {
    const uid = process.getuid?.();
    const names = credentialPlaces({ HOME: "/h" }).map(({ name }) => name);
    expect(names[1]).toBe(`/run/containers/${uid}/auth.json`);
  });
  it("are where DOCKER_CONFIG and XDG_CONFIG_HOME say", () => {
    const places = credentialPlaces({ HOME: "/h", DOCKER_CONFIG: "/d", XDG_CONFIG_HOME: "/x" });
    const names = places.map(({ name }) => name);
    expect(names).toContain("/d/config.json");
    expect(names).toContain("/x/containers/auth.json");
  });
  it("are only the file that REGISTRY_AUTH_FILE names, when it is set", () => {
    const variables = { HOME: "/h", REGISTRY_AUTH_FILE: "/f", DOCKER_AUTH_CONFIG: "{}" };
    expect(credentialPlaces(variables)).toEqual([{ name: "/f" }]);
    expect(credentialPlaces({ HOME: "/h", REGISTRY_AUTH_FILE: "" })).not.toHaveLength(1);
  });
  it("are asked in order, and the first that has an entry counts", async () => {
    await write(".dockercfg", { "r.example": auth("fifth:p") });
    expect((await find())?.username).toBe("fifth");
    await write(".config/containers/auth.json", as("fourth"));
    expect((await find())?.username).toBe("fourth");
    await write("run/containers/auth.json", as("third"));
    expect((await find())?.username).toBe("third");
    await write(CONFIG, as("second"));
    expect((await find())?.username).toBe("second");
    const variable = { DOCKER_AUTH_CONFIG: JSON.stringify(as("first")) };
    expect((await find("a", variable))?.username).toBe("first");
    expect((await find("a", { DOCKER_AUTH_CONFIG: '{"auths":{}}' }))?.username).toBe("second");
    const only = { REGISTRY_AUTH_FILE: join(home, "none.json"), ...variable };
    expect(await find("a", only)).toBeUndefined();
  });
});

describe("credentials", () => {
  it("are read as docker login writes them", async () => {
    await write(CONFIG, { auths: { "r.example": auth("u:p:w\0\0") } });
    expect(await find()).toEqual({ username: "u", password: "p:w" });
  });
  it.each([
    ["user name and password", { username: "u", password: "p" }, { username: "u", password: "p" }],
    [
      "auth, which counts before them",
      { ...auth("a:b"), username: "u", password: "p" },
      { username: "a", password: "b" },
    ],
    ["keys of another case", { Auth: auth("a:b").auth }, { username: "a", password: "b" }],
    [
      "auth on two lines",
      { auth: `${auth("user:pass").auth.slice(0, 4)}\n${auth("user:pass").auth.slice(4)}` },
      { username: "user", password: "pass" },
    ],
    [
      "an identity token",
      { ...auth("u:"), identitytoken: "T" },
      { username: "u", password: "", identityToken: "T" },
    ],
    [
      "an identity token alone",
      { identitytoken: "T" },
      { username: "", password: "", identityToken: "T" },
    ],
    [
      "a registry token",
      { registrytoken: "T" },
      { username: "", password: "", registryToken: "T" },
    ],
    ["nothing", { email: "me@example" }, undefined],
  ])("may be %s", async (_, entry, expected) => {
    await write(CONFIG, { auths: { "r.example": entry } });
    expect(await find()).toEqual(expected);
  });
  it("of the longest path count: two accounts on one host", async () => {
    await write(CONFIG, {
      auths: {
        "r.example": auth("all:p"),
        "https://r.example/team": auth("team:p"),
        "r.example/team/app": auth("app:p"),
      },
    });
    expect((await find("other"))?.username).toBe("all");
    expect((await find("team/x"))?.username).toBe("team");
    expect((await find("team/app"))?.username).toBe("app");
    expect((await find("teammate"))?.username).toBe("all");
    expect((await find(""))?.username).toBe("all");
  });
  it.each([
    ["0 bytes", ""],
    ["white space", " \n\t\n"],
    ["{}", "{}"],
    ["null", "null"],
    ["auths null", '{"auths":null,"credHelpers":null,"credsStore":null}'],
    ["a byte order mark and auths without entries", '\uFEFF{"auths":{}}'],
  ])("are in the next file when one has %s", async (_, text) => {
    await write(CONFIG, text);
    await write("run/containers/auth.json", as("next"));
    expect((await find())?.username).toBe("next");
  });
  it("are found beside a malformed entry of another host", async () => {
    const auths = { "o.example": auth("no colon"), "p.example": "x", "r.example": auth("u:p") };
    await write(CONFIG, { auths });
    expect((await find())?.username).toBe("u");
  });
});

describe("an error, without the file's text, is", () => {
  it.each([
    ["a file that is cut off", '{"auths": {"r.example": {"auth": "c2VjcmV0"', "invalid-json"],
    ["a list", '["c2VjcmV0"]', "invalid-json"],
    ["auths that is a list", { auths: ["c2VjcmV0"] }, "invalid-config"],
    ["an entry that is text", { auths: { "r.example": "c2VjcmV0" } }, "invalid-config"],
    ["an auth without a colon", { auths: { "r.example": { auth: "c2VjcmV0" } } }, "invalid-config"],
    [
      "an auth that is not UTF-8",
      { auths: { "r.example": { auth: "dTr/c2VjcmV0" } } },
      "invalid-config",
    ],
    [
      "a token of two lines",
      { auths: { "r.example": { registrytoken: "c2VjcmV0\nX: y" } } },
      "invalid-config",
    ],
  ])("%s", async (_, content, code) => {
    await write(CONFIG, content);
    const failed = find();
    await expect(failed).rejects.toMatchObject({ code });
    await expect(failed).rejects.toThrow(/config\.json/);
    await expect(failed).rejects.not.toThrow(/c2VjcmV0|secret/);
  });
  it("a directory in place of the file, which is not treated as absent", async () => {
    await mkdir(join(home, CONFIG), { recursive: true });
    await expect(find()).rejects.toMatchObject({ code: "unreadable" });
  });
});

it("a look-up says what was found in each place", async () => {
  const config = await write(CONFIG, { auths: { "r.example": {}, "o.example": auth("u:p") } });
  const environment = { HOME: home, XDG_RUNTIME_DIR: join(home, "run") };
  await write(".config/containers/auth.json", { auths: { "o.example": auth("u:p") } });
  const { looked } = await createLookUp({ environment })("r.example", "a");
  expect(looked).toEqual([
    { place: config, found: "an empty entry for r.example" },
    { place: join(home, "run/containers/auth.json"), found: "no such file" },
    { place: join(home, ".config/containers/auth.json"), found: "no entry for r.example" },
    { place: join(home, ".dockercfg"), found: "no such file" },
  ]);
});
