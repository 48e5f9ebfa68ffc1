// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collect, failureOf, inChunks, noise, watched } from "../../test/fixtures/bytes/streams.ts";
import { parseDigest } from "../oci/digest.ts";
import { once } from "./bytes.ts";
import { digestBytes } from "./hash.ts";
import { isVerified, observe, verify } from "./verify.ts";

const content = noise(1000);
const descriptor = { digest: digestBytes(content), size: content.length };

describe("verified bytes", () => {
  it("come through unchanged, however they are cut into chunks", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array(), fc.integer({ min: 1, max: 50 }), async (bytes, size) => {
        const of = { digest: digestBytes(bytes), size: bytes.length };
        expect(await collect(verify(inChunks(bytes, size), of))).toEqual(bytes);
      }),
    );
  });

  it("are verified by sha512 too", async () => {
    const of = { digest: digestBytes(content, "sha512"), size: content.length };
    expect(await collect(verify(once(content), of))).toEqual(content);
  });

  it("fail after the last byte when one of them differs", async () => {
    const other = content.with(500, 255);
    expect(await failureOf(verify(once(other), descriptor, { what: "layer 3" }))).toMatchObject({
      code: "digest-mismatch",
      message: expect.stringContaining("layer 3: expected digest sha256:") as string,
    });
  });

  it("fail when they end early", async () => {
    expect(await failureOf(verify(once(content.subarray(1)), descriptor))).toMatchObject({
      code: "size-mismatch",
      details: { expected: 1000, got: 999 },
    });
  });

  it("fail when an extra byte follows the right ones, and never yield it", async () => {
    const source = watched([content, Uint8Array.of(1), content, content]);
    const seen: number[] = [];
    const read = async (): Promise<void> => {
      for await (const chunk of verify(source.bytes, descriptor)) seen.push(chunk.length);
    };
    await expect(read()).rejects.toMatchObject({ code: "size-mismatch" });
    expect(seen).toEqual([1000]);
    expect(source).toMatchObject({ chunks: 2, closed: true });
  });

  it("never yield more than the size, even within a chunk", async () => {
    const source = watched([new Uint8Array(1_000_000)]);
    const stream = verify(source.bytes, descriptor)[Symbol.asyncIterator]();
    await expect(stream.next()).rejects.toMatchObject({ code: "size-mismatch" });
  });

  it("are verified even when there are none", async () => {
    const empty = new Uint8Array();
    expect(await collect(verify(once(empty), { digest: digestBytes(empty), size: 0 }))).toEqual(
      empty,
    );
    expect(await failureOf(verify(once(empty), { ...descriptor, size: 0 }))).toMatchObject({
      code: "digest-mismatch",
    });
  });

  it("are refused unread when the digest's algorithm can't be computed", async () => {
    const source = watched([content]);
    const digest = parseDigest("sha256+b64:AAAA");
    expect(await failureOf(verify(source.bytes, { digest, size: 1000 }))).toMatchObject({
      code: "unsupported-algorithm",
    });
    expect(source.chunks).toBe(0);
  });

  it("let a reader stop early, which closes their source and is no error", async () => {
    const source = watched([content.subarray(0, 10), content]);
    for await (const chunk of verify(source.bytes, descriptor)) {
      expect(chunk).toHaveLength(10);
      break;
    }
    expect(source.closed).toBe(true);
  });

  it("pass on the error of their source", async () => {
    const failure = new Error("disk on fire");
    expect(await failureOf(verify(watched([content], failure).bytes, descriptor))).toBe(failure);
  });

  it("are not hashed again when they are already verified as this content", async () => {
    const verified = verify(once(content), descriptor);
    expect(verify(verified, descriptor)).toBe(verified);
    const asOther = { ...descriptor, size: 999 };
    expect(await failureOf(verify(verified, asOther))).toMatchObject({ code: "size-mismatch" });
  });

  it("can be read once, from their start", async () => {
    const begun = verify(inChunks(content, 100), descriptor);
    await begun[Symbol.asyncIterator]().next();
    expect(isVerified(begun)).toBe(false);
    expect(() => begun[Symbol.asyncIterator]()).toThrow(TypeError);
  });

  it("can't be made by anybody else", () => {
    const { digest, size } = descriptor;
    const real = verify(once(content), descriptor);
    const forged = Object.create(Object.getPrototypeOf(real) as object, {
      digest: { value: digest },
      size: { value: size },
    }) as typeof real;
    expect(forged).toBeInstanceOf(real.constructor);
    expect(isVerified(forged)).toBe(false);
  });
});

describe("observed bytes", () => {
  it("stay verified, and report each chunk", async () => {
    const lengths: number[] = [];
    const onChunk = (length: number): void => void lengths.push(length);
    const observed = observe(verify(inChunks(content, 600), descriptor), { onChunk });
    expect(verify(observed, descriptor)).toBe(observed);
    expect(await collect(observed)).toEqual(content);
    expect(lengths).toEqual([600, 400]);
  });

  it("do not become verified", async () => {
    const observed = observe(once(content.with(0, 255)), {});
    expect(isVerified(observed)).toBe(false);
    expect(await failureOf(verify(observed, descriptor))).toMatchObject({
      code: "digest-mismatch",
    });
  });

  it("report their error", async () => {
    const failures: unknown[] = [];
    const onFailure = (error: unknown): void => void failures.push(error);
    const failure = new Error("disk on fire");
    const observed = observe(verify(watched([content], failure).bytes, descriptor), { onFailure });
    expect(await failureOf(observed)).toBe(failure);
    expect(failures).toEqual([failure]);
  });
});
