// SPDX-License-Identifier: MIT
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { PushedBytes } from "../../bytes/bytes.ts";
import { digestBytes } from "../../bytes/hash.ts";
import { openLayout } from "../../store/layout/layout.ts";
import { askRaw, connectRaw } from "../../testing/ask-raw.ts";
import type { RawConnection } from "../../testing/ask-raw.ts";
import { askRegistry } from "../../testing/ask-registry.ts";
import { boundConnections, clientOf } from "./client-connections.ts";
import { serveRegistry } from "../serve.ts";
import type { RegistryServer, ServeOptions } from "../serve.ts";
import type { ServerEvent } from "./server-event.ts";
import { openUploads, type Upload } from "../uploads.ts";

let directory: string;
let server: RegistryServer;
let events: ServerEvent[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "oci-kit-test-"));
  events = [];
});
afterEach(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

async function start(limits: ServeOptions["limits"]): Promise<void> {
  server = await serveRegistry({ directory, limits, onEvent: (event) => events.push(event) });
}

const content = new TextEncoder().encode("a layer");
const digest = digestBytes(content);

function pushed(bytes: Uint8Array): PushedBytes {
  return (take) => {
    take(bytes);
    return Promise.resolve();
  };
}

async function begin(): Promise<string> {
  const { status, headers } = await askRegistry(server.url, "POST", "/v2/a/blobs/uploads/");
  expect(status).toBe(202);
  return String(headers["location"]);
}

/** Starts a PATCH and waits until the server asks for its body. */
async function startPatch(location: string): Promise<RawConnection> {
  const connection = await connectRaw(server);
  const head = [`PATCH ${location} HTTP/1.1`, "host: localhost", "content-length: 7"];
  connection.write([...head, "expect: 100-continue", "", ""].join("\r\n"));
  await new Promise((resolve) => connection.socket.once("data", resolve));
  return connection;
}

describe("open uploads", () => {
  it("of one client do not block its next push: its oldest idle upload is dropped", async () => {
    await start({ clientUploads: 3 });
    const first = await begin();
    const second = await begin();
    await askRegistry(server.url, "PATCH", first, content.subarray(0, 2));
    for (let more = 0; more < 2; more += 1) await begin();
    expect((await askRegistry(server.url, "GET", second)).code).toBe("BLOB_UPLOAD_UNKNOWN");
    await askRegistry(server.url, "PATCH", first, content.subarray(2));
    const end = await askRegistry(server.url, "PUT", `${first}?digest=${digest}`);
    expect(end.status).toBe(201);
  });

  it("leave no files behind when they are dropped", async () => {
    await start({ clientUploads: 1 });
    const first = await begin();
    await askRegistry(server.url, "PATCH", first, content);
    const id = (location: string): string => location.split("/").at(-1)!;
    const files = async (): Promise<string> => (await readdir(directory)).join(" ");
    expect(await files()).toContain(id(first));
    const second = await begin();
    await expect.poll(files).not.toContain(id(first));
    const left = (await readdir(directory)).filter((name) => !name.includes(id(second))).sort();
    expect(left).toEqual(["blobs", "index.json", "oci-layout"]);
    expect(await files()).toContain(id(second));
  });

  it("make the client's next upload wait with 429 and Retry-After when none of them is idle", async () => {
    await start({ clientUploads: 1 });
    const location = await begin();
    const busy = await startPatch(location);
    const refused = await askRegistry(server.url, "POST", "/v2/a/blobs/uploads/");
    expect([refused.code, refused.headers["retry-after"]]).toEqual(["TOOMANYREQUESTS", "10"]);
    busy.write("a layer");
    const end = askRegistry(server.url, "PUT", `${location}?digest=${digest}`);
    busy.socket.end();
    await busy.ended;
    expect([201, 409]).toContain((await end).status);
  });

  it("of the busiest client are dropped for another client when the total is too large", async () => {
    await start({});
    const { capabilities } = await openLayout(directory);
    const uploads = openUploads(capabilities.uploads, { openUploads: 4, clientUploads: 4 });
    const begin = (client: string): Promise<Upload> => uploads.begin("a", client);
    const many = [await begin("10.0.0.1"), await begin("10.0.0.1"), await begin("10.0.0.1")];
    const one = await begin("10.0.0.2");
    await many[0]!.receive(pushed(content));
    await begin("10.0.0.3");
    expect(() => uploads.find("a", many[1]!.id)).toThrow(/no upload/);
    for (const kept of [many[0]!, many[2]!, one]) expect(uploads.find("a", kept.id)).toBe(kept);
    await uploads.close();
  });
});

describe("an upload that is not continued for an hour", () => {
  afterEach(() => vi.useRealTimers());

  it("ends, with its file, and one that is continued meanwhile stays", async () => {
    await start({});
    const { capabilities } = await openLayout(directory);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const uploads = openUploads(capabilities.uploads, { openUploads: 4, clientUploads: 4 });
    const left = await uploads.begin("a", "10.0.0.1");
    const continued = await uploads.begin("a", "10.0.0.1");
    vi.advanceTimersByTime(59 * 60_000);
    await continued.receive(pushed(content));
    vi.advanceTimersByTime(2 * 60_000);
    expect(() => uploads.find("a", left.id)).toThrow(/no upload/);
    expect(uploads.find("a", continued.id)).toBe(continued);
    const names = (await readdir(directory)).join(" ");
    expect(names).toContain(continued.id);
    expect(names).not.toContain(left.id);
    await uploads.close();
  });
});

describe("connections", () => {
  it("are closed when the head of a request never ends", async () => {
    await start({ headTimeout: 100 });
    const slow = await connectRaw(server);
    slow.write("GET /v2/ HTTP/1.1\r\nhost: localhost\r\n");
    const drip = setInterval(() => slow.write("x: y\r\n"), 5);
    expect(await slow.ended).toMatch(/^HTTP\/1.1 408 /);
    clearInterval(drip);
    expect(events).toContainEqual({
      kind: "connection-refused",
      client: "127.0.0.1",
      reason: "the head of a request came too slowly",
    });
  });

  it("of one client that are idle make room for its next connection", async () => {
    await start({ clientConnections: 2 });
    const idle: RawConnection[] = [];
    for (let more = 0; more < 2; more += 1) {
      const connection = await connectRaw(server);
      connection.write("GET /v2/ HTTP/1.1\r\n");
      idle.push(connection);
    }
    const head = "GET /v2/ HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    expect(await askRaw(server, head)).toMatch(/^HTTP\/1.1 200 /);
    expect(await idle[0]!.ended).toBe("");
    idle[1]!.socket.destroy();
  });

  it("of one client that are all at work make the server refuse its next connection", async () => {
    await start({ clientConnections: 1, clientUploads: 10 });
    const busy = await startPatch(await begin());
    expect(await askRaw(server, "")).toMatch(/^HTTP\/1.1 429 /);
    expect(events.some(({ kind }) => kind === "connection-refused")).toBe(true);
    busy.socket.destroy();
  });

  it("are counted per client", () => {
    expect(clientOf("::ffff:10.0.0.1")).toBe("10.0.0.1");
    expect(clientOf("2001:db8:1:2:3:4:5:6")).toBe(clientOf("2001:db8:1:2::9"));
    expect(clientOf("2001:db8::1")).not.toBe(clientOf("2001:db8:0:1::1"));
    expect(clientOf("fe80::1%eth0")).toBe("fe80:0:0:0");
    expect(clientOf("::1")).toBe("0:0:0:0");
    expect(boundConnections(1)).toBeDefined();
  });
});

describe("a body", () => {
  const impatient = { idleTimeout: 40, leastRate: 100_000 };

  it.each([
    ["of a blob", "POST", `/v2/a/blobs/uploads/?digest=${digest}`],
    ["of a manifest", "PUT", "/v2/a/manifests/1"],
  ])("%s that arrives far too slowly is given up", async (_, method, path) => {
    await start(impatient);
    const slow = await connectRaw(server);
    slow.write(`${method} ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100000\r\n\r\n`);
    const drip = setInterval(() => slow.write("x"), 1);
    expect(await slow.ended).toMatch(/^HTTP\/1.1 408 /);
    clearInterval(drip);
  });

  it("is given up when the client reads it far too slowly", async () => {
    await start({});
    const large = new Uint8Array(24 * 1024 * 1024);
    const name = digestBytes(large);
    await askRegistry(server.url, "POST", `/v2/a/blobs/uploads/?digest=${name}`, large);
    await server.close();
    await start({ idleTimeout: 50, leastRate: 1e9 });
    const lazy = await connectRaw(server);
    lazy.socket.pause();
    lazy.write(`GET /v2/a/blobs/${name} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
    await expect
      .poll(() => events)
      .toContainEqual(
        expect.objectContaining({ kind: "request-failed", method: "GET", status: undefined }),
      );
    lazy.socket.destroy();
  });
});
