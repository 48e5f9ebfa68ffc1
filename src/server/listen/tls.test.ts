// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeCertificate, type Pair } from "../../../test/fixtures/network/signed-certificates.ts";
import { digestBytes } from "../../bytes/hash.ts";
import { askRaw } from "../../testing/ask-raw.ts";
import { serveRegistry, type RegistryServer, type ServeOptions } from "../serve.ts";
import type { ServerEvent } from "./server-event.ts";

const HOSTS = ["localhost", "127.0.0.1"];

let place: string;
let first: Pair;
let server: RegistryServer | undefined;
let events: ServerEvent[];
beforeEach(async () => {
  place = mkdtempSync(join(tmpdir(), "oci-kit-tls-"));
  first = await makeCertificate(HOSTS);
  write(first);
  events = [];
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  rmSync(place, { recursive: true });
});

const cert = (): string => join(place, "cert.pem");
const key = (): string => join(place, "key.pem");
const write = (made: Pair): void => {
  writeFileSync(cert(), made.cert);
  writeFileSync(key(), made.key);
};
async function start(options: Partial<ServeOptions> = {}): Promise<RegistryServer> {
  server = await serveRegistry({
    directory: join(place, "registry"),
    tls: { cert: cert(), key: key() },
    onEvent: (event) => events.push(event),
    ...options,
  });
  return server;
}

/** Asks over a connection of its own, trusting only `made`. */
function ask({ port }: RegistryServer, made: Pair): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const options = { port, host: "localhost", path: "/v2/", ca: made.cert, agent: false };
    request(options, (answer) => {
      answer.resume();
      answer.on("end", () => resolve(answer.statusCode));
    })
      .on("error", reject)
      .end();
  });
}

describe("a registry with a certificate", () => {
  it("speaks https only, and says so in its address", async () => {
    const { url, port } = await start();
    expect(url).toBe(`https://127.0.0.1:${port}`);
    expect(await ask(server!, first)).toBe(200);
    expect(await askRaw(server!, "GET /v2/ HTTP/1.1\r\nhost: localhost\r\n\r\n")).not.toContain(
      "200",
    );
    expect(events).toMatchObject([{ kind: "connection-refused", reason: "a request without TLS" }]);
  });

  it("takes long bodies, and goes on with the connection", async () => {
    const { port } = await start();
    const layer = Buffer.alloc(5_000_000, 7);
    const socket = connectTls({ port, host: "localhost", ca: first.cert });
    const said = (): Promise<string> =>
      new Promise((resolve) => socket.once("data", (chunk: Buffer) => resolve(chunk.toString())));
    const path = `/v2/a/blobs/uploads/?digest=${digestBytes(layer)}`;
    const head = `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${layer.length}\r\n\r\n`;
    socket.write(head);
    socket.write(layer);
    expect(await said()).toMatch(/^HTTP\/1.1 201 /);
    socket.write("GET /v2/ HTTP/1.1\r\nhost: localhost\r\n\r\n");
    expect(await said()).toMatch(/^HTTP\/1.1 200 /);
    socket.destroy();
  });

  it("takes a new one when the files change, and keeps the old one until both are there", async () => {
    await start();
    const second = await makeCertificate(HOSTS);
    await later();
    writeFileSync(cert(), second.cert);
    expect(await ask(server!, first)).toBe(200);
    expect(events).toMatchObject([{ kind: "certificate-not-renewed" }]);
    await later();
    writeFileSync(key(), second.key);
    expect(await ask(server!, second)).toBe(200);
    await expect(ask(server!, first)).rejects.toThrow(/self-signed/);
  });

  it("does not start when the key belongs to another certificate, or is none", async () => {
    writeFileSync(key(), (await makeCertificate(HOSTS)).key);
    await expect(start()).rejects.toThrow(/expected a certificate in .*key values mismatch/);
    writeFileSync(key(), "not a key");
    await expect(start()).rejects.toMatchObject({ code: "invalid-argument" });
    rmSync(key());
    await expect(start()).rejects.toMatchObject({ code: "not-found" });
  });

  it("bounds the connections of one client as without it: idle ones make room, busy ones do not", async () => {
    await start({ limits: { clientConnections: 2 } });
    const open = (): Promise<TLSSocket> =>
      new Promise((resolve, reject) => {
        const options = { port: server!.port, host: "127.0.0.1", rejectUnauthorized: false };
        const socket = connectTls(options, () => resolve(socket));
        socket.on("error", reject);
      });
    const idle = [await open(), await open()];
    const closed = new Promise((resolve) => idle[0]!.once("close", resolve));
    expect(await ask(server!, first)).toBe(200);
    await closed;
    const busy = [await open(), await open()];
    const head =
      "POST /v2/a/blobs/uploads/ HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n";
    for (const socket of busy) {
      socket.write(head);
      const answer = await new Promise<string>((resolve) =>
        socket.once("data", (bytes: Buffer) => resolve(bytes.toString())),
      );
      const location = /location: (\S+)/i.exec(answer)![1]!;
      const patch = ["host: localhost", "content-length: 7", "expect: 100-continue", "", ""];
      socket.write([`PATCH ${location} HTTP/1.1`, ...patch].join("\r\n"));
      await new Promise((resolve) => socket.once("data", resolve));
    }
    await expect(ask(server!, first)).rejects.toThrow();
    for (const socket of [...idle, ...busy]) socket.destroy();
    await expect.poll(() => ask(server!, first).catch(() => undefined)).toBe(200);
  });
});

/** Longer than a registry goes without asking whether its certificate has changed. */
function later(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1_100));
}
