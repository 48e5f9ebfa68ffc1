// SPDX-License-Identifier: MIT
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestBytes } from "../../bytes/hash.ts";
import { askRaw } from "../../testing/ask-raw.ts";
import { askRegistry } from "../../testing/ask-registry.ts";
import { serveRegistry } from "../serve.ts";
import type { RegistryServer, ServeOptions } from "../serve.ts";

let directory: string;
let server: RegistryServer;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "oci-kit-test-"));
  await start({});
});
afterEach(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

async function start(options: Partial<ServeOptions>): Promise<void> {
  server = await serveRegistry({ directory, ...options });
}

/** The status of the answer to a request with these header lines. */
async function statusOf(line: string, ...headers: readonly string[]): Promise<number> {
  const all = [`${line} HTTP/1.1`, "connection: close", ...headers, "", ""];
  const answer = await askRaw(server, all.join("\r\n"));
  return Number(/^HTTP\/1.1 (\d+) /.exec(answer)?.[1]);
}

const own = (): string => `127.0.0.1:${server.port}`;
const content = new TextEncoder().encode("pushed by a page");
const digest = digestBytes(content);

describe("a web page of another site", () => {
  it.each([
    { origin: "https://evil.example" },
    { origin: "http://localhost:1" },
    { origin: "null" },
    { origin: "" },
    { origin: "file://" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
  ])("can't push (%o)", async (headers) => {
    const path = `/v2/a/blobs/uploads/?digest=${digest}`;
    const answer = await askRegistry(server.url, "POST", path, content, headers);
    expect([answer.status, answer.code]).toEqual([403, "DENIED"]);
    expect(await readdir(join(directory, "blobs", "sha256"))).toEqual([]);
  });

  it("can't delete, read, or send a preflight request that succeeds", async () => {
    const path = `/v2/a/blobs/uploads/?digest=${digest}`;
    expect((await askRegistry(server.url, "POST", path, content)).status).toBe(201);
    const headers = { origin: "https://evil.example" };
    for (const method of ["DELETE", "GET", "HEAD"] as const) {
      const refused = await askRegistry(
        server.url,
        method,
        `/v2/a/blobs/${digest}`,
        undefined,
        headers,
      );
      expect(refused.status).toBe(403);
    }
    const preflight = [`Host: ${own()}`, "Origin: https://evil.example"];
    expect(await statusOf("OPTIONS /v2/", ...preflight)).toBe(403);
    expect((await askRegistry(server.url, "GET", `/v2/a/blobs/${digest}`)).status).toBe(200);
  });

  it("can't reach the registry by its own name resolving to this machine", async () => {
    expect(await statusOf("GET /v2/_catalog", "Host: evil.example")).toBe(421);
    const rebound = `evil.example:${server.port}`;
    expect(
      await statusOf("GET /v2/_catalog", `Host: ${rebound}`, `Origin: http://${rebound}`),
    ).toBe(421);
    expect(await statusOf(`GET http://${rebound}/v2/`, `Host: ${own()}`)).toBe(421);
    expect(await statusOf("DELETE /v2/a/blobs/x", "Host: 127.0.0.1.evil.example")).toBe(421);
    expect(await statusOf("GET /v2/", "Host: a b")).toBe(421);
    expect(await statusOf("GET /v2/", "Host: 192.168.1.7:5000")).toBe(421);
  });
});

describe("a registry on this machine", () => {
  it.each([
    "127.0.0.1",
    "localhost",
    "LOCALHOST:5000",
    "[::1]:5000",
    "127.9.9.9",
    "x.localhost",
    "registry:5000",
  ])("answers to %s", async (host) => {
    expect(await statusOf("GET /v2/", `Host: ${host}`)).toBe(200);
  });

  it("answers a page of its own, and a request with a whole URL as its target", async () => {
    expect(await statusOf("GET /v2/", `Host: ${own()}`, `Origin: http://${own()}`)).toBe(200);
    expect(await statusOf("GET /v2/", `Host: ${own()}`, "Sec-Fetch-Site: none")).toBe(200);
    expect(await statusOf(`GET http://${own()}/v2/`, "Host: whoever")).toBe(200);
  });

  it("answers under the names that it was given", async () => {
    await server.close();
    await start({ allowedHosts: ["host.docker.internal", "Registry.Example:5000"] });
    expect(await statusOf("GET /v2/", "Host: host.docker.internal:5000")).toBe(200);
    expect(await statusOf("GET /v2/", "Host: registry.example")).toBe(200);
    expect(await statusOf("GET /v2/", "Host: localhost")).toBe(200);
    expect(await statusOf("GET /v2/", "Host: evil.example")).toBe(421);
  });
});

it("a registry on all addresses answers under any name, or only under those that it was given", async () => {
  await server.close();
  const open = { host: "0.0.0.0", allowAnonymous: true, allowPlainHttp: true };
  await start(open);
  expect(await statusOf("GET /v2/", "Host: build-7.internal:5000")).toBe(200);
  await server.close();
  await start({ ...open, allowedHosts: ["build-7.internal"] });
  expect(await statusOf("GET /v2/", "Host: build-7.internal:5000")).toBe(200);
  expect(await statusOf("GET /v2/", "Host: evil.example")).toBe(421);
});

it.each(["gzip", "gzip, chunked", "chunked, chunked", "identity, chunked", "x"])(
  "a body in the transfer coding %s is never stored",
  async (coding) => {
    const body = `10\r\npushed by a page\r\n0\r\n\r\n`;
    const head = [
      `POST /v2/a/blobs/uploads/?digest=${digest} HTTP/1.1`,
      `Host: ${own()}`,
      `Transfer-Encoding: ${coding}`,
      "Connection: close",
      "",
      body,
    ];
    // What the HTTP parser itself refuses is answered with 400.
    expect(await askRaw(server, head.join("\r\n"))).toMatch(/^HTTP\/1.1 (501|400) /);
    expect(await readdir(join(directory, "blobs", "sha256"))).toEqual([]);
  },
);

it("an unknown transfer coding is answered with an error that says so", async () => {
  const head = `PUT /v2/a/manifests/1 HTTP/1.1\r\nHost: ${own()}\r\nTransfer-Encoding: gzip, chunked\r\n\r\n`;
  const answer = await askRaw(server, `${head}0\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1.1 501 /);
  expect(answer).toContain("expected the transfer coding chunked or none");
});
