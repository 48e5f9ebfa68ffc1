// SPDX-License-Identifier: MIT
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import {
  collect,
  failureOf,
  inChunks,
  noise,
  readFirst,
  watched,
} from "../../../test/fixtures/bytes/streams.ts";
import { isOciError } from "../../oci/errors.ts";
import { once } from "../bytes.ts";
import { digestBytes } from "../hash.ts";
import { codecs } from "./browser-codecs.ts";

const content = noise(700_000);
const member = new Uint8Array(gzipSync(content));

/** What decompressing these parts, one after the other, fails with. */
function failureOfParts(...parts: readonly Uint8Array[]): Promise<unknown> {
  return failureOf(codecs.gunzip(watched(parts).bytes, "layer 2"));
}

describe("gzip in browsers", () => {
  it("is decompressed, however it is cut into chunks", async () => {
    for (const size of [1000, 65_536, member.length]) {
      const plain = await collect(codecs.gunzip(inChunks(member, size), "layer 2"));
      expect(digestBytes(plain)).toBe(digestBytes(content));
    }
  });

  it("of empty content is decompressed to nothing", async () => {
    const empty = new Uint8Array(gzipSync(""));
    expect(await collect(codecs.gunzip(once(empty), "layer 2"))).toHaveLength(0);
  });

  it("is hashed while it is decompressed where Node would use a thread", async () => {
    let hex = "";
    const done = (got: string): void => void (hex = got);
    const options = { what: "layer 2", algorithm: "sha256", done } as const;
    await collect(codecs.gunzipInThread(once(member), options));
    expect(`sha256:${hex}`).toBe(digestBytes(content));
  });

  it("that is cut short is refused", async () => {
    for (const length of [0, 5, 100, member.length - 5]) {
      const failure = await failureOfParts(member.subarray(0, length));
      expect(failure).toMatchObject({
        code: "truncated",
        message: "layer 2: expected more gzip data, got the end",
      });
    }
  });

  it("that is damaged is refused", async () => {
    for (const at of [0, 2, 1000, member.length - 6]) {
      const failure = await failureOfParts(member.with(at, member[at]! ^ 0x55), member);
      expect(failure).toMatchObject({ code: "invalid-compression" });
    }
  });

  it("of several members, or with anything after its member, is refused and never cut", async () => {
    for (const rest of [member, Uint8Array.of(0, 0, 0, 0), new TextEncoder().encode("rest")]) {
      // browsers throw at once; Node's decoder, which runs here, goes on with zeros and other members
      const failure = await failureOfParts(member, rest);
      expect(isOciError(failure, "invalid-compression", "truncated")).toBe(true);
    }
  });

  it("passes on the error of its source, and closes it when left early", async () => {
    const failure = new Error("lost");
    const source = watched([member.subarray(0, 300_000)], failure);
    expect(await failureOf(codecs.gunzip(source.bytes, "layer 2"))).toBe(failure);
    const left = watched([member.subarray(0, 300_000), member.subarray(300_000)]);
    expect(await readFirst(codecs.gunzip(left.bytes, "layer 2"))).toBeInstanceOf(Uint8Array);
    expect(left.closed).toBe(true);
  });

  it("reads no more of its source than the reader asks for", async () => {
    // Decoders take up to 64 KiB (Node 24) before they wait for their reader: it has to be little of the whole.
    const zeros = new Uint8Array(gzipSync(new Uint8Array(400_000_000)));
    const parts = Array.from({ length: Math.ceil(zeros.length / 1000) }, (_, index) =>
      zeros.subarray(index * 1000, (index + 1) * 1000),
    );
    const source = watched(parts);
    await readFirst(codecs.gunzip(source.bytes, "layer 2"));
    expect(source.chunks).toBeLessThan(parts.length / 4);
  });
});
