// SPDX-License-Identifier: MIT
import { constants, inflateRawSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../../test/fuzz/random.ts";
import { digestBytes } from "../hash.ts";
import { BLOCK, WINDOW, createBlockMemory } from "./deflate-block.ts";
import { deflateHere } from "./deflate-module.ts";

const LEVELS = [1, 2, 3, 4];

interface Options {
  readonly level?: number;
  /** What stands before the content in the stream. */
  readonly before?: Uint8Array;
  readonly isLast?: boolean;
}

function deflate(content: Uint8Array, options: Options = {}): Uint8Array {
  const { level = 4, before = new Uint8Array(), isLast = true } = options;
  const memory = createBlockMemory();
  new Uint8Array(memory).fill(0xee);
  new Uint8Array(memory).set(before, WINDOW - before.length);
  new Uint8Array(memory).set(content, WINDOW);
  const lengths = { before: before.length, length: content.length };
  const { size } = deflateHere({ memory, ...lengths, isLast, level });
  return new Uint8Array(memory).slice(0, size);
}

function inflate(deflated: Uint8Array, { before, isLast = true }: Options = {}): Uint8Array {
  return inflateRawSync(deflated, {
    finishFlush: isLast ? constants.Z_FINISH : constants.Z_SYNC_FLUSH,
    ...(before === undefined || before.length === 0 ? {} : { dictionary: before }),
  });
}

/** Deflates, inflates and compares. Returns the size. */
function there(content: Uint8Array, options: Options = {}): number {
  const deflated = deflate(content, options);
  const inflated = inflate(deflated, options);
  expect(Buffer.compare(inflated, content)).toBe(0);
  return deflated.length;
}

/** Bytes in which nothing repeats but by chance. */
function random(length: number): Uint8Array {
  return createRandom(7).bytes(length);
}

/** Text of words from a small set. */
function words(length: number): Uint8Array {
  const bytes = random(length);
  const list = ["include", "define", "static", " ", "\n", "return", "(void)", "0x"];
  const text = Array.from(bytes, (byte) => list[byte % list.length]!).join("");
  return new TextEncoder().encode(text).subarray(0, length);
}

describe.each(LEVELS)("what level %d deflates", (level) => {
  it.each([0, 1, 2, 3, 4, 11, 12, 13, 257, 258, 259, 63_999, 64_000, 64_001, BLOCK - 1, BLOCK])(
    "is inflated to the same %d bytes",
    (length) => {
      const contents = [
        ...[new Uint8Array(length), random(length), words(length)],
        random(length).map((byte) => byte & 1),
      ];
      for (const content of contents) {
        there(content, { level });
        there(content, { level, isLast: false });
      }
    },
  );

  it.each([1, 2, 3, 4, 255, 256, 257, 1000])("may repeat what came %d bytes before", (distance) => {
    const piece = random(distance);
    const content = new Uint8Array(4 * distance + 300);
    for (let at = 0; at < content.length; at += distance) {
      content.set(piece.subarray(0, content.length - at), at);
    }
    expect(there(content, { level })).toBeLessThan(distance + 300);
  });

  it("reaches back to what stands before it, as far as it is said to be there", () => {
    const before = random(WINDOW);
    const size = there(before, { level, before });
    expect(size).toBeLessThan(1000);
    there(before.subarray(1000), { level, before: before.subarray(-1000) });
    expect(there(before, { level })).toBeGreaterThan(WINDOW);
  });

  it("grows by a few bytes for each 64,000 that can't be made smaller", () => {
    for (const length of [1, 1000, 64_000, BLOCK]) {
      const most = length + 6 * Math.ceil(length / 64_000) + 11;
      expect(there(random(length), { level, isLast: false })).toBeLessThanOrEqual(most);
    }
  });

  it("is the same bytes whatever was deflated before", () => {
    const contents = [random(100_000), words(300_000), new Uint8Array(5), words(20)];
    const [first, second] = [contents, contents.toReversed()].map((some) =>
      some.map((content) => digestBytes(deflate(content, { level }))),
    );
    expect(first).toEqual(second!.toReversed());
  });
});

describe("deflate", () => {
  it("takes any bytes, after any others", () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.uint8Array({ maxLength: 40, max: 2 }),
      fc.tuple(fc.nat(255), fc.nat(2000)).map(([byte, n]) => new Uint8Array(n).fill(byte)),
    );
    /** Pieces in any order, each any number of times. */
    const bytes = fc
      .tuple(
        fc.array(piece, { minLength: 1, maxLength: 6 }),
        fc.array(fc.nat(5), { maxLength: 40 }),
      )
      .map(([pieces, order]) => Buffer.concat(order.map((at) => pieces[at % pieces.length]!)));
    fc.assert(
      fc.property(
        bytes,
        bytes,
        fc.constantFrom(...LEVELS),
        fc.boolean(),
        (content, all, level, isLast) => {
          there(content, { level, before: all.subarray(-WINDOW), isLast });
        },
      ),
      { numRuns: 300 },
    );
  });

  it("takes symbols so unlike in number that their code would be longer than 15 bits", () => {
    const counts = [1, 1];
    while (counts.length < 24) counts.push(counts.at(-1)! + counts.at(-2)!);
    const all = new Uint8Array(counts.reduce((sum, count) => sum + count, 0));
    let at = 0;
    for (const [symbol, count] of counts.entries()) {
      all.fill(symbol, at, at + count);
      at += count;
    }
    // so mixed that hardly anything repeats
    const mixed = all.map((_, to) => all.at((to * 7919) % all.length) ?? 0);
    for (let from = 0; from < mixed.length; from += 60_000)
      there(mixed.subarray(from, from + 60_000));
  });

  it("gets smaller with each level", () => {
    const content = words(BLOCK);
    const sizes = LEVELS.map((level) => there(content, { level }));
    expect(sizes).toEqual(sizes.toSorted((one, other) => other - one));
  });
});
