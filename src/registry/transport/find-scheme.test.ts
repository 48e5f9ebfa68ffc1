// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { makeCertificate } from "../../../test/fixtures/network/signed-certificates.ts";
import { serveRegistry, type ServerEvent } from "../../server/index.ts";
import { withLimits } from "../../oci/limits.ts";
import { openConnections } from "./connections.ts";
import { findScheme } from "./find-scheme.ts";

const running: { close(done?: () => void): unknown }[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await new Promise<void>((done) => void one.close(done));
});

async function listen(server: Server): Promise<string> {
  running.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function find(host: string, patience = 5_000): Promise<string | undefined> {
  const connections = openConnections(host, new URL(`http://${host}/`), {
    limits: withLimits({}),
    tls: () => ({}),
    proxy: () => undefined,
  });
  return findScheme(host, connections.dial, patience);
}

it.each<[string, TlsOptions]>([
  ["any version of TLS", {}],
  ["TLS 1.2 alone", { maxVersion: "TLSv1.2" }],
  ["TLS 1.3 alone", { minVersion: "TLSv1.3" }],
  ["ciphers that we do not", { ciphers: "ECDHE-ECDSA-CHACHA20-POLY1305", maxVersion: "TLSv1.2" }],
])("a server that speaks %s is found to speak https", async (_, options) => {
  const certificate = await makeCertificate(["127.0.0.1"]);
  expect(await find(await listen(createTlsServer({ ...certificate, ...options })))).toBe("https");
});

it.each([
  ["http", false],
  ["https", true],
] as const)(
  "the embedded registry is found to speak %s, and tells its operator of no failed request",
  async (scheme, isTls) => {
    const directory = mkdtempSync(join(tmpdir(), "oci-kit-scheme-"));
    const events: ServerEvent[] = [];
    const options = {
      directory: join(directory, "registry"),
      onEvent: (event: ServerEvent) => void events.push(event),
    };
    const server = await serveRegistry({
      ...options,
      ...(isTls && { tls: await certificateIn(directory) }),
    });
    expect(await find(`127.0.0.1:${server.port}`)).toBe(scheme);
    await server.close();
    rmSync(directory, { recursive: true });
    expect(events).toEqual([]);
  },
);

it.each<[string, (socket: Socket) => void]>([
  ["hangs up", (socket) => socket.destroy()],
  ["says something else", (socket) => socket.end("220 mail.example")],
  ["reads lines until an empty one", (socket) => awaitEmptyLine(socket)],
])("a server that %s is found to speak no TLS", async (_, serve) => {
  expect(await find(await listen(createServer((socket) => serve(socket.resume()))))).toBe("http");
});

it("a server that says nothing counts as one without TLS after a while", async () => {
  expect(await find(await listen(createServer((socket) => socket.resume())), 20)).toBe("http");
});

it("nothing is found out where nobody listens", async () => {
  const server = createServer();
  const host = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  running.length = 0;
  expect(await find(host)).toBeUndefined();
});

function awaitEmptyLine(socket: Socket): void {
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
    if (text.includes("\r\n\r\n")) socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
  });
}

async function certificateIn(directory: string): Promise<{ cert: string; key: string }> {
  const made = await makeCertificate(["127.0.0.1"]);
  const files = { cert: join(directory, "cert.pem"), key: join(directory, "key.pem") };
  writeFileSync(files.cert, made.cert);
  writeFileSync(files.key, made.key);
  return files;
}
