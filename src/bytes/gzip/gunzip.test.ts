// SPDX-License-Identifier: MIT
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { join, member, text, zeros } from "../../../test/fixtures/bytes/gzip-members.ts";
import {
  collect,
  failureOf,
  fixture,
  inChunks,
  noise,
  readFirst,
  watched,
} from "../../../test/fixtures/bytes/streams.ts";
import { once, type Bytes } from "../bytes.ts";
import { gunzipInThread } from "./gunzip-in-thread.ts";
import { gunzip } from "./gunzip.ts";
import { digestBytes } from "../hash.ts";

const PLAIN = "sha256:04a7151d39e6428277c93dbf28c326f438067910b3ccb581dfba6cf5ec12a2f3";

type Gunzip = (bytes: Bytes, what: string) => Bytes;
const inThread: Gunzip = (bytes, what) =>
  gunzipInThread(bytes, { what, algorithm: "sha256", done: () => undefined });

describe.each<[string, Gunzip]>([
  ["gunzip", gunzip],
  ["gunzip in a thread", inThread],
])("%s", (_, gunzip) => {
  const unpack = async (packed: Uint8Array, size = 65_536): Promise<string> =>
    Buffer.from(await collect(gunzip(inChunks(packed, size), "layer"))).toString();

  it.each(["members.gz", "zeros.gz", "pigz.gz"])(
    "reads all of %s, made by another tool",
    async (name) => {
      const plain = await collect(gunzip(inChunks(fixture(name), 4096), name));
      expect(digestBytes(plain)).toBe(PLAIN);
    },
  );

  it("reads members that follow each other", async () => {
    expect(await unpack(join(member("one"), member(""), member("two")))).toBe("onetwo");
  });

  it("reads the member after zeros, which Node's own decoder silently drops", async () => {
    expect(await unpack(join(member("one"), zeros(512), member("two")))).toBe("onetwo");
    expect(await unpack(join(member("one"), zeros(1), member("two"), zeros(9), member("3")))).toBe(
      "onetwo3",
    );
  });

  it("reads zeros to the end", async () => {
    expect(await unpack(join(member("one"), zeros(100_000)))).toBe("one");
  });

  it("reads a hundred thousand empty members without recursion (CVE-2022-30631)", async () => {
    const empty = member("");
    const many = new Uint8Array(empty.length * 100_000);
    for (let at = 0; at < many.length; at += empty.length) many.set(empty, at);
    expect(await unpack(join(many, member("end")))).toBe("end");
  });

  it("gives the same bytes wherever the input is cut into chunks", async () => {
    const packed = join(member("one"), zeros(3), member("two"), member("three"), zeros(2));
    for (let size = 1; size <= packed.length; size += 1) {
      expect(await unpack(packed, size)).toBe("onetwothree");
    }
  });

  it("reads any number of members with any number of zeros between", async () => {
    const part = fc.tuple(fc.string({ maxLength: 40 }), fc.integer({ min: 0, max: 4 }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 64 }),
        async (parts, size) => {
          const packed = join(...parts.flatMap(([value, gap]) => [member(value), zeros(gap)]));
          expect(await unpack(packed, size)).toBe(
            Buffer.from(parts.map(([value]) => value).join("")).toString(),
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  it("refuses anything but zeros and members after a member", async () => {
    for (const garbage of [text("garbage"), join(zeros(5), text("garbage")), text("\u001fx")]) {
      expect(await failureOf(gunzip(once(join(member("one"), garbage)), "layer 2"))).toMatchObject({
        code: "invalid-compression",
        message: expect.stringContaining("layer 2: ") as string,
      });
    }
  });

  it("refuses a stream that is cut anywhere", async () => {
    const packed = join(member("one"), member("two"));
    const whole = member("one").length;
    for (let length = 0; length < packed.length; length += 1) {
      if (length === whole) continue;
      const cut = gunzip(inChunks(packed.subarray(0, length), 5), "layer");
      expect(await failureOf(cut)).toMatchObject({ code: "truncated" });
    }
  });

  it("refuses a wrong checksum and a wrong length", async () => {
    const packed = member("one");
    for (const at of [packed.length - 8, packed.length - 1]) {
      const damaged = packed.with(at, packed[at]! ^ 1);
      expect(await failureOf(gunzip(once(damaged), "layer"))).toMatchObject({
        code: "invalid-compression",
      });
      expect(await failureOf(gunzip(once(join(damaged, zeros(4))), "layer"))).toMatchObject({
        code: "invalid-compression",
      });
    }
  });

  it("passes on the error of its source, unless the content before it was wrong, and closes the source when left early", async () => {
    const packed = new Uint8Array(gzipSync(noise(2_000_000)));
    const failure = new Error("lost");
    expect(
      await failureOf(gunzip(watched([packed.subarray(0, 999)], failure).bytes, "layer")),
    ).toBe(failure);
    const damaged = packed.with(500, 0xff).fill(0xff, 501, 600);
    const both = gunzip(watched([damaged.subarray(0, 900_000)], failure).bytes, "layer");
    expect(await failureOf(both)).toMatchObject({ code: "invalid-compression" });
    const source = watched([packed.subarray(0, 500_000), packed.subarray(500_000)]);
    await readFirst(gunzip(source.bytes, "layer"));
    expect(source.closed).toBe(true);
  });
});
