// SPDX-License-Identifier: MIT
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describe as describeBytes } from "../../bytes/describe-content.ts";
import { MediaType } from "../../oci/media-types.ts";
import {
  answer,
  bearerChallenge,
  startFaultyRegistry,
  type FaultyRegistry,
  type RecordedRequest,
  type Reply,
} from "../../testing/faulty-registry.ts";
import type { Credentials, FindCredentials } from "../registry-options.ts";
import { openRepository, type RepositoryStore } from "../repository.ts";
import { openTransport, type Transport } from "../transport/transport.ts";

let registry: FaultyRegistry;
let transport: Transport;
beforeEach(async () => {
  registry = await startFaultyRegistry();
});
afterEach(async () => {
  await transport.close();
  await registry.close();
});

const blob = describeBytes(MediaType.octetStream, new Uint8Array(3));
const USER = { username: "u", password: "p" };
const IDENTITY = { username: "", password: "", identityToken: "R0" };
const basic = (user: string): string => `Basic ${Buffer.from(user).toString("base64")}`;

/** Repositories of the registry, with a realm of this host, that share tokens. */
function open(
  credentials: Credentials | FindCredentials,
  realm = `http://${registry.host}/token`,
): (repository: string) => RepositoryStore {
  registry.rule({
    on: /^HEAD/,
    reply: ({ headers }) =>
      /^Bearer good/.test(headers["authorization"] ?? "") ? answer(200) : bearerChallenge(realm),
  });
  transport = openTransport(registry.host, { credentials, retry: { attempts: 1 } });
  return (repository) => openRepository({ registry: registry.host, repository }, { transport });
}

const token = (fields: object = {}): Reply =>
  answer(200, {}, JSON.stringify({ access_token: "good", ...fields }));

/** The requests for tokens: the method, and the form or the authorization. */
function asked(): string[] {
  return registry.requests
    .filter(({ path }) => path.startsWith("/token"))
    .map(({ method, body, headers }) =>
      method === "POST"
        ? `POST ${Buffer.from(body).toString()}`
        : `GET ${headers["authorization"] ?? "anonymous"}`,
    );
}

/** The refresh token of a request by POST. */
function refreshOf({ body }: RecordedRequest): string | null {
  return new URLSearchParams(Buffer.from(body).toString()).get("refresh_token");
}

describe("an identity token", () => {
  const posted =
    "POST grant_type=refresh_token&client_id=oci-kit&refresh_token=R0&service=test&scope=repository%3Aa%2Fb%3Apull";

  it("is sent by POST, in the body", async () => {
    registry.rule({ on: "POST /token", reply: token() });
    expect(await open(IDENTITY)("a/b").exists(blob)).toBe(true);
    expect(asked()).toEqual([posted]);
  });

  it.each([404, 405, 401, 400, 501])(
    "is sent by GET where POST is answered with %i",
    async (status) => {
      registry.rule({ on: "POST /token", reply: answer(status) }, { on: /^GET/, reply: token() });
      expect(await open(IDENTITY)("a/b").exists(blob)).toBe(true);
      expect(asked()).toEqual([posted, `GET ${basic(":R0")}`]);
    },
  );

  it("gives way to the password beside it where there is no POST", async () => {
    registry.rule({ on: "POST /token", reply: answer(405) }, { on: /^GET/, reply: token() });
    expect(await open({ ...IDENTITY, ...USER })("a/b").exists(blob)).toBe(true);
    expect(asked()).toEqual([posted, `GET ${basic("u:p")}`]);
  });

  it("that is refused by both is an error with what was said of the POST", async () => {
    const expired = answer(401, {}, '{"errors":[{"code":"UNAUTHORIZED","message":"expired"}]}');
    registry.rule({ on: "POST /token", reply: expired }, { on: /^GET/, reply: answer(401) });
    const failed = open(IDENTITY)("a/b").exists(blob);
    await expect(failed).rejects.toMatchObject({
      code: "unauthorized",
      message: expect.stringMatching(/^POST .*expired/) as unknown,
      hint: expect.stringContaining(
        "The credentials of an identity token were sent and refused",
      ) as unknown,
    });
  });

  it("is no password: a registry that asks for one gets none", async () => {
    const store = open(IDENTITY)("a/b");
    const challenge = answer(401, { "www-authenticate": 'Basic realm="r"' });
    registry.rule({ on: /^HEAD/, reply: challenge });
    await expect(store.exists(blob)).rejects.toMatchObject({
      hint: expect.stringMatching(
        /an identity token are of a kind that .* does not ask for/,
      ) as unknown,
    });
    expect(registry.requests).toHaveLength(1);
  });
});

it.each([-86_400_000, 86_400_000])(
  "a token lives from when it came, though the endpoint's clock is %d ms from ours",
  async (skew) => {
    const issued_at = new Date(Date.now() + skew).toISOString();
    registry.rule({ on: /^GET \/token/, reply: token({ issued_at, expires_in: 300 }) });
    const at = open(USER);
    for (let time = 0; time < 3; time += 1) expect(await at("a").exists(blob)).toBe(true);
    expect(asked()).toHaveLength(1);
  },
);

describe("a refresh token that an answer brings", () => {
  it("is used for what is asked next, and so is the one after it", async () => {
    registry.rule(
      { on: /^GET \/token/, times: 1, reply: token({ refresh_token: "R1" }) },
      {
        on: "POST /token",
        reply: (request) =>
          refreshOf(request) === "R1" ? token({ refresh_token: "R2" }) : token(),
      },
    );
    const at = open(USER);
    for (const name of ["a", "b", "c"]) expect(await at(name).exists(blob)).toBe(true);
    expect(asked()[0]).toBe(`GET ${basic("u:p")}`);
    expect(asked().slice(1)).toEqual([
      expect.stringContaining("refresh_token=R1"),
      expect.stringContaining("refresh_token=R2"),
    ]);
  });

  it("gives way to the credentials when it is refused", async () => {
    registry.rule(
      { on: /^GET \/token/, reply: token({ refresh_token: "R1" }) },
      { on: "POST /token", reply: answer(403) },
    );
    const at = open(USER);
    for (const name of ["a", "b"]) expect(await at(name).exists(blob)).toBe(true);
    expect(asked().map((line) => line.slice(0, 4))).toEqual(["GET ", "POST", "GET "]);
  });
});

describe("two accounts on one host", () => {
  it("have tokens of their own, for the same scopes too", async () => {
    registry.rule({
      on: /^GET \/token/,
      reply: ({ headers }) =>
        token({ access_token: `good-${Buffer.from(headers["authorization"]!).toString("hex")}` }),
    });
    let current = "first";
    const at = open((_, repository) =>
      Promise.resolve({ username: repository === "a/b" ? current : "other", password: "p" }),
    );
    await at("a/b").exists(blob);
    await at("c/d").exists(blob);
    current = "second";
    await at("a/b").exists(blob);
    expect(asked()).toEqual([`GET ${basic("first:p")}`, `GET ${basic("other:p")}`]);
    const sent = registry.requests.filter(({ method }) => method === "HEAD");
    expect(new Set(sent.map(({ headers }) => headers["authorization"])).size).toBe(3);
  });
});

describe("credentials that were good once", () => {
  it("are looked for again when the token endpoint refuses them, because a helper's expire", async () => {
    let password = "old";
    registry.rule({
      on: /^GET \/token/,
      reply: ({ headers }) =>
        headers["authorization"] === basic(`u:${password}`)
          ? token({ access_token: `good-${password}` })
          : answer(401),
    });
    const at = open(() => Promise.resolve({ username: "u", password }));
    await at("a").exists(blob);
    password = "new";
    registry.rule({
      on: /^HEAD/,
      times: 1,
      reply: bearerChallenge(`http://${registry.host}/token`),
    });
    expect(await at("a").exists(blob)).toBe(true);
    expect(asked()).toEqual(["u:old", "u:old", "u:new"].map((user) => `GET ${basic(user)}`));
  });

  it("are looked for again when the registry refuses them as a password", async () => {
    let password = "old";
    const store = open(() => Promise.resolve({ username: "u", password }))("a");
    registry.rule({
      on: /^HEAD/,
      reply: ({ headers }) =>
        headers["authorization"] === basic(`u:${password}`)
          ? answer(200)
          : answer(401, { "www-authenticate": 'Basic realm="r"' }),
    });
    expect(await store.exists(blob)).toBe(true);
    password = "new";
    expect(await store.exists(blob)).toBe(true);
  });
});

it("a token that many requests at once find refused is renewed once", async () => {
  let valid = "good1";
  let count = 1;
  registry.rule({ on: /^GET \/token/, reply: () => token({ access_token: `good${count}` }) });
  const store = open(USER)("a");
  registry.rule({
    on: /^HEAD/,
    reply: ({ headers }) =>
      headers["authorization"] === `Bearer ${valid}`
        ? answer(200)
        : bearerChallenge(`http://${registry.host}/token`),
  });
  await store.exists(blob);
  [valid, count] = ["good2", 2];
  await Promise.all(Array.from({ length: 8 }, () => store.exists(blob)));
  expect(asked()).toHaveLength(2);
});

it("a registry token is sent as it is, and no endpoint is asked", async () => {
  const at = open({ username: "", password: "", registryToken: "good-as-it-is" });
  expect(await at("a").exists(blob)).toBe(true);
  expect(asked()).toEqual([]);
});

it.each([USER, IDENTITY])(
  "a token endpoint on another host gets no credentials in plain http",
  async (credentials) => {
    const failed = open(credentials, "http://192.0.2.1/token")("a").exists(blob);
    await expect(failed).rejects.toMatchObject({ code: "redirect-refused" });
    await expect(failed).rejects.toThrow("expected https, because credentials go there");
  },
);
