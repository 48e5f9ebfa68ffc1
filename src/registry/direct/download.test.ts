// SPDX-License-Identifier: MIT
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { describe as describeBytes } from "../../bytes/describe-content.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import { MediaType } from "../../oci/media-types.ts";
import { noise } from "../../../test/fixtures/bytes/streams.ts";
import { openRepository } from "../repository.ts";
import type { RegistryOptions } from "../repository.ts";

const SIZE = 5 * 1024 * 1024;
const content = noise(SIZE);
const blob = describeBytes(MediaType.octetStream, content);

/** What the server does with a request for the blob. `from` is where the requested range starts. */
type Play = (socket: Socket, request: { readonly head: string; readonly from: number }) => void;

let server: Server | undefined;
const sockets = new Set<Socket>();
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server?.close();
});

/** Starts a server that plays one part for each connection; the last part is played again. */
async function start(...plays: [Play, ...Play[]]): Promise<{ host: string; heads: string[] }> {
  const heads: string[] = [];
  server = createServer((socket) => {
    sockets.add(socket.on("error", () => undefined));
    socket.once("data", (data) => {
      const head = data.toString("latin1");
      const play = plays[Math.min(heads.push(head), plays.length) - 1]!;
      play(socket, { head, from: Number(/range: bytes=(\d+)/.exec(head)?.[1] ?? 0) });
    });
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server?.once("listening", resolve));
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, heads };
}

const plain = (length: number, more = ""): string =>
  `HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\n${more}\r\n`;
const whole: Play = (socket) => socket.end(Buffer.concat([Buffer.from(plain(SIZE)), content]));
/** Answers in a way that only undici's parser understands. */
const chunked: Play = (socket) => {
  const start = `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${SIZE.toString(16)}\r\n`;
  socket.end(Buffer.concat([Buffer.from(start), content, Buffer.from("\r\n0\r\n\r\n")]));
};

const fast = { attempts: 3, delay: 1 };
async function pull(host: string, options: RegistryOptions = {}, signal?: AbortSignal) {
  const where = { registry: host, repository: "a/b" };
  const store = openRepository(where, { scheme: "http", retry: fast, ...options });
  return readAll(store.fetch(blob, { signal }), SIZE + 1, "blob");
}

describe("a large blob over plain http", () => {
  it("comes over a connection of its own, in one request", async () => {
    const { host, heads } = await start(whole);
    expect(Buffer.from(await pull(host)).equals(content)).toBe(true);
    expect(heads).toHaveLength(1);
    expect(heads[0]).toMatch(/^GET \/v2\/a\/b\/blobs\/sha256:[0-9a-f]{64} HTTP\/1\.1\r\nhost: /);
    expect(heads[0]).toContain("connection: close\r\n");
    expect(heads[0]).toContain("accept-encoding: identity\r\n");
  });

  it("is right when head and body come in pieces", async () => {
    const { host } = await start((socket) => {
      const all = Buffer.concat([Buffer.from(plain(SIZE)), content]);
      const cuts = [0, 5, 30, 41, 1000, 1001, 3_000_000, all.length];
      const send = (at: number): void => {
        if (at === cuts.length) return void socket.end();
        socket.write(all.subarray(cuts[at - 1], cuts[at]));
        setTimeout(() => send(at + 1), 2);
      };
      send(1);
    });
    expect(Buffer.from(await pull(host)).equals(content)).toBe(true);
  });

  it("goes on where the connection broke", async () => {
    const part: Play = (socket) => {
      socket.end(Buffer.concat([Buffer.from(plain(SIZE)), content.subarray(0, 3_000_000)]));
    };
    const rest: Play = (socket, { from }) => {
      const range = `content-range: bytes ${from}-${SIZE - 1}/${SIZE}\r\n`;
      const head = plain(SIZE - from, range).replace("200 OK", "206 Partial Content");
      socket.end(Buffer.concat([Buffer.from(head), content.subarray(from)]));
    };
    const { host, heads } = await start(part, rest);
    expect(Buffer.from(await pull(host)).equals(content)).toBe(true);
    expect(heads[1]).toContain("range: bytes=3000000-\r\n");
  });

  it("with a wrong byte is refused", async () => {
    const wrong = Buffer.from(content);
    wrong[4_000_000]! ^= 1;
    const { host } = await start((socket) => {
      socket.end(Buffer.concat([Buffer.from(plain(SIZE)), wrong]));
    });
    await expect(pull(host)).rejects.toMatchObject({ code: "digest-mismatch" });
  });

  it("of which more comes than was announced ends where it should", async () => {
    const { host } = await start((socket) => {
      socket.end(Buffer.concat([Buffer.from(plain(SIZE)), content, Buffer.alloc(100_000)]));
    });
    expect(Buffer.from(await pull(host)).equals(content)).toBe(true);
  });

  it("that is announced longer is refused", async () => {
    const { host } = await start((socket) => {
      const head = Buffer.from(plain(SIZE + 100_000));
      socket.end(Buffer.concat([head, content, Buffer.alloc(100_000)]));
    });
    await expect(pull(host)).rejects.toMatchObject({ code: "size-mismatch" });
  });
});

describe("an answer that is not the plainest", () => {
  it.each([
    ["chunked", chunked],
    ["garbage", (socket: Socket) => socket.end("SSH-2.0-x\r\n\r\n")],
    [
      "a head without end",
      (socket: Socket) => socket.write(`HTTP/1.1 200 OK\r\na: ${"b".repeat(99_999)}`),
    ],
    ["a hint before the answer", (socket: Socket) => socket.end(`HTTP/1.1 103 Early\r\n\r\n`)],
  ])("is asked for again in the usual way: %s", async (_, first) => {
    const { host, heads } = await start(first, chunked);
    expect(Buffer.from(await pull(host)).equals(content)).toBe(true);
    expect(heads).toHaveLength(2);
    expect(heads[1]).toContain("connection: keep-alive");
  });

  it("is asked for again, as any other that broke, when nothing comes", async () => {
    const { host, heads } = await start((socket) => socket.end(), whole);
    expect(Buffer.from(await pull(host)).equals(content)).toBe(true);
    expect(heads).toHaveLength(2);
  });

  it("is reported as usual when it is a refusal", async () => {
    const { host } = await start((socket) =>
      socket.end("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"),
    );
    await expect(pull(host)).rejects.toMatchObject({ code: "not-found", status: 404 });
  });
});

describe("a large download", () => {
  it.each([
    ["before its head", ""],
    ["after its head", plain(SIZE)],
  ])("that stands still %s fails as unreachable", async (_, sent) => {
    const { host } = await start((socket) => socket.write(sent));
    const failed = pull(host, { retry: { attempts: 1 }, limits: { idleTimeout: 500 } });
    await expect(failed).rejects.toMatchObject({ code: "unreachable" });
    await expect(failed).rejects.toThrow(/nothing came for 500 ms/);
  });

  it("that comes far too slowly fails", async () => {
    const { host } = await start((socket) => {
      socket.write(plain(SIZE));
      const timer = setInterval(() => socket.write("x"), 5);
      socket.once("close", () => clearInterval(timer));
    });
    const limits = { idleTimeout: 500, leastRate: 100_000 };
    const failed = pull(host, { retry: { attempts: 1 }, limits });
    await expect(failed).rejects.toThrow(/expected the body to be sent at a usable rate/);
  });

  it.each([
    ["before its head", ""],
    ["after its head", plain(SIZE)],
  ])("that is stopped %s closes its connection", async (_, sent) => {
    const stop = new AbortController();
    const closed = new Promise<void>((resolve) => {
      void start((socket) => {
        socket.once("close", () => resolve());
        socket.write(sent);
        setTimeout(() => stop.abort(), 10);
      }).then(({ host }) => {
        failed = pull(host, {}, stop.signal);
        failed.catch(() => undefined);
      });
    });
    let failed: Promise<unknown> = Promise.resolve();
    await closed;
    await expect(failed).rejects.toMatchObject({ code: "aborted" });
  });
});
