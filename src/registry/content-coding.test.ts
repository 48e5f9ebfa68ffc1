// SPDX-License-Identifier: MIT
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openFaulty, QUICK } from "../../test/fixtures/faulty-repository.ts";
import { once } from "../bytes/bytes.ts";
import { compress } from "../bytes/compression.ts";
import { describe as describeBytes } from "../bytes/describe-content.ts";
import { readAll } from "../bytes/streams/read-all.ts";
import { MediaType } from "../oci/media-types.ts";
import { answer, startFaultyRegistry, type FaultyRegistry } from "../testing/faulty-registry.ts";

let registry: FaultyRegistry;
beforeEach(async () => {
  registry = await startFaultyRegistry();
});
afterEach(async () => {
  await registry.close();
});

const content = new Uint8Array(300_000).map((_, at) => (at * at) % 251);
const blob = describeBytes(MediaType.octetStream, content);
const blobPath = `/v2/a/b/blobs/${blob.digest}`;
const tags = new TextEncoder().encode('{"tags":["a"]}');

async function fetchBlob(): Promise<Uint8Array> {
  return readAll(openFaulty(registry).fetch(blob), 1e6, "test");
}

describe("an answer with a Content-Encoding that was not asked for", () => {
  it.each<[string, (bytes: Uint8Array) => Promise<Uint8Array> | Uint8Array]>([
    ["gzip", gzipSync],
    ["X-GZIP", gzipSync],
    ["deflate", deflateSync],
    ["deflate", deflateRawSync],
    ["br", brotliCompressSync],
    ["zstd", (bytes) => readAll(compress(once(bytes), "zstd"), 1e7, "test")],
    ["identity", (bytes) => bytes],
    ["gzip, br", (bytes) => brotliCompressSync(gzipSync(bytes))],
    ["identity,, deflate ,gzip", (bytes) => gzipSync(deflateSync(bytes))],
  ])("%s is read as if it had none", async (coding, encode) => {
    const headers = { "content-encoding": coding };
    registry.rule(
      { on: `GET ${blobPath}`, reply: answer(200, headers, await encode(content)) },
      { on: /tags/, reply: answer(200, headers, await encode(tags)) },
    );
    expect(Buffer.compare(await fetchBlob(), content)).toBe(0);
    expect(await openFaulty(registry).capabilities.tags()).toEqual(["a"]);
    const asked = registry.requests.map(({ headers: sent }) => sent["accept-encoding"]);
    expect(new Set(asked)).toEqual(new Set(["identity"]));
  });

  it.each(["compress", "gzip, magic", "gzip,gzip,gzip,gzip,gzip"])(
    "%s is refused, and named",
    async (coding) => {
      const reply = answer(200, { "content-encoding": coding }, "x");
      registry.rule({ on: `GET ${blobPath}`, reply });
      const failed = fetchBlob();
      await expect(failed).rejects.toMatchObject({ code: "unsupported-compression" });
      await expect(failed).rejects.toThrow(coding.split(",")[1]?.trim() ?? coding);
    },
  );

  it.each(["gzip", "deflate", "br", "zstd"])("that is not in %s is an error", async (coding) => {
    const reply = answer(200, { "content-encoding": coding }, "\u0008neither this nor that");
    registry.rule({ on: /tags/, reply });
    const failed = openFaulty(registry).capabilities.tags();
    await expect(failed).rejects.toMatchObject({ code: "invalid-compression" });
  });

  it.each([
    ["gzip", gzipSync(tags)],
    ["deflate", deflateSync(tags)],
    ["br", brotliCompressSync(tags)],
  ])("that ends in the middle of %s is an error", async (coding, bytes) => {
    const reply = answer(200, { "content-encoding": coding }, bytes.subarray(0, -2));
    registry.rule({ on: /tags/, reply });
    const failed = openFaulty(registry).capabilities.tags();
    await expect(failed).rejects.toMatchObject({ code: "truncated" });
  });

  it("is bounded by what comes out of it", async () => {
    const bomb = gzipSync(new Uint8Array(64 * 1024 * 1024));
    registry.rule({ on: /tags/, reply: answer(200, { "content-encoding": "gzip" }, bomb) });
    const failed = openFaulty(registry).capabilities.tags();
    await expect(failed).rejects.toMatchObject({ code: "limit-exceeded" });
  });

  it("of a page of errors is undone before its words are told", async () => {
    const body = gzipSync('{"errors":[{"code":"DENIED","message":"not you"}]}');
    registry.rule({ on: /tags/, reply: answer(400, { "content-encoding": "gzip" }, body) });
    await expect(openFaulty(registry).capabilities.tags()).rejects.toThrow("DENIED: not you");
  });

  it("says nothing about the size of a blob that is asked for with HEAD", async () => {
    const headers = { "content-encoding": "gzip", "content-length": "77" };
    registry.rule({ on: `HEAD ${blobPath}`, reply: answer(200, headers) });
    expect(await openFaulty(registry).exists(blob)).toBe(true);
  });

  it("goes on where the connection broke, though a part of it can't be decoded", async () => {
    const headers = { "content-encoding": "gzip" };
    const body = gzipSync(content);
    const after = body.length - 1_000;
    registry.rule(
      { on: /blobs/, times: 1, reply: { kind: "drop", status: 200, headers, body, after } },
      {
        on: /blobs/,
        reply: ({ headers: sent }) =>
          sent["range"] === undefined
            ? answer(200, headers, body)
            : answer(
                206,
                { ...headers, "content-range": "bytes 5-9/300000" },
                body.subarray(5, 10),
              ),
      },
    );
    expect(Buffer.compare(await fetchBlob(), content)).toBe(0);
    expect(registry.requests.length).toBeLessThanOrEqual(QUICK.attempts);
  });
});
