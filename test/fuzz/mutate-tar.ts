// SPDX-License-Identifier: MIT
import { base256, joinBytes } from "../../src/testing/raw-tar.ts";
import type { Random } from "./random.ts";

const BLOCK = 512;
const encoder = new TextEncoder();

/** Offsets and lengths of the header fields that decide what a reader does. */
const FIELDS: readonly (readonly [at: number, length: number])[] = [
  [0, 100],
  [100, 8],
  [108, 8],
  [116, 8],
  [124, 12],
  [124, 12],
  [136, 12],
  [156, 1],
  [156, 1],
  [157, 100],
  [257, 8],
  [329, 8],
  [337, 8],
  [345, 155],
  [386, 12],
  [398, 12],
  [482, 1],
  [483, 12],
];

const VALUES: readonly Uint8Array[] = [
  ...["", "/", ".", "..", "../x", "/../../x", "a/../..", ".wh.", ".wh..wh..opq", "a/.wh.b", "\0"],
  ...["0000000\0", "7777777\0", "00000001000\0", "77777777777\0", "-1", "9", " 12 ", "x"],
  ...["1", "2", "3", "5", "6", "7", "S", "L", "K", "x", "g", "X", "D", "\xff"],
  ...["ustar\x0000", "ustar  \0", "12 path=../x\n", "5 a=\n", "9 size=7\n", "99999999999 a=b\n"],
]
  .map((text) => encoder.encode(text))
  .concat(
    [-1, 0, 1, 2 ** 31, 2 ** 32, 2 ** 52].map((value) => base256(value, 12)),
    [base256(2n ** 63n - 1n, 12), new Uint8Array(12).fill(0xff)],
  );

type Mutation = (tar: Uint8Array, random: Random, other: Uint8Array) => Uint8Array;

function blocksOf(tar: Uint8Array): number {
  return Math.max(1, Math.floor(tar.length / BLOCK));
}

function cut(tar: Uint8Array, from: number, to = tar.length): Uint8Array {
  return tar.subarray(from * BLOCK, to === tar.length ? tar.length : to * BLOCK);
}

const MUTATIONS: readonly Mutation[] = [
  function flipBits(tar, random) {
    const copy = tar.slice();
    for (let left = random.below(8); left >= 0 && copy.length > 0; left -= 1) {
      copy[random.below(copy.length)]! ^= 1 << random.below(8);
    }
    return copy;
  },
  editField,
  editField,
  editField,
  function overwrite(tar, random) {
    const copy = tar.slice();
    const value = random.oneIn(2) ? random.of(VALUES) : random.bytes(random.below(40));
    const at = random.below(Math.max(1, copy.length - value.length));
    if (at + value.length <= copy.length) copy.set(value, at);
    return copy;
  },
  function swapBlocks(tar, random) {
    const copy = tar.slice();
    const [a, b] = [random.below(blocksOf(tar)), random.below(blocksOf(tar))];
    const first = tar.slice(a * BLOCK, (a + 1) * BLOCK);
    const second = tar.slice(b * BLOCK, (b + 1) * BLOCK);
    if (first.length === second.length) {
      copy.set(second, a * BLOCK);
      copy.set(first, b * BLOCK);
    }
    return copy;
  },
  function duplicateBlocks(tar, random) {
    const from = random.below(blocksOf(tar));
    const to = from + 1 + random.below(4);
    const at = random.below(blocksOf(tar));
    return joinBytes(cut(tar, 0, at), cut(tar, from, to), cut(tar, at));
  },
  function removeBlocks(tar, random) {
    const from = random.below(blocksOf(tar));
    return joinBytes(cut(tar, 0, from), cut(tar, from + 1 + random.below(3)));
  },
  function splice(tar, random, other) {
    return joinBytes(
      cut(tar, 0, random.below(blocksOf(tar))),
      cut(other, random.below(blocksOf(other))),
    );
  },
  (tar, _random, other) => joinBytes(tar, other),
  (tar, random) => tar.subarray(0, random.below(tar.length + 1)),
  (tar, random) => joinBytes(tar, random.bytes(random.below(2000))),
];

function editField(tar: Uint8Array, random: Random): Uint8Array {
  const copy = tar.slice();
  const start = BLOCK * random.below(blocksOf(tar));
  const [at, length] = random.of(FIELDS);
  const value = random.oneIn(4) ? random.bytes(length) : random.of(VALUES);
  const field = copy.subarray(start + at, start + at + length);
  if (random.oneIn(2)) field.fill(0);
  field.set(value.subarray(0, field.length));
  return copy;
}

/** A tar with one to six changes. Mostly the checksums are right again, so that readers get beyond them. */
export function mutateTar(tar: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  let mutated = tar;
  for (let left = random.below(6); left >= 0; left -= 1) {
    mutated = random.of(MUTATIONS)(mutated, random, other);
  }
  return random.oneIn(5) ? mutated : withChecksums(mutated);
}

/** Sets the right checksum in every block that looks like a header. */
function withChecksums(tar: Uint8Array): Uint8Array {
  const copy = tar.slice();
  for (let at = 0; at + BLOCK <= copy.length; at += BLOCK) {
    const block = copy.subarray(at, at + BLOCK);
    const isHeader = block[257] === 0x75 && block[258] === 0x73 && block[259] === 0x74;
    if (!isHeader) continue;
    let sum = 8 * 0x20;
    for (let index = 0; index < BLOCK; index += 1) {
      if (index < 148 || index >= 156) sum += block[index]!;
    }
    block.set(encoder.encode(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  }
  return copy;
}

/**
 * Changes bytes of any kind, for compressed streams: flips bits, repeats, removes or cuts off parts, or
 * appends some.
 */
export function mutateBytes(bytes: Uint8Array, random: Random): Uint8Array {
  let mutated = bytes.slice();
  for (let left = random.below(4); left >= 0; left -= 1) {
    const at = random.below(mutated.length + 1);
    const to = Math.min(mutated.length, at + random.below(64));
    const part = random.of([
      mutated.subarray(at, to),
      random.bytes(random.below(16)),
      new Uint8Array(random.below(600)),
      bytes,
    ]);
    switch (random.below(4)) {
      case 0:
        if (at < mutated.length) mutated[at]! ^= 1 << random.below(8);
        break;
      case 1:
        mutated = joinBytes(mutated.subarray(0, at), part, mutated.subarray(to));
        break;
      case 2:
        mutated = mutated.slice(0, at);
        break;
      default:
        mutated = joinBytes(mutated, part);
    }
  }
  return mutated;
}
