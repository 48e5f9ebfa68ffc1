// SPDX-License-Identifier: MIT
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { chooseEntry, credentialFiles, findCredentials, formatBasic } from "./credentials.ts";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "oci-kit-test-"));
});
afterEach(async () => {
  await rm(home, { recursive: true });
});

async function write(path: string, value: unknown): Promise<string> {
  const file = join(home, path);
  await mkdir(join(file, ".."), { recursive: true });
  await writeFile(file, typeof value === "string" ? value : JSON.stringify(value));
  return file;
}

const auth = (text: string): { auth: string } => ({ auth: Buffer.from(text).toString("base64") });

describe("the entry for a repository", () => {
  const auths = {
    "r.example": 1,
    "r.example/team": 2,
    "r.example/team/app": 3,
    "r.example:5000": 4,
    "https://index.docker.io/v1/": 5,
    "https://v.example/v2/": 6,
  };
  it.each([
    ["r.example", "other", 1],
    ["r.example", "team/x", 2],
    ["r.example", "team/app", 3],
    ["r.example", "team/app/sub", 3],
    ["r.example", "teammate", 1],
    ["r.example:5000", "team/app", 4],
    ["docker.io", "library/alpine", 5],
    ["v.example", "a", 6],
    ["ample", "a", undefined],
    ["r.example.evil.example", "a", undefined],
    ["evil-r.example", "a", undefined],
  ])("of %s %s has the same host and the longest path", (registry, repository, expected) => {
    expect(chooseEntry(auths, registry, repository)).toBe(expected);
  });
});

describe("credentials", () => {
  it("are read from docker's configuration as docker login writes it", async () => {
    await write(".docker/config.json", { auths: { "r.example": auth("u:p:w\0\0") } });
    expect(await findCredentials("r.example", "a", { HOME: home })).toEqual({
      username: "u",
      password: "p:w",
    });
  });
  it("are read from the directory that DOCKER_CONFIG names", async () => {
    await write("x/config.json", { auths: { "r.example": { username: "u", password: "p" } } });
    const found = await findCredentials("r.example", "a", {
      HOME: home,
      DOCKER_CONFIG: join(home, "x"),
    });
    expect(found?.username).toBe("u");
  });
  it("are read from the containers tools' file when docker's has none for the host", async () => {
    await write(".docker/config.json", { auths: { "r.example": {} } });
    await write("run/containers/auth.json", { auths: { "r.example": auth("u:p") } });
    const environment = { HOME: home, XDG_RUNTIME_DIR: join(home, "run") };
    expect((await findCredentials("r.example", "a", environment))?.username).toBe("u");
  });
  it("are read only from the file that REGISTRY_AUTH_FILE names, when it is set", () => {
    expect(credentialFiles({ HOME: home, REGISTRY_AUTH_FILE: "/f" })).toEqual(["/f"]);
  });
  it("are undefined when no configuration file exists", async () => {
    expect(await findCredentials("r.example", "a", { HOME: home })).toBeUndefined();
  });
  it("in a file that can't be parsed are an error that does not show the file's text", async () => {
    await write(".docker/config.json", '{"auths": {"r.example": {"auth": "c2VjcmV0"');
    const failed = findCredentials("r.example", "a", { HOME: home });
    await expect(failed).rejects.toMatchObject({ code: "invalid-json" });
    await expect(failed).rejects.not.toThrow(/c2VjcmV0/);
  });
  it("that are not a user name and a password are an error", async () => {
    await write(".docker/config.json", { auths: { "r.example": auth("secret") } });
    const failed = findCredentials("r.example", "a", { HOME: home });
    await expect(failed).rejects.toMatchObject({ code: "invalid-config" });
  });
  it("in a file that can't be read are an error, not treated as absent", async () => {
    await mkdir(join(home, ".docker/config.json"), { recursive: true });
    const failed = findCredentials("r.example", "a", { HOME: home });
    await expect(failed).rejects.toMatchObject({ code: "unreadable" });
  });
  it("are sent as UTF-8", () => {
    expect(formatBasic({ username: "ü", password: "p" })).toBe("Basic w7w6cA==");
  });
});
