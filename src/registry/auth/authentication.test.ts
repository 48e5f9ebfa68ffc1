// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describe as describeBytes } from "../../bytes/describe-content.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import { MediaType } from "../../oci/media-types.ts";
import { answer, bearerChallenge, startFaultyRegistry } from "../../testing/faulty-registry.ts";
import type { FaultyRegistry, RecordedRequest, Reply } from "../../testing/faulty-registry.ts";
import { openRepository } from "../repository.ts";
import type { RepositoryStore } from "../repository.ts";
import { openTransport } from "../transport/transport.ts";

let registry: FaultyRegistry;
let other: FaultyRegistry;
beforeEach(async () => {
  registry = await startFaultyRegistry();
  other = await startFaultyRegistry();
});
afterEach(async () => {
  await registry.close();
  await other.close();
});

const credentials = { username: "u", password: "s3cret" };
const basic = "Basic dTpzM2NyZXQ=";
const content = new Uint8Array(1_000).fill(1);
const blob = describeBytes(MediaType.octetStream, content);
const path = `/v2/a/b/blobs/${blob.digest}`;

function open(repository = "a/b"): RepositoryStore {
  const retry = { attempts: 2, delay: 1 };
  return openRepository({ registry: registry.host, repository }, { credentials, retry });
}

/** Gives the reply to requests with this authorization, and challenges all others. */
function guard(authorization: string, challenge: Reply, reply: Reply) {
  return ({ headers }: RecordedRequest): Reply =>
    headers["authorization"] === authorization ? reply : challenge;
}

describe("basic authentication", () => {
  it("is sent once the registry asks for it, and with every request after that", async () => {
    const challenge = answer(401, { "www-authenticate": 'Basic realm="r"' });
    registry.rule({ on: /^HEAD/, reply: guard(basic, challenge, answer(200)) });
    const store = open();
    expect(await store.exists(blob)).toBe(true);
    expect(await store.exists(blob)).toBe(true);
    expect(registry.requests.map(({ headers }) => headers["authorization"])).toEqual([
      undefined,
      basic,
      basic,
    ]);
  });

  it("is not sent again after the registry refused it", async () => {
    const challenge = answer(401, { "www-authenticate": 'Basic realm="r"' });
    registry.rule({ on: /^HEAD/, reply: challenge });
    const failed = open().exists(blob);
    await expect(failed).rejects.toMatchObject({ code: "unauthorized", status: 401 });
    await expect(failed).rejects.not.toThrow(/s3cret|dTpz/);
    expect(registry.requests).toHaveLength(2);
  });
});

describe("bearer authentication", () => {
  const challenge = (): Reply => bearerChallenge(`http://${registry.host}/token`);
  const token = (value: string): Reply => answer(200, {}, JSON.stringify({ token: value }));

  it("gets one token of the narrowest scope and uses it for many requests", async () => {
    registry.rule(
      { on: /^HEAD/, reply: guard("Bearer t1", challenge(), answer(200)) },
      { on: /^GET \/token/, reply: token("t1") },
    );
    const store = open();
    await Promise.all(Array.from({ length: 5 }, () => store.exists(blob)));
    await store.exists(blob);
    const asked = registry.requests.filter(({ method }) => method === "GET");
    expect(asked.map((request) => request.path)).toEqual([
      "/token?service=test&scope=repository%3Aa%2Fb%3Apull",
    ]);
    expect(asked[0]?.headers["authorization"]).toBe(basic);
  });

  it("gets a separate token for each kind of access", async () => {
    registry.rule(
      { on: /^GET \/token/, reply: ({ path: asked }) => token(encodeURIComponent(asked)) },
      { on: /^POST/, times: 1, reply: challenge() },
      { on: /^POST/, reply: answer(201) },
      { on: /^DELETE/, reply: answer(404) },
    );
    const transport = openTransport(registry.host, { credentials });
    const at = (repository: string): RepositoryStore =>
      openRepository({ registry: registry.host, repository }, { transport });
    expect(await at("a/b").capabilities.mount(blob, at("c/d"))).toBe(true);
    await at("a/b").capabilities.remove(blob.digest);
    const scopes = registry.requests
      .filter((request) => request.path.startsWith("/token"))
      .map((request) => new URL(request.path, "http://x").searchParams.getAll("scope"));
    expect(scopes).toEqual([
      ["repository:a/b:pull,push", "repository:c/d:pull"],
      ["repository:a/b:pull"],
      ["repository:a/b:delete"],
    ]);
    await transport.close();
  });

  it("gets a new token when the old one is refused, but only once", async () => {
    let count = 0;
    registry.rule(
      { on: /^HEAD/, reply: guard("Bearer t2", challenge(), answer(200)) },
      { on: /^GET \/token/, reply: () => token(`t${(count += 1)}`) },
    );
    const store = open();
    await expect(store.exists(blob)).rejects.toMatchObject({ code: "unauthorized" });
    expect(await store.exists(blob)).toBe(true);
    registry.rule({ on: /^HEAD/, reply: challenge() });
    await expect(store.exists(blob)).rejects.toMatchObject({ code: "unauthorized" });
    expect(count).toBe(3);
  });

  it("fails with a clear error when the token endpoint refuses the credentials or returns no token", async () => {
    registry.rule({ on: /^HEAD/, reply: challenge() });
    for (const reply of [
      answer(401),
      answer(403),
      answer(200, {}, "{}"),
      answer(200, {}, "<html>"),
    ]) {
      registry.rule({ on: /^GET \/token/, reply });
      const failed = open().exists(blob);
      await expect(failed).rejects.toMatchObject({ code: "unauthorized" });
      await expect(failed).rejects.not.toThrow(/s3cret/);
    }
  });

  it("does not follow redirects from the token endpoint, because the request carries credentials", async () => {
    registry.rule(
      { on: /^HEAD/, reply: challenge() },
      { on: /^GET \/token/, reply: answer(302, { location: `http://${other.host}/token` }) },
    );
    await expect(open().exists(blob)).rejects.toMatchObject({ status: 302 });
    expect(other.requests).toEqual([]);
  });

  it.each(["", "token", "file:///etc/passwd", "http://u:p@127.0.0.1/token"])(
    "rejects %j as the URL of a token endpoint",
    async (realm) => {
      registry.rule({ on: /^HEAD/, reply: bearerChallenge(realm) });
      await expect(open().exists(blob)).rejects.toThrow();
      expect(registry.requests).toHaveLength(1);
    },
  );

  it("stops reading a token answer at the limit", async () => {
    registry.rule(
      { on: /^HEAD/, reply: challenge() },
      { on: /^GET \/token/, reply: { kind: "endless", status: 200 } },
    );
    await expect(open().exists(blob)).rejects.toMatchObject({ code: "limit-exceeded" });
  });
});

describe("a redirect", () => {
  const known = answer(401, { "www-authenticate": 'Basic realm="r"' });
  const away = (): Reply => answer(307, { location: `http://${other.host}/cdn?sig=s1gned` });

  it("to another host is followed without credentials", async () => {
    registry.rule({ on: `GET ${path}`, reply: guard(basic, known, away()) });
    other.rule({ on: "GET /cdn?sig=s1gned", reply: answer(200, {}, content) });
    await readAll(open().fetch(blob), 1e6, "test");
    expect(other.requests).toHaveLength(1);
    expect(other.requests[0]?.headers["authorization"]).toBeUndefined();
    expect(other.requests[0]?.headers["cookie"]).toBeUndefined();
  });

  it("to another host that asks for a token gets none", async () => {
    registry.rule({ on: `GET ${path}`, reply: guard(basic, known, away()) });
    other.rule({ on: /./, reply: bearerChallenge(`http://${other.host}/token`) });
    const failed = readAll(open().fetch(blob), 1e6, "test");
    await expect(failed).rejects.toMatchObject({ code: "unauthorized" });
    await expect(failed).rejects.not.toThrow(/s1gned/);
    expect(other.requests.map((request) => request.path)).toEqual(["/cdn?sig=s1gned"]);
  });

  it("back from another host is followed without credentials too", async () => {
    registry.rule(
      { on: `GET ${path}`, reply: guard(basic, known, away()) },
      { on: "GET /back", reply: answer(200, {}, content) },
    );
    const back = { location: `http://${registry.host}/back` };
    other.rule({ on: /./, reply: answer(302, back) });
    await readAll(open().fetch(blob), 1e6, "test");
    expect(registry.requests.at(-1)?.path).toBe("/back");
    expect(registry.requests.at(-1)?.headers["authorization"]).toBeUndefined();
  });

  it("within the registry keeps the credentials", async () => {
    registry.rule(
      { on: `GET ${path}`, reply: guard(basic, known, answer(307, { location: "/here" })) },
      { on: "GET /here", reply: guard(basic, known, answer(200, {}, content)) },
    );
    await readAll(open().fetch(blob), 1e6, "test");
  });

  it("that never ends is given up", async () => {
    registry.rule({ on: /./, reply: answer(302, { location: path }) });
    const failed = open().exists(blob);
    await expect(failed).rejects.toMatchObject({ code: "redirect-refused" });
    expect(registry.requests).toHaveLength(11);
  });

  it.each([{}, { location: "http://" }, { location: "file:///etc/passwd" }])(
    "to %j is refused",
    async (headers) => {
      registry.rule({ on: /./, reply: answer(302, headers) });
      await expect(open().exists(blob)).rejects.toMatchObject({ code: "redirect-refused" });
    },
  );
});
