// SPDX-License-Identifier: MIT
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestBytes } from "../../bytes/hash.ts";
import type { Limits } from "../../oci/limits.ts";
import { connectRaw, type RawConnection } from "../../testing/ask-raw.ts";
import { askRegistry } from "../../testing/ask-registry.ts";
import { serveRegistry, type RegistryServer } from "../serve.ts";
import { receiveBody } from "./receive-body.ts";

const MIB = 1024 * 1024;
const bytesOf = (length: number, seed = 1): Uint8Array =>
  new Uint8Array(length).map((_, at) => (at * 31 + (at >> 9) * seed) % 251);
const LAYER = bytesOf(9 * MIB + 13);
const DIGEST = digestBytes(LAYER);
const isDirect = (answer: string): boolean => /\r\nconnection: close\r\n/i.test(answer);

let place: string;
let server: RegistryServer;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "oci-kit-receive-"));
});
afterEach(async () => {
  await server.close();
  rmSync(place, { recursive: true });
});

async function start(limits: Partial<Limits> = {}): Promise<void> {
  server = await serveRegistry({ directory: place, limits });
}
const begin = async (): Promise<string> =>
  String((await askRegistry(server.url, "POST", "/v2/a/blobs/uploads/")).headers["location"]);
const stored = (digest: string): Uint8Array =>
  readFileSync(join(place, "blobs", ...digest.split(":")));

/** Sends the head of an upload, with the first bytes of its body in the same packet. */
async function send(
  head: string,
  length: number,
  first: Uint8Array = new Uint8Array(),
): Promise<RawConnection> {
  const connection = await connectRaw(server);
  const lines = [`${head} HTTP/1.1`, "host: localhost", `content-length: ${length}`, "", ""];
  connection.write(Buffer.concat([Buffer.from(lines.join("\r\n")), first]));
  return connection;
}

describe("a long body", () => {
  it.each([0, 1, 100, 70_000, 9 * MIB])(
    "is read from its connection, and %d bytes of it that come with the head are its first",
    async (early) => {
      await start();
      const put = `PUT ${await begin()}?digest=${DIGEST}`;
      const connection = await send(put, LAYER.length, LAYER.subarray(0, early));
      await sleep(5);
      connection.write(LAYER.subarray(early));
      const answer = await connection.ended;
      expect(answer).toMatch(/^HTTP\/1.1 201 /);
      expect(isDirect(answer)).toBe(true);
      expect(Buffer.compare(stored(DIGEST), LAYER)).toBe(0);
    },
  );

  it("may come in several requests and in small pieces, and by sha512", async () => {
    await start();
    const place = await begin();
    const half = 5 * MIB;
    const first = await send(`PATCH ${place}`, half);
    for (let at = 0; at < half; at += 199_999) {
      first.write(LAYER.subarray(at, Math.min(at + 199_999, half)));
      if (at % 7 === 0) await sleep(1);
    }
    expect(await first.ended).toMatch(/^HTTP\/1.1 202 [^]*range: 0-5242879\r\n/i);
    const digest = digestBytes(LAYER, "sha512");
    const rest = LAYER.subarray(half);
    const end = await askRegistry(server.url, "PUT", `${place}?digest=${digest}`, rest);
    expect(end.status).toBe(201);
    expect(Buffer.compare(stored(digest), LAYER)).toBe(0);
  });

  it("of wrong bytes leaves nothing, and the client hears of it", async () => {
    await start();
    const wrong = digestBytes(bytesOf(1));
    const path = `${await begin()}?digest=${wrong}`;
    expect((await askRegistry(server.url, "PUT", path, LAYER)).code).toBe("DIGEST_INVALID");
    expect((await askRegistry(server.url, "HEAD", `/v2/a/blobs/${wrong}`)).status).toBe(404);
  });

  it("of many clients at once stays apart from the others", async () => {
    await start();
    const layers = [2, 3, 5, 7, 11, 13].map((seed) => bytesOf(4 * MIB + seed, seed));
    const answers = layers.map(async (layer) => {
      const path = `${await begin()}?digest=${digestBytes(layer)}`;
      return (await askRegistry(server.url, "PUT", path, layer)).status;
    });
    expect(await Promise.all(answers)).toEqual(layers.map(() => 201));
    for (const layer of layers) {
      expect(Buffer.compare(stored(digestBytes(layer)), layer)).toBe(0);
    }
  });

  it("may be all that its client sends: one that shuts down its side gets the answer", async () => {
    await start();
    const connection = await send(`PUT ${await begin()}?digest=${DIGEST}`, LAYER.length);
    connection.socket.end(LAYER);
    expect(await connection.ended).toMatch(/^HTTP\/1.1 201 /);
  });

  it("ends where it says: what follows is not its own, and is no request", async () => {
    await start();
    const connection = await send(`PUT ${await begin()}?digest=${DIGEST}`, LAYER.length);
    connection.write(LAYER);
    connection.write("GET /v2/ HTTP/1.1\r\nhost: localhost\r\n\r\n");
    expect((await connection.ended).match(/HTTP\/1.1/g)).toHaveLength(1);
    expect(Buffer.compare(stored(DIGEST), LAYER)).toBe(0);
  });

  it.each(["end", "destroy"] as const)(
    "that its client breaks off by %s can be continued",
    async (how) => {
      await start();
      const place = await begin();
      const broken = await send(`PATCH ${place}`, LAYER.length, LAYER.subarray(0, 3 * MIB));
      const arrived = async (): Promise<unknown> =>
        (await askRegistry(server.url, "GET", place)).headers["range"];
      await sleep(20);
      broken.socket[how]();
      await broken.ended;
      const [, last] = /^0-(\d+)$/.exec(String(await arrived())) ?? [];
      const rest = LAYER.subarray(Number(last) + 1);
      const end = await askRegistry(server.url, "PUT", `${place}?digest=${DIGEST}`, rest);
      expect(end.status).toBe(201);
    },
  );

  it("that comes far too slowly is given up", async () => {
    await start({ idleTimeout: 40, leastRate: 1e7 });
    const slow = await send(`PUT ${await begin()}?digest=${DIGEST}`, LAYER.length);
    const drip = setInterval(() => slow.write("x"), 1);
    expect(await slow.ended).toMatch(/^HTTP\/1.1 408 /);
    clearInterval(drip);
  });
});

/** Starts a server of Node's that answers with `answer`, sends 16 MiB to it, and returns what it says. */
async function ask(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Awaited<ReturnType<typeof askRegistry>>> {
  await start();
  const plain = createServer(answer).listen(0, "127.0.0.1");
  await once(plain, "listening");
  const url = `http://127.0.0.1:${(plain.address() as AddressInfo).port}`;
  const said = await askRegistry(url, "PUT", "/", bytesOf(16 * MIB));
  plain.close();
  plain.closeAllConnections();
  return said;
}

it("a body that somebody else listens for too comes through Node's parser", async () => {
  let [got, seen] = [0, 0];
  const { headers } = await ask((request, response) => {
    void receiveBody(request, response, (chunk) => (got += chunk.length)).then(() =>
      response.end(),
    );
    request.on("data", (chunk: Buffer) => (seen += chunk.length));
  });
  expect([headers["connection"], got, seen]).toEqual(["keep-alive", 16 * MIB, 16 * MIB]);
});

it.each([10, 3 * MIB])(
  "a body that can't be kept is answered once, after %d bytes, and the rest is dropped",
  async (most) => {
    const { status, text } = await ask((request, response) => {
      let got = 0;
      receiveBody(request, response, (chunk) => {
        got += chunk.length;
        if (got > most) throw new Error("the disk is full");
      }).catch((error: unknown) => response.writeHead(500).end(String(error)));
    });
    expect([status, text]).toEqual([500, "Error: the disk is full"]);
  },
);
