// SPDX-License-Identifier: MIT
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  basic,
  CONTENT,
  DIGEST,
  INDEX,
  INDEX_TYPE,
  startGuarded,
  type GuardedRegistry,
} from "../../../test/fixtures/guarded-registry.ts";
import { issueToken, revokeTokens, type IssuedToken } from "./issued-token.ts";
import { signValue } from "./signed-text.ts";
import { tokenFileOf } from "./token-file.ts";

let registry: GuardedRegistry;
beforeEach(async () => {
  registry = await startGuarded();
});
afterEach(async () => {
  vi.useRealTimers();
  await registry.remove();
});

const issue = (life?: number): Promise<IssuedToken> =>
  issueToken({
    directory: registry.directory,
    life,
    grants: [
      { repository: "team/app", actions: ["pull", "push"] },
      { repository: "team/app-cache", actions: ["pull", "push"] },
    ],
  });
const asPassword = ({ token }: IssuedToken): string => basic("token", token);
const asBearer = ({ token }: IssuedToken): string => `Bearer ${token}`;

async function statusOf(header: string, repository = "team/app"): Promise<number> {
  const path = `/v2/${repository}/blobs/uploads/?digest=${DIGEST}`;
  return (await registry.ask(header, "POST", path, { body: CONTENT })).status;
}

describe("a build's token", () => {
  it("pushes to its own repository and its cache and nowhere else, in every form", async () => {
    const token = await issue();
    const session = await registry.session(
      asPassword(token),
      "repository:team/app:*",
      "repository:team/app-cache:*",
      "repository:other:pull,push",
    );
    for (const header of [asPassword(token), asBearer(token), session]) {
      expect(await statusOf(header)).toBe(201);
      expect(await statusOf(header, "team/app-cache")).toBe(201);
      for (const other of ["team/app/x", "team", "other", "team/app-cache2"]) {
        expect(await statusOf(header, other)).toBe(403);
      }
      const sent = { body: INDEX, headers: INDEX_TYPE };
      expect((await registry.ask(header, "PUT", "/v2/other/manifests/1", sent)).status).toBe(403);
      const gone = await registry.ask(header, "DELETE", `/v2/team/app/blobs/${DIGEST}`);
      expect(gone.status).toBe(403);
      const mount = `/v2/team/app/blobs/uploads/?mount=${DIGEST}&from=other`;
      expect((await registry.ask(header, "POST", mount)).status).toBe(202);
    }
  });

  it("is named in the log by its id, never by itself", async () => {
    const token = await issue();
    await statusOf(asPassword(token), "other");
    expect(registry.events).toMatchObject([{ user: `token:${token.id}`, status: 403 }]);
    expect(JSON.stringify(registry.events)).not.toContain(token.token);
  });

  it("ends at its time, with its sessions", async () => {
    const token = await issue(60);
    const session = await registry.session(asBearer(token), "repository:team/app:push");
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 61_000 });
    for (const header of [asPassword(token), asBearer(token), session]) {
      expect(await statusOf(header)).toBe(401);
    }
  });

  it("ends when it is revoked, by its id or itself, while others go on", async () => {
    const { directory } = registry;
    const [first, second, third] = [await issue(), await issue(), await issue()];
    const session = await registry.session(asBearer(first), "repository:team/app:push");
    await revokeTokens({ directory, token: first.id });
    await revokeTokens({ directory, token: second.token });
    for (const header of [asBearer(first), asPassword(second), session]) {
      expect(await statusOf(header)).toBe(401);
    }
    expect(await statusOf(asBearer(third))).toBe(201);
    await revokeTokens({ directory });
    expect(await statusOf(asBearer(third))).toBe(401);
    expect(await statusOf(asBearer(await issue()))).toBe(201);
  });

  it.each([
    ["of another key", (claims: object) => signValue("okt_", claims, new Uint8Array(32))],
    ["whose end was moved", (_: object, token: string) => moveEnd(token)],
    ["without a signature", (_: object, token: string) => token.split(".")[0]!],
    ["cut short", (_: object, token: string) => token.slice(0, -1)],
    ["signed as a session", (_: object, token: string) => token.replace("okt_", "oks_")],
  ])("%s is refused", async (_, forge) => {
    const { token, ...claims } = await issue();
    const header = `Bearer ${forge(claims, token)}`;
    expect(await statusOf(header)).toBe(401);
    expect((await registry.ask(header, "GET", "/token")).status).toBe(401);
  });
});

function moveEnd(token: string): string {
  const [head = "", mac] = token.slice("okt_".length).split(".");
  const claims = JSON.parse(Buffer.from(head, "base64url").toString()) as object;
  const moved = JSON.stringify({ ...claims, until: 9e9 });
  return `okt_${Buffer.from(moved).toString("base64url")}.${mac}`;
}

describe("the file of a registry's tokens", () => {
  it("is beside the directory, and only its owner can read it", async () => {
    await issue();
    const file = tokenFileOf(registry.directory);
    expect(file).toBe(`${registry.directory}.tokens.json`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("keeps its key when many tokens are issued at once", async () => {
    const tokens = await Promise.all(Array.from({ length: 8 }, () => issue()));
    for (const token of tokens) expect(await statusOf(asBearer(token))).toBe(201);
  });

  it("that is damaged refuses every token and is replaced only by a new key", async () => {
    const { directory } = registry;
    const token = await issue();
    const file = tokenFileOf(directory);
    writeFileSync(file, readFileSync(file).subarray(0, 20));
    expect(await statusOf(asBearer(token))).toBe(500);
    await expect(issue()).rejects.toMatchObject({ code: "invalid-json" });
    await revokeTokens({ directory });
    expect(await statusOf(asBearer(await issue()))).toBe(201);
    rmSync(file);
    expect(await statusOf(asBearer(token))).toBe(401);
  });

  it("takes no token that allows nothing, or something that is none", async () => {
    const { directory } = registry;
    await expect(issueToken({ directory, grants: [] })).rejects.toThrow("got nothing");
    const grants = [{ repository: "A", actions: [] }];
    await expect(issueToken({ directory, grants })).rejects.toThrow("a pattern");
    await expect(revokeTokens({ directory, token: "hunter2" })).rejects.not.toThrow("hunter2");
  });
});
