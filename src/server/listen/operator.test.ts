// SPDX-License-Identifier: MIT
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestBytes } from "../../bytes/hash.ts";
import { MediaType } from "../../oci/media-types.ts";
import { askRaw } from "../../testing/ask-raw.ts";
import { askRegistry } from "../../testing/ask-registry.ts";
import { serveRegistry } from "../serve.ts";
import type { RegistryServer } from "../serve.ts";
import type { ServerEvent } from "./server-event.ts";

let directory: string;
let server: RegistryServer;
let events: ServerEvent[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "oci-kit-test-"));
  events = [];
  server = await serveRegistry({ directory, onEvent: (event) => events.push(event) });
});
afterEach(async () => {
  await server.close();
  await chmod(directory, 0o755);
  await rm(directory, { recursive: true });
});

const content = new TextEncoder().encode("a layer");
const digest = digestBytes(content);
const blobPath = `/v2/a/blobs/${digest}`;
const upload = `/v2/a/blobs/uploads/?digest=${digest}`;

describe("the operator of a registry", () => {
  it("learns of each request that failed, and of no other", async () => {
    await askRegistry(server.url, "POST", upload, content);
    await askRegistry(server.url, "GET", blobPath);
    await askRegistry(server.url, "HEAD", `/v2/a/blobs/sha256:${"0".repeat(64)}`);
    expect(events).toEqual([]);
    await askRegistry(server.url, "PUT", "/v2/a/manifests/1?x=y", "{");
    expect(events).toEqual([
      {
        kind: "request-failed",
        client: "127.0.0.1",
        method: "PUT",
        target: "/v2/a/manifests/1?x=y",
        status: 400,
        code: "MANIFEST_INVALID",
        reason: expect.stringContaining("expected a manifest or an index") as string,
      },
    ]);
  });

  it("learns the system's error where the client is only told that the request failed", async () => {
    await rm(join(directory, "index.json"));
    await writeFile(join(directory, "index.json"), "{");
    const answer = await askRegistry(server.url, "GET", "/v2/a/tags/list");
    expect([answer.status, answer.text]).toEqual([
      500,
      '{"errors":[{"code":"UNKNOWN","message":"the registry could not do this"}]}',
    ]);
    expect(events[0]).toMatchObject({
      status: 500,
      reason: expect.stringMatching(/JSON/) as string,
    });
  });

  it("learns of an answer that broke off, and of a connection that sent no valid request", async () => {
    await askRegistry(server.url, "POST", upload, content);
    const file = join(directory, "blobs", ...digest.split(":"));
    await rm(file);
    await writeFile(file, new Uint8Array(content.length));
    await expect(askRegistry(server.url, "GET", blobPath)).rejects.toThrow();
    await expect.poll(() => events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      kind: "request-failed",
      status: undefined,
      code: "CONNECTION_LOST",
      reason: expect.stringMatching(/^digest-mismatch: /) as string,
    });
    expect(await askRaw(server, "nonsense\r\n\r\n")).toMatch(/^HTTP\/1.1 400 /);
    expect(events[1]).toMatchObject({ kind: "connection-refused", client: "127.0.0.1" });
  });
});

describe("a client", () => {
  const json = { "content-type": MediaType.manifest };
  it.each([
    ["GET", blobPath],
    ["GET", "/v2/a/manifests/1"],
    ["GET", `/v2/a/manifests/${digest}`],
    ["GET", "/v2/a/tags/list"],
    ["DELETE", blobPath],
    ["DELETE", "/v2/a/manifests/1"],
    ["GET", "/v2/a/blobs/uploads/x"],
    ["POST", upload],
    ["PUT", "/v2/a/manifests/1"],
    ["GET", "/v2/%00/tags/list"],
    ["GET", "/v2/../etc/passwd"],
  ] as const)("never learns a path of this machine from %s %s", async (method, path) => {
    const sound = await askRegistry(server.url, method, path, bodyFor(method), json);
    // Nor when the layout itself is damaged.
    await rm(join(directory, "blobs"), { recursive: true });
    await writeFile(join(directory, "blobs"), "");
    const damaged = await askRegistry(server.url, method, path, bodyFor(method), json);
    for (const { text, status } of [sound, damaged]) {
      expect(status).toBeGreaterThanOrEqual(400);
      expect(text).not.toContain(directory);
      expect(text).not.toMatch(/oci-kit-test|\/tmp|blobs\/sha256\/|index\.json/);
    }
  });

  function bodyFor(method: string): string | undefined {
    return method === "POST" || method === "PUT" ? "wrong bytes" : undefined;
  }
});
