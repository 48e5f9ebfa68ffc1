// SPDX-License-Identifier: MIT
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  bearerChallenge,
  startFaultyRegistry,
  type FaultyRegistry,
  type Reply,
} from "../../testing/faulty-registry.ts";
import { openRepository, type RegistryOptions, type RepositoryStore } from "../repository.ts";

const running: Server[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of running.splice(0)) await new Promise((done) => server.close(done));
});

/** A server that answers each connection so, once it has said something. */
async function listen(serve: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    sockets.push(socket.on("error", () => undefined));
    socket.once("data", () => serve(socket));
  });
  running.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function open(host: string, options: RegistryOptions = {}): RepositoryStore {
  return openRepository(
    { registry: host, repository: "a/b" },
    {
      ...{ scheme: "http", proxy: false, tls: {}, retry: { attempts: 1 } },
      credentials: () => Promise.resolve(undefined),
      ...options,
    },
  );
}

/** Writes again and again for as long as the other side takes it; returns how many bytes it took. */
function pour(socket: Socket, text: string): () => number {
  const more = (): void => {
    while (!socket.destroyed && socket.write(text));
  };
  socket.on("drain", more);
  more();
  return () => socket.bytesWritten;
}

const MEBIBYTE = 1024 * 1024;
const HEADER = `x-more: ${"a".repeat(1_000)}\r\n`;

describe("the head of an answer", () => {
  it("that never ends is given up after some KiB", async () => {
    let sent = (): number => 0;
    const host = await listen((socket) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      sent = pour(socket, HEADER);
    });
    const failed = open(host).resolve("v1");
    await expect(failed).rejects.toMatchObject({
      code: "unreachable",
      details: { errno: "UND_ERR_HEADERS_OVERFLOW" },
    });
    expect(sent()).toBeLessThan(16 * MEBIBYTE);
  });
  it("that comes byte by byte is waited for as long as for one that does not come", async () => {
    const host = await listen((socket) => {
      socket.write("HTTP/1.1 200 OK\r\nx-slow: ");
      const timer = setInterval(() => socket.write("a"), 5);
      socket.on("close", () => clearInterval(timer));
    });
    const failed = open(host, { limits: { idleTimeout: 100 } }).resolve("v1");
    await expect(failed).rejects.toMatchObject({
      code: "unreachable",
      details: { errno: expect.stringMatching(/TIMEOUT$|TIMEDOUT$/) as string },
    });
  });
  it.each([
    "HTTP/1.1 999999 x\r\n\r\n",
    "HTTP/1.1\r\n\r\n",
    "\0\0\0\0\r\n\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 2\r\n\r\nxx",
  ])("that is malformed (%j) is an error", async (text) => {
    const host = await listen((socket) => void socket.end(text));
    await expect(open(host).resolve("v1")).rejects.toMatchObject({ code: "unreachable" });
  });
});

describe("a body has a deadline, however fast its bytes come:", () => {
  const limits = { answerTimeout: 30, leastRate: 1 };
  const drip = (status: number): Reply => ({
    kind: "drip",
    status,
    body: " ".repeat(10_000),
    every: 2,
  });
  const tooLate = { code: "limit-exceeded", details: { limit: "answerTimeout" } };
  let registry: FaultyRegistry;
  beforeEach(async () => {
    registry = await startFaultyRegistry();
    return () => registry.close();
  });

  it("a document", async () => {
    registry.rule({ on: /./, reply: drip(200) });
    await expect(open(registry.host, { limits }).resolve("v1")).rejects.toMatchObject(tooLate);
  });

  it("a token", async () => {
    registry.rule({ on: /./, reply: bearerChallenge(`http://${registry.host}/token`) });
    registry.rule({ on: /token/, reply: drip(200) });
    await expect(open(registry.host, { limits }).resolve("v1")).rejects.toMatchObject(tooLate);
  });

  it("the words of a refusal, which is told without them", async () => {
    registry.rule({ on: /./, reply: drip(400) });
    const failed = open(registry.host, { limits }).resolve("v1");
    await expect(failed).rejects.toMatchObject({ code: "registry-refused", status: 400 });
  });
});

describe("a proxy's answer", () => {
  const through = (host: string): RegistryOptions => ({
    scheme: "https",
    proxy: () => new URL(`http://${host}`),
  });
  it("that never ends is given up after some KiB", async () => {
    let sent = (): number => 0;
    const host = await listen((socket) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      sent = pour(socket, HEADER);
    });
    const failed = open("registry.example", through(host)).resolve("v1");
    await expect(failed).rejects.toThrow(/proxy 127\.0\.0\.1:\d+: expected an answer in HTTP/);
    expect(sent()).toBeLessThan(16 * MEBIBYTE);
  });
  it("that does not come is not waited for", async () => {
    const host = await listen(() => undefined);
    const limits = { idleTimeout: 200 };
    const failed = open("registry.example", { ...through(host), limits }).resolve("v1");
    await expect(failed).rejects.toThrow(
      /ETIMEDOUT proxy 127\.0\.0\.1:\d+: no connection to registry\.example within 200 ms/,
    );
  });
});

it("a registry that takes the connection and never speaks TLS is not waited for", async () => {
  const host = await listen(() => undefined);
  const failed = open(host, { scheme: "https", limits: { idleTimeout: 100 } }).resolve("v1");
  await expect(failed).rejects.toMatchObject({ code: "unreachable", transient: true });
});
