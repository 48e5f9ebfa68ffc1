// SPDX-License-Identifier: MIT
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { sourceOf } from "../bytes/bytes.ts";
import { readAll } from "../bytes/streams/read-all.ts";
import { withLimits, type Limits } from "../oci/limits.ts";
import { openDirectWay } from "./direct/direct-way.ts";
import type { Answer, Exchange, Way } from "./exchange.ts";
import { openPooledWay } from "./pooled/pooled-way.ts";

type Serve = (socket: Socket, request: string) => void;

let server: Server | undefined;
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server?.close();
});

/** A server that answers each thing that it is told so. */
async function listen(serve: Serve): Promise<URL> {
  server = createServer((socket) => {
    sockets.push(socket.on("error", () => undefined));
    socket.on("data", (data) => serve(socket, data.toString("latin1")));
  });
  await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v2/?n=1`);
}

const open = ({ port }: URL): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect(Number(port), "127.0.0.1", () => resolve(socket)).on("error", reject);
  });
const request = (url: URL, more: Partial<Exchange> = {}): Exchange => ({
  ...{ method: "GET", url, headers: {} },
  ...more,
});
const wait = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

const WAYS: readonly [string, (limits: Limits) => Way<Answer | undefined>][] = [
  ["our own client", (limits) => openDirectWay(open, limits)],
  ["undici", (limits) => openPooledWay({ proxy: () => undefined, open }, limits)],
];

describe.each(WAYS)("%s", (_, openWay) => {
  const way = (limits: Partial<Limits> = {}): Way<Answer | undefined> =>
    openWay(withLimits(limits));
  /** The text of an answer, `refused` for one that is not understood. */
  async function ask(
    { exchange }: Pick<Way<Answer | undefined>, "exchange">,
    url: URL,
    more: Partial<Exchange> = {},
    patience = 5_000,
  ): Promise<string> {
    const answer = await exchange(request(url, more), patience);
    if (answer === undefined) return "not understood";
    return `${answer.status} ${Buffer.from(await readAll(answer.body, 1e6, "x")).toString()}`;
  }

  it.each([
    ["a length", "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbody"],
    [
      "chunks",
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3;a=b\r\nbod\r\n1\r\ny\r\n0\r\nt: 1\r\n\r\n",
    ],
    ["the end of the connection", "HTTP/1.1 200 OK\r\n\r\nbody"],
    ["a length in HTTP/1.0", "HTTP/1.0 200 OK\r\ncontent-length: 4\r\n\r\nbody"],
    [
      "hints before it",
      "HTTP/1.1 103 Early\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbody",
    ],
  ])("reads a body with %s, however it is cut", async (_name, text) => {
    const url = await listen((socket) => void socket.end(text));
    expect(await ask(way(), url)).toBe("200 body");
    server!.close();
    const dripped = await listen((socket) => {
      for (const [at, byte] of Buffer.from(text).entries()) {
        setTimeout(() => socket.write(Buffer.of(byte)), at);
      }
      setTimeout(() => socket.end(), text.length + 5);
    });
    expect(await ask(way(), dripped)).toBe("200 body");
  });

  it("uses a connection again, and tells the server everything that it must", async () => {
    const told: string[] = [];
    const url = await listen((socket, text) => {
      told.push(text);
      // The head and the body of a request may come apart.
      if (text.endsWith("abc") || !text.startsWith("PUT")) {
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
      }
    });
    const one = way();
    expect(await ask(one, url)).toBe("200 ok");
    expect(await ask(one, url, { method: "POST" })).toBe("200 ok");
    expect(await ask(one, url, { method: "PUT", body: sourceOf(Buffer.from("abc")) })).toBe(
      "200 ok",
    );
    // undici opens another one for some methods
    expect(sockets.length).toBeLessThan(3);
    expect(told[0]).toMatch(/^GET \/v2\/\?n=1 HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\n/i);
    expect(told[0]).toMatch(/accept-encoding: identity\r\n/);
    expect(told[1]).toMatch(/content-length: 0\r\n/);
    expect(told.slice(2).join("")).toMatch(/content-length: 3\r\n[^]*\r\nabc$/);
  });

  it("expects no body after the head that answers a HEAD", async () => {
    const url = await listen((socket, text) => {
      const body = text.startsWith("HEAD") ? "" : "ok";
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n${body}`);
    });
    const one = way();
    expect(await ask(one, url, { method: "HEAD" })).toBe("200 ");
    expect(await ask(one, url)).toBe("200 ok");
  });

  it.each([
    ["said so", "connection: close\r\n"],
    ["said nothing", ""],
  ])(
    "does not use a connection that the server ended again, where it %s",
    async (_name, header) => {
      const url = await listen((socket) => {
        socket.end(`HTTP/1.1 200 OK\r\ncontent-length: 0\r\n${header}\r\n`);
      });
      const one = way();
      await ask(one, url);
      await wait(20);
      expect(await ask(one, url)).toBe("200 ");
      expect(sockets).toHaveLength(2);
    },
  );

  it.each([
    ["before the head", ""],
    ["in the head", "HTTP/1.1 200"],
    ["in the body", "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbo"],
    ["in a chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nbo"],
    ["before the last chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nbo\r\n"],
  ])("reports an answer that ends %s as worth another attempt", async (_name, text) => {
    const url = await listen((socket) => void socket.end(text));
    const failed = ask(way(), url);
    await expect(failed).rejects.toMatchObject({ code: "unreachable", transient: true });
  });

  it.each([
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx\r\nbody\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-2\r\nbody\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nbody\r\n0\r\n\r\n",
    `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${"f".repeat(40)}\r\nbody`,
  ])("refuses a body that is malformed: %j", async (text) => {
    const url = await listen((socket) => void socket.end(text));
    await expect(ask(way(), url)).rejects.toMatchObject({ code: "unreachable" });
  });

  it("takes no answer that nobody asked for", async () => {
    const url = await listen((socket, text) => {
      const twice = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwrong";
      socket.write(
        text.includes("first")
          ? `HTTP/1.1 204 No\r\n\r\n${twice}`
          : "HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n",
      );
    });
    const one = way();
    await ask(one, new URL("/first", url)).catch(() => undefined);
    await wait(20);
    expect(await ask(one, url)).toBe("404 ");
  });

  it.each([
    ["the head", ""],
    ["the rest of the head", "HTTP/1.1 200 OK\r\nx: "],
    ["the body", "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n"],
  ])("does not wait for %s for ever", async (_name, text) => {
    const url = await listen((socket) => void socket.write(text));
    const failed = ask(way({ idleTimeout: 100 }), url, {}, 100);
    await expect(failed).rejects.toMatchObject({ code: "unreachable", transient: true });
  });

  it("counts hints that come before an answer", async () => {
    const url = await listen((socket) => void socket.write("HTTP/1.1 103 Early\r\n\r\n".repeat(4)));
    const failed = ask(way({ informationalAnswers: 3 }), url);
    await expect(failed).rejects.toMatchObject({ code: "limit-exceeded" });
  });

  it.each([
    ["at once", -1, ""],
    ["before the head", 20, ""],
    ["in the body", 20, "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n"],
  ])("stops %s where it is asked to, and ends the connection", async (_name, after, text) => {
    const url = await listen((socket) => void socket.write(text));
    const stop = new AbortController();
    if (after < 0) stop.abort();
    else setTimeout(() => stop.abort(), after);
    const failed = ask(way(), url, { signal: stop.signal });
    await expect(failed).rejects.toMatchObject({ code: "aborted" });
    await expect.poll(() => sockets.every(({ closed }) => closed)).toBe(true);
  });

  it("closes when what is running has ended, and leaves no connection", async () => {
    const url = await listen((socket) => {
      setTimeout(() => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"), 30);
    });
    const one = way();
    const running = ask(one, url);
    await wait(5);
    await one.close();
    expect(await running).toBe("200 ");
    await expect.poll(() => sockets.every(({ closed }) => closed)).toBe(true);
  });
});
