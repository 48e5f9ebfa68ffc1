// SPDX-License-Identifier: MIT
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hashing } from "../../bytes/platform/browser-hashing.ts";
import { createContentReader } from "./content-facts.ts";

const MOST_HOLES = 100_000;

type Part = Uint8Array | { readonly hole: number };

const parts = fc.array(
  fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 300 }),
    fc.record({ hole: fc.integer({ min: 1, max: 25_000 }) }),
  ),
  { maxLength: 4 },
);

function lengthOf(part: Part): number {
  return part instanceof Uint8Array ? part.length : part.hole;
}

function digestOf(all: readonly Part[]): string {
  const hasher = hashing.createHasher("sha256");
  for (const part of all) {
    hasher.update(part instanceof Uint8Array ? part : new Uint8Array(part.hole));
  }
  return hasher.hex();
}

describe("a reader of file contents", () => {
  it("gives the digest of each file, whether the content comes whole, in parts or with holes", () => {
    fc.assert(
      fc.property(parts, (all) => {
        const reader = createContentReader(MOST_HOLES);
        reader.start(all.reduce((sum, part) => sum + lengthOf(part), 0));
        for (const part of all) {
          if (part instanceof Uint8Array) reader.data(part);
          else reader.hole(part.hole);
        }
        expect(reader.finish().hex).toBe(digestOf(all));
      }),
    );
  });

  it("limits the hole bytes that it hashes in all files together, as a layer could have thousands of them", () => {
    const reader = createContentReader(MOST_HOLES);
    const hashed = Array.from({ length: 5 }, () => {
      reader.start(30_000);
      reader.hole(30_000);
      return reader.finish().hex !== undefined;
    });
    expect(hashed).toEqual([true, true, true, false, false]);
  });

  it("gives no digest for a file that is mostly holes, but gives one for the next file", () => {
    const reader = createContentReader(MOST_HOLES);
    reader.start(MOST_HOLES + 3);
    reader.data(Uint8Array.of(1, 2));
    reader.hole(MOST_HOLES + 1);
    expect(reader.finish().hex).toBeUndefined();
    reader.start(1);
    reader.data(Uint8Array.of(1));
    expect(reader.finish().hex).toBe(digestOf([Uint8Array.of(1)]));
  });
});
