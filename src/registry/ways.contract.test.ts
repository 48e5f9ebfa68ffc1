// SPDX-License-Identifier: MIT
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { sourceOf, type Bytes, type Source } from "../bytes/bytes.ts";
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

const LONG = 3_000_001;
const LONG_TEXT = "0123456789".repeat(300_001).slice(0, LONG);
const longBody = (): Source => ({ size: LONG, open: () => chunks(LONG) });
/** In memory that is overwritten when the next chunk is asked for. */
async function* chunks(length: number): AsyncGenerator<Uint8Array> {
  const chunk = Buffer.alloc(100_000);
  for (let left = length; left > 0; left -= chunk.length) {
    await wait(0);
    chunk.write("0123456789".repeat(10_000));
    yield chunk.subarray(0, left);
    chunk.fill("x");
  }
}
async function* failing(): AsyncGenerator<Uint8Array> {
  yield* chunks(LONG - 1);
  throw new Error("disk on fire");
}
async function* watch(
  bytes: Bytes,
  onClose = (): unknown => undefined,
): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
  } finally {
    onClose();
  }
}

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
    const drip = async (socket: Socket): Promise<void> => {
      for (const byte of Buffer.from(text)) {
        socket.write(Buffer.of(byte));
        await wait(1);
      }
      socket.end();
    };
    const dripped = await listen((socket) => void drip(socket));
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

  it("sends a long body whole, from memory that is used again for each chunk", async () => {
    let got = Buffer.alloc(0);
    const url = await listen((socket, data) => {
      got = Buffer.concat([got, Buffer.from(data, "latin1")]);
      if (got.length < got.indexOf("\r\n\r\n") + 4 + LONG) return;
      socket.write("HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nok");
    });
    expect(await ask(way(), url, { method: "PUT", body: longBody() })).toBe("201 ok");
    const [head = "", content = ""] = got.toString("latin1").split("\r\n\r\n");
    expect(head).toMatch(/^PUT /);
    expect(head).toContain(`content-length: ${LONG}`);
    expect(content === LONG_TEXT).toBe(true);
  });

  it("takes an answer that comes before a long body is sent, and sends no more of it", async () => {
    const url = await listen((socket) => {
      socket.pause();
      socket.end("HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\nconnection: close\r\n\r\nbig");
    });
    let isClosed = false;
    const endless = { size: 1e15, open: () => watch(chunks(1e9), () => (isClosed = true)) };
    expect(await ask(way(), url, { method: "PUT", body: endless })).toBe("413 big");
    await vi.waitFor(() => expect(isClosed).toBe(true));
  });

  it.each([
    ["fails", () => watch(failing()), { message: "disk on fire" }],
    ["gives too little", () => chunks(LONG - 1), { message: expect.any(String) as string }],
    ["gives too much", () => chunks(LONG + 1), { message: expect.any(String) as string }],
  ])("never sends a long body whole when its source %s", async (_name, open, error) => {
    let count = 0;
    const url = await listen((_socket, data) => {
      const [, content = data] = data.split("\r\n\r\n");
      count += content.length;
    });
    const body = { size: LONG, open };
    await expect(ask(way(), url, { method: "PUT", body })).rejects.toMatchObject(error);
    await vi.waitFor(() => expect(sockets[0]?.closed).toBe(true));
    expect(count).toBeLessThan(LONG);
  });

  it("ends a long body that is stopped", async () => {
    const url = await listen((socket) => void socket.pause());
    const stop = new AbortController();
    const body = { size: 1e15, open: () => chunks(1e9) };
    const asked = ask(way(), url, { method: "PUT", body, signal: stop.signal });
    setTimeout(() => stop.abort(), 50);
    await expect(asked).rejects.toMatchObject({ code: "aborted" });
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

describe("our own client", () => {
  it("uses a connection again after long bodies, any number of times, and leaves no listeners", async () => {
    let left = 0;
    const url = await listen((socket, data) => {
      const at = data.indexOf("\r\n\r\n");
      if (data.startsWith("PUT ")) left = LONG + at + 4;
      left -= data.length;
      if (left === 0) socket.write("HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n");
    });
    const opened: Socket[] = [];
    const way = openDirectWay(async (target) => {
      const socket = await open(target);
      opened.push(socket);
      return socket;
    }, withLimits({}));
    const body = sourceOf(Buffer.from(LONG_TEXT));
    for (let turn = 0; turn < 12; turn += 1) {
      const answer = await way.exchange(request(url, { method: "PUT", body }), 5_000);
      expect(answer?.status).toBe(201);
    }
    expect(opened).toHaveLength(1);
    for (const event of ["timeout", "error", "close", "end", "readable", "drain"]) {
      expect(opened[0]!.listenerCount(event)).toBeLessThan(4);
    }
    await way.close();
  });
});
