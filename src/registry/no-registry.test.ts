// SPDX-License-Identifier: MIT
import { createServer, type AddressInfo, type Server } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describe as describeBytes } from "../bytes/describe-content.ts";
import { readAll } from "../bytes/streams/read-all.ts";
import { MediaType } from "../oci/media-types.ts";
import {
  answer,
  bearerChallenge,
  startFaultyRegistry,
  type FaultyRegistry,
} from "../testing/faulty-registry.ts";
import { probeAccess } from "./doctor/read-probes.ts";
import { checkCredentials } from "./login/check-credentials.ts";
import { openRepository } from "./repository.ts";
import type { FindCredentials } from "./registry-options.ts";
import { openTransport } from "./transport/transport.ts";

const PAGE = answer(200, { "content-type": "text/html" }, "<!DOCTYPE html><h1>Sign in</h1>");
/** No credentials, wherever they might be. */
const NOBODY: FindCredentials = () => Promise.resolve(undefined);
const ONCE = { retry: { attempts: 1 } } as const;

let registry: FaultyRegistry;
const servers: Server[] = [];
beforeEach(async () => {
  registry = await startFaultyRegistry();
});
afterEach(async () => {
  await registry.close();
  for (const server of servers.splice(0)) server.close();
});

function open(): ReturnType<typeof openRepository> {
  const options = { ...ONCE, credentials: NOBODY };
  return openRepository({ registry: registry.host, repository: "a/b" }, options);
}

describe("a network whose login page answers everything", () => {
  const isRegistry = /Is 127\.0\.0\.1:\d+ a registry\?/;
  beforeEach(() => registry.rule({ on: /./, reply: PAGE }));

  it("is told apart from a registry by lists, manifests and what is pushed", async () => {
    const { digest } = describeBytes(MediaType.manifest, Buffer.from("{}"));
    const manifest = { mediaType: MediaType.manifest, digest, size: 2 };
    for (const ask of [
      () => open().resolve("v1"),
      () => readAll(open().fetch(manifest), 100, "manifest"),
      () => open().capabilities.tags(),
    ]) {
      const failed = Promise.resolve(ask());
      await expect(failed).rejects.toThrow("got a web page");
      await expect(failed).rejects.toMatchObject({
        hint: expect.stringMatching(isRegistry) as string,
      });
    }
  });

  it("takes no login: nothing would be known of the password", async () => {
    const user = { username: "me", password: "secret" };
    const failed = checkCredentials({ host: registry.host, path: "" }, user, ONCE);
    await expect(failed).rejects.toThrow("expected the answer of a registry, got a web page");
    expect(registry.requests.every(({ headers }) => !("authorization" in headers))).toBe(true);
  });

  it("is no registry for the doctor", async () => {
    const transport = openTransport(registry.host, { ...ONCE, credentials: NOBODY });
    const context = { transport, repository: "" } as Parameters<typeof probeAccess>[0];
    expect(await probeAccess(context, {})).toMatchObject([
      { name: "version", outcome: "no", detail: "http, status 200, a web page" },
    ]);
  });

  it("is told apart from a token endpoint", async () => {
    registry.rule(
      { on: /v2/, reply: bearerChallenge(`http://${registry.host}/token`) },
      { on: /token/, reply: PAGE },
    );
    await expect(open().resolve("v1")).rejects.toThrow(/"access_token", got a web page/);
  });
});

it("a list that is no object is none, rather than an empty one", async () => {
  registry.rule({ on: /./, reply: answer(200, {}, "[]") });
  await expect(open().capabilities.tags()).rejects.toThrow('expected "tags" to be a list');
});

describe("the hint for a status that no registry explains:", () => {
  it.each([
    ["GET", 404, "<html>404 Not Found</html>", /^Is .* a registry\?/],
    ["GET", 404, "{}", /^oci-kit tags/],
    ["GET", 400, "The plain HTTP request was sent to HTTPS port", /speaks https/],
    ["GET", 503, "", /is in trouble; try again later/],
    ["GET", 511, "<html>", /wants you to sign in/],
    ["PUT", 405, "", /may be read-only, or a cache of another registry/],
    ["PUT", 413, "", /takes no request as large as this/],
    ["PUT", 507, "", /is full/],
  ] as const)("%s, %d %j", async (method, status, words, hint) => {
    registry.rule({ on: /./, reply: answer(status, {}, words) });
    const bytes = Buffer.from("{}");
    const failed =
      method === "GET"
        ? open().resolve("v1")
        : open().push(describeBytes(MediaType.manifest, bytes), { open: () => once(bytes) });
    await expect(failed).rejects.toMatchObject({ hint: expect.stringMatching(hint) as string });
  });

  it("a success of another kind is told as such", async () => {
    registry.rule({ on: /./, reply: answer(204) });
    await expect(open().resolve("v1")).rejects.toThrow("expected status 200, got status 204");
  });
});

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  yield bytes;
}

async function listen(greeting: string): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined).write(greeting);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("who greets in another protocol, and then waits for us,", () => {
  it("is not waited for in place of a registry", async () => {
    const host = await listen("SSH-2.0-OpenSSH_9.2\r\n");
    const transport = openTransport(host, { ...ONCE, credentials: NOBODY, scheme: "http" });
    const request = { target: "/v2/", repository: "", scopes: [], expect: [200] } as const;
    for (const method of ["GET", "POST"] as const) {
      const failed = transport.send({ ...request, method });
      await expect(failed).rejects.toMatchObject({
        code: "unreachable",
        hint: expect.stringContaining("does not speak HTTP/1.1") as string,
      });
    }
    await transport.close();
  });

  it("is not waited for in place of a proxy", async () => {
    const proxy = new URL(`http://${await listen("220 mail.example ESMTP\r\n")}`);
    const failed = openTransport("r.example", { ...ONCE, proxy: () => proxy }).send({
      ...{ method: "GET", target: "/v2/", repository: "", scopes: [], expect: [200] },
    });
    await expect(failed).rejects.toThrow("expected an answer in HTTP, got something else");
  });
});

it("the failure of a place that a registry sends us to names the registry", async () => {
  const gone = await listen("");
  servers.pop()?.close();
  registry.rule({ on: /./, reply: answer(302, { location: `http://${gone}/login` }) });
  const told = `GET http://${gone}/login (${registry.host} sent us there): expected an answer`;
  await expect(open().resolve("v1")).rejects.toThrow(told);
});

it("what a proxy answers to a plain request is not told as the registry's alone", async () => {
  registry.rule({ on: /./, reply: answer(403, {}, "<h1>Forbidden</h1>") });
  const proxy = new URL(`http://${registry.host}`);
  const store = openRepository(
    { registry: "r.example", repository: "a/b" },
    { ...ONCE, credentials: NOBODY, scheme: "http", proxy: () => proxy },
  );
  await expect(store.resolve("v1")).rejects.toMatchObject({
    hint: `The proxy ${registry.host} may have answered instead: if r.example is reached without one, name it in NO_PROXY.`,
  });
});
