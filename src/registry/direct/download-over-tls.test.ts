// SPDX-License-Identifier: MIT
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { noise } from "../../../test/fixtures/bytes/streams.ts";
import { makeCertificate, type Pair } from "../../../test/fixtures/network/signed-certificates.ts";
import { describe as describeBytes } from "../../bytes/describe-content.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import { MediaType } from "../../oci/media-types.ts";
import {
  answer,
  startFaultyRegistry,
  type FaultyRegistry,
  type Reply,
} from "../../testing/faulty-registry.ts";
import { openRepository, type RegistryOptions } from "../repository.ts";

const SIZE = 5 * 1024 * 1024;
const content = noise(SIZE);
const blob = describeBytes(MediaType.octetStream, content);

let certificate: Pair;
let registry: FaultyRegistry | undefined;
beforeAll(async () => {
  certificate = await makeCertificate(["127.0.0.1"]);
});
afterEach(() => registry?.close());

/** Starts a registry that gives these answers, one after the other; the last one again. */
async function start(...replies: Reply[]): Promise<FaultyRegistry> {
  const on = /^GET .*\/blobs\//;
  const rules = replies.map((reply, at) => ({
    on,
    reply,
    ...(at + 1 < replies.length && { times: 1 }),
  }));
  registry = await startFaultyRegistry(rules, { tls: certificate });
  return registry;
}

async function pull(host: string, options: RegistryOptions = {}): Promise<Uint8Array> {
  const where = { registry: host, repository: "a/b" };
  const store = openRepository(where, {
    credentials: () => Promise.resolve(undefined),
    retry: { attempts: 3, delay: 1 },
    tls: { anyCertificate: true },
    ...options,
  });
  return readAll(store.fetch(blob), SIZE + 1, "blob");
}

describe("a large blob over TLS", () => {
  it("comes in one request", async () => {
    const { host, requests } = await start(answer(200, {}, content));
    expect(Buffer.from(await pull(host)).equals(content)).toBe(true);
    expect(requests).toHaveLength(1);
    expect(requests[0]?.headers["accept-encoding"]).toBe("identity");
  });

  it("goes on where the connection broke", async () => {
    const at = 3_000_000;
    const drop: Reply = {
      kind: "drop",
      status: 200,
      body: content,
      after: at,
    };
    const range = { "content-range": `bytes ${at}-${SIZE - 1}/${SIZE}` };
    const { host, requests } = await start(drop, answer(206, range, content.subarray(at)));
    expect(Buffer.from(await pull(host)).equals(content)).toBe(true);
    expect(requests.map(({ headers }) => headers["range"])).toEqual([undefined, `bytes=${at}-`]);
  });

  it("with a wrong byte is refused", async () => {
    const { host } = await start(answer(200, {}, content.with(4_000_000, 255)));
    await expect(pull(host)).rejects.toMatchObject({ code: "digest-mismatch" });
  });

  it("that comes far too slowly fails", async () => {
    const { host } = await start({ kind: "drip", status: 200, body: content, every: 5 });
    const limits = { idleTimeout: 300, leastRate: 100_000 };
    const failed = pull(host, { retry: { attempts: 1 }, limits });
    await expect(failed).rejects.toThrow(/expected the body to be sent at a usable rate/);
  });
});
