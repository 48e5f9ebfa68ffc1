// SPDX-License-Identifier: MIT
import { chmodSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestBytes } from "../../bytes/hash.ts";
import { connectRaw } from "../../testing/ask-raw.ts";
import { askRegistry } from "../../testing/ask-registry.ts";
import { serveRegistry, type RegistryServer } from "../serve.ts";

const LAYER = new Uint8Array(3_000_000).map((_, at) => (at * 7) % 253);
const DIGEST = digestBytes(LAYER);
const PATH = `/v2/a/blobs/${DIGEST}`;

let place: string;
let server: RegistryServer;
let file: string;
beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), "oci-kit-send-"));
  server = await serveRegistry({ directory: join(place, "r") });
  const push = `/v2/a/blobs/uploads/?digest=${DIGEST}`;
  expect((await askRegistry(server.url, "POST", push, LAYER)).status).toBe(201);
  file = join(place, "r", "blobs", ...DIGEST.split(":"));
  chmodSync(file, 0o644);
  // Longer than the steps in which the file system tells times.
  await new Promise((resolve) => setTimeout(resolve, 150));
});
afterEach(async () => {
  await server.close();
  rmSync(place, { recursive: true });
});

const pull = async (): Promise<string> =>
  digestBytes((await askRegistry(server.url, "GET", PATH)).body);

describe("a blob that was just pulled and verified", () => {
  it("is sent again, whole and in parts, the same bytes", async () => {
    for (let again = 0; again < 3; again += 1) expect(await pull()).toBe(DIGEST);
    const range = { range: "bytes=299999-2600000" };
    const { status, body } = await askRegistry(server.url, "GET", PATH, undefined, range);
    expect(status).toBe(206);
    expect(digestBytes(body)).toBe(digestBytes(LAYER.subarray(299_999, 2_600_001)));
  });

  it.each([
    ["one byte was changed and the times were put back", damageOneByte],
    ["another file took its place", replaceFile],
    ["it was cut short", () => writeFileSync(file, LAYER.subarray(0, 1_000_000))],
  ])("is never sent whole once %s", async (_, damage) => {
    expect(await pull()).toBe(DIGEST);
    damage();
    await expect(pull()).rejects.toThrow();
  });

  it("is never sent whole when it is changed while it is sent", async () => {
    const large = new Uint8Array(24 * 1024 * 1024);
    const digest = digestBytes(large);
    const push = `/v2/a/blobs/uploads/?digest=${digest}`;
    await askRegistry(server.url, "POST", push, large);
    await new Promise((resolve) => setTimeout(resolve, 150));
    const path = `/v2/a/blobs/${digest}`;
    await askRegistry(server.url, "GET", path);
    const connection = await connectRaw(server);
    connection.socket.pause();
    connection.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const stored = join(place, "r", "blobs", ...digest.split(":"));
    chmodSync(stored, 0o644);
    writeFileSync(stored, new Uint8Array(large.length).fill(1));
    connection.socket.resume();
    const answer = await connection.ended;
    expect(answer.slice(answer.indexOf("\r\n\r\n") + 4).length).toBeLessThan(large.length);
  });
});

function damageOneByte(): void {
  const bytes = readFileSync(file);
  bytes[1_500_000]! ^= 1;
  writeFileSync(file, bytes);
  utimesSync(file, 0, 0);
}

function replaceFile(): void {
  rmSync(file);
  writeFileSync(file, new Uint8Array(LAYER.length));
}
