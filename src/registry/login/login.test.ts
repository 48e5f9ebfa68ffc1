// SPDX-License-Identifier: MIT
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeHelper, writeKeepingHelper } from "../../../test/fixtures/credential-helper.ts";
import {
  answer,
  bearerChallenge,
  startFaultyRegistry,
  type FaultyRegistry,
} from "../../testing/faulty-registry.ts";
import { findCredentials } from "../credentials/look-up.ts";
import { login } from "./login.ts";
import { logout } from "./logout.ts";

const PASSWORD = "c4n4ry:s3cret";
const user = { username: "someone", password: PASSWORD };
const AUTH = Buffer.from(`someone:${PASSWORD}`).toString("base64");

let registry: FaultyRegistry;
let host: string;
let home: string;
let config: string;
beforeEach(async () => {
  registry = await startFaultyRegistry();
  host = registry.host;
  home = mkdtempSync(join(tmpdir(), "oci-kit-login-"));
  config = join(home, ".docker/config.json");
  // Asks for a password, and takes the right one.
  registry.rule({
    on: "GET /v2/",
    reply: ({ headers }) =>
      headers["authorization"] === `Basic ${AUTH}`
        ? answer(200)
        : answer(401, { "www-authenticate": 'Basic realm="r"' }),
  });
});
afterEach(async () => {
  await registry.close();
  rmSync(home, { recursive: true });
});

const environment = (more: Readonly<Record<string, string>> = {}) => ({
  HOME: home,
  XDG_RUNTIME_DIR: join(home, "run"),
  PATH: `${join(home, "bin")}:${process.env["PATH"] ?? ""}`,
  ...more,
});

function logIn(place = host, given = user, more = {}): ReturnType<typeof login> {
  return login(place, given, { environment: environment(more), retry: { attempts: 1 } });
}

function write(file: string, value: unknown): void {
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, JSON.stringify(value));
}
const read = (file: string): unknown => JSON.parse(readFileSync(file, "utf8"));

describe("login", () => {
  it("checks the password, keeps it in docker's file, and says where", async () => {
    const done = await logIn();
    expect(done).toEqual({ registry: host, username: "someone", checked: true, file: config });
    expect(read(config)).toEqual({ auths: { [host]: { auth: AUTH } } });
    expect(await findCredentials(host, "a/b", environment())).toEqual(user);
  });

  it("keeps nothing when the registry refuses, and shows no password", async () => {
    const wrong = { username: "someone", password: "wr0ng-c4n4ry" };
    const failed = logIn(host, wrong);
    await expect(failed).rejects.toMatchObject({
      code: "unauthorized",
      hint: 'The credentials of "someone" were sent and refused. Are the user name and the password right?',
    });
    await expect(failed).rejects.not.toThrow(/wr0ng/);
    expect(existsSync(config)).toBe(false);
  });

  it("asks the token endpoint, where there is one, with no scope", async () => {
    registry.rule(
      {
        on: "GET /v2/",
        reply: ({ headers }) =>
          headers["authorization"] === "Bearer t"
            ? answer(200)
            : bearerChallenge(`http://${host}/token`),
      },
      { on: "GET /token?service=test", reply: answer(200, {}, '{"token":"t"}') },
    );
    expect((await logIn()).checked).toBe(true);
    expect(registry.requests[1]?.headers["authorization"]).toBe(`Basic ${AUTH}`);
    registry.rule({ on: /token/, reply: answer(401) });
    await expect(logIn()).rejects.toMatchObject({ code: "unauthorized" });
  });

  it("says that a registry which asks nobody could not check them", async () => {
    registry.rule({ on: "GET /v2/", reply: answer(200) });
    expect((await logIn()).checked).toBe(false);
    const reply = answer(401);
    registry.rule({ on: "GET /v2/", reply }, { on: "GET /v2/", times: 1, reply: answer(200) });
    await expect(logIn()).rejects.toMatchObject({ code: "unauthorized" });
  });

  it("for a path is kept for that path only: two accounts on one host", async () => {
    await logIn(`${host}/team`);
    const { file, path } = await logIn(`${host}/other/app/`);
    expect(path).toBe("other/app");
    expect(Object.keys((read(file) as { auths: object }).auths)).toEqual([
      `${host}/team`,
      `${host}/other/app`,
    ]);
    expect(await findCredentials(host, "team/x", environment())).toEqual(user);
    expect(await findCredentials(host, "third", environment())).toBeUndefined();
  });

  it("writes to the file that REGISTRY_AUTH_FILE or DOCKER_CONFIG names", async () => {
    const file = join(home, "x.json");
    expect((await logIn(host, user, { REGISTRY_AUTH_FILE: file })).file).toBe(file);
    const directory = join(home, "d");
    expect((await logIn(host, user, { DOCKER_CONFIG: directory })).file).toBe(
      join(directory, "config.json"),
    );
  });

  it("replaces what other spellings of the key and older logins left, and nothing else", async () => {
    write(config, {
      auths: {
        [`https://${host}/v2/`]: { auth: "b2xk" },
        [host]: { auth: "b2xk", identitytoken: "old", email: "me@example" },
        [`${host}/team`]: { auth: "b2xk" },
      },
      detachKeys: "ctrl-e",
    });
    await logIn();
    expect(read(config)).toEqual({
      auths: {
        [host]: { email: "me@example", auth: AUTH },
        [`${host}/team`]: { auth: "b2xk" },
      },
      detachKeys: "ctrl-e",
    });
  });

  it("keeps an identity token, the user being <token>", async () => {
    registry.rule(
      {
        on: "GET /v2/",
        reply: ({ headers }) =>
          headers["authorization"] === "Bearer t"
            ? answer(200)
            : bearerChallenge(`http://${host}/token`),
      },
      { on: "POST /token", reply: answer(200, {}, '{"access_token":"t"}') },
    );
    await logIn(host, { username: "<token>", password: "T0KEN" });
    const found = await findCredentials(host, "a", environment());
    expect(found).toMatchObject({ password: "", identityToken: "T0KEN" });
  });

  it("warns of a variable whose credentials go before those in the file", async () => {
    const other = { auths: { [host]: { username: "other", password: "p" } } };
    const variables = { DOCKER_AUTH_CONFIG: JSON.stringify(other) };
    expect((await logIn(host, user, variables)).usedInstead).toBe("$DOCKER_AUTH_CONFIG");
  });

  it.each([
    ["user:name", "p"],
    ["", "p"],
    ["user\n", "p"],
    ["user", ""],
    ["<token>", "two words"],
  ])("refuses the user name %j with the password %j", async (username, password) => {
    await expect(logIn(host, { username, password })).rejects.toMatchObject({
      code: "invalid-argument",
    });
    expect(registry.requests).toEqual([]);
  });
});

describe("login through a credential helper", () => {
  it("keeps the secret there, and an entry without it in the file", async () => {
    writeKeepingHelper(join(home, "bin"), "keep");
    write(config, { auths: { [host]: { auth: "b2xk" } }, credsStore: "keep" });
    expect(await logIn()).toMatchObject({ helper: "docker-credential-keep", file: config });
    expect(read(config)).toEqual({ auths: { [host]: {} }, credsStore: "keep" });
    expect(await findCredentials(host, "a", environment())).toEqual(user);
  });

  it("gives each path an address of its own", async () => {
    const { calls } = writeKeepingHelper(join(home, "bin"), "keep");
    write(config, { credHelpers: { [host]: "keep" } });
    await logIn(`${host}/team`);
    expect(calls()).toEqual([`store ${host}/team`]);
    expect(await findCredentials(host, "team/x", environment())).toEqual(user);
  });

  it("that fails keeps nothing in the file instead, and the error has no secret", async () => {
    writeHelper(join(home, "bin"), "bad", 'tee /dev/stderr; echo "locked"; exit 1');
    write(config, { credsStore: "bad" });
    const failed = logIn();
    await expect(failed).rejects.toThrow(/docker-credential-bad store .*locked/);
    await expect(failed).rejects.not.toThrow(/c4n4ry/);
    expect(read(config)).toEqual({ credsStore: "bad" });
  });
});

describe("logout", () => {
  const logOut = (place = host) => logout(place, { environment: environment() });

  it("erases from every file, under every spelling, and keeps the rest", async () => {
    const entry = { auth: AUTH };
    const auths = { [host]: entry, [`http://${host}/v1/`]: entry, "o.example": entry };
    write(config, { auths, detachKeys: "ctrl-e" });
    write(join(home, "run/containers/auth.json"), { auths: { [host]: entry } });
    write(join(home, ".dockercfg"), { [`https://${host}`]: entry, "o.example": entry });
    const { erased, remaining } = await logOut();
    expect(erased.map(({ file }) => file)).toEqual([
      config,
      join(home, "run/containers/auth.json"),
      join(home, ".dockercfg"),
    ]);
    expect(remaining).toEqual([]);
    expect(read(config)).toEqual({ auths: { "o.example": entry }, detachKeys: "ctrl-e" });
    expect(read(join(home, ".dockercfg"))).toEqual({ "o.example": entry });
    expect(await findCredentials(host, "a", environment())).toBeUndefined();
  });

  it("erases from the helper, and the entry in the file", async () => {
    const { calls } = writeKeepingHelper(join(home, "bin"), "keep");
    write(config, { credsStore: "keep" });
    await logIn();
    const { erased } = await logOut();
    expect(erased).toEqual([{ file: config, helper: "docker-credential-keep" }]);
    expect(calls().at(-1)).toBe(`erase ${host}`);
    expect(read(config)).toEqual({ auths: {}, credsStore: "keep" });
    expect((await logOut()).erased).toEqual([]);
  });

  it("says what stays: entries of other paths", async () => {
    await logIn();
    await logIn(`${host}/team`);
    expect((await logOut()).remaining).toEqual([{ file: config, key: `${host}/team` }]);
    expect((await logOut(`${host}/team`)).erased).toEqual([{ file: config }]);
  });

  it("of a registry that nobody logged in to erases nothing and makes no file", async () => {
    expect(await logOut("r.example")).toEqual({
      registry: "r.example",
      erased: [],
      remaining: [],
    });
    expect(existsSync(config)).toBe(false);
  });

  it("needs a store that is not on this machine only where the entry says that it has the secret", async () => {
    write(config, { auths: { [host]: { auth: AUTH } }, credsStore: "gone" });
    expect((await logOut("r.example")).erased).toEqual([]);
    expect((await logOut()).erased).toEqual([{ file: config }]);
    write(config, { auths: { [host]: {} }, credsStore: "gone" });
    await expect(logOut()).rejects.toThrow(/docker-credential-gone/);
  });
});
