// SPDX-License-Identifier: MIT
import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { once } from "../../src/bytes/bytes.ts";
import { compress } from "../../src/bytes/compression.ts";
import { digestBytes } from "../../src/bytes/hash.ts";
import { readAll } from "../../src/bytes/streams/read-all.ts";
import { fuzz } from "./fuzz.ts";
import type { Random } from "./random.ts";

/** Runs, noise, small alphabets and repetitions of what is up to 40,000 bytes before, in any order. */
function makeContent(random: Random): Uint8Array {
  const content = new Uint8Array(random.of([10, 1000, 70_000, 200_000, 2_200_000]));
  for (let at = 0; at < content.length;) {
    const length = 1 + random.below(random.of([3, 10, 300, 5000, 80_000]));
    const part = content.subarray(at, at + length);
    const kind = random.below(4);
    const distance = 1 + random.below(Math.min(at + 1, random.of([1, 4, 300, 32_769, 40_000])));
    if (kind === 0) part.fill(random.below(256));
    else if (kind === 1) part.set(random.bytes(part.length));
    else if (kind === 2) part.set(random.bytes(part.length).map((byte) => byte & 3));
    else if (at > 0)
      for (let to = at; to < at + part.length; to += 1) content[to] = content[to - distance] ?? 0;
    at += length;
  }
  return content;
}

it("whatever is compressed with gzip is read back by zlib", () =>
  fuzz("whatever is compressed with gzip is read back by zlib", 0.08, async (random) => {
    const content = makeContent(random);
    const level = 1 + random.below(4);
    const packed = await readAll(compress(once(content), "gzip", { level }), Infinity, "packed");
    expect(packed.length).toBeLessThan(content.length * 1.0002 + 100);
    expect(digestBytes(gunzipSync(packed))).toBe(digestBytes(content));
  }));
