// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { once } from "../../src/bytes/bytes.ts";
import { readPushed } from "../../src/verify/facts/pushed-object.ts";
import { readContent } from "../../src/verify/closure/read-object.ts";
import { elfObject } from "../fixtures/elf-object.ts";
import { app, library, LOADER, run, verifyFiles, WHOLE } from "../fixtures/runnable-image.ts";
import { fuzz } from "./fuzz.ts";
import type { Random } from "./random.ts";

const PARTS = {
  ...{ interpreter: LOADER, needed: ["libc.so.6", "liba.so"], soname: "liba.so" },
  ...{ runPath: "$ORIGIN/../lib:$LIB", rPath: "/lib", buildId: "0102030405060708" },
  ...{ versions: { "libc.so.6": ["GLIBC_2.34"], "liba.so": ["A_1", "A_2"] } },
  ...{ defines: ["liba.so", "A_1", "A_2"], symbolTable: true },
} as const;
const OBJECTS = [
  app(PARTS),
  library(PARTS),
  elfObject({ ...PARTS, class: 32, endian: "big", machine: 20 }),
  elfObject({ ...PARTS, class: 32, machine: 40 }),
  elfObject({ static: true }),
];
const NUMBERS = [0, 1, 2, 0xff, 0xffff, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];

/** Changes bytes, words, or the length of an object; its magic number stays. */
function mutate(object: Uint8Array, random: Random): Uint8Array {
  const bytes = Buffer.from(object);
  for (let times = 1 + random.below(6); times > 0; times -= 1) {
    const at = 4 + random.below(bytes.length - 8);
    const number = random.oneIn(3) ? random.below(bytes.length) : random.of(NUMBERS);
    if (random.oneIn(2)) bytes.writeUInt32LE(number, at);
    else if (random.oneIn(2)) bytes.writeUInt32BE(number, at);
    else bytes[at] = random.below(256);
  }
  return random.oneIn(4) ? bytes.subarray(0, 4 + random.below(bytes.length - 4)) : bytes;
}

/** Pushes an object in chunks, and gives what it is told to be. */
async function push(bytes: Uint8Array, size: number): Promise<unknown> {
  const object = readPushed(bytes.length);
  for (let at = 0; at < bytes.length; at += size) {
    object.push(bytes.subarray(at, at + size));
    await object.ready();
  }
  return object.result;
}

/** Every path of the image that a program or a library is at. */
const PLACES = Object.keys(WHOLE).filter((path) =>
  /^(usr\/bin\/(sh|env|python3)|.*\.so\.[16])$/.test(path),
);

describe("malformed ELF objects", () => {
  it("are read or told to be damaged, in one pass as by ranges", () =>
    fuzz("are read or told to be damaged, in one pass as by ranges", 0.12, async (random) => {
      const bytes = mutate(random.of(OBJECTS), random);
      const read = await readContent(bytes.length, () => once(bytes));
      expect(["elf", "damaged", "other"]).toContain(read.kind);
      expect(await push(bytes, 1 + random.below(2 * bytes.length))).toEqual(read);
    }));

  it("in an image are findings of its closure, and nothing else happens", () =>
    fuzz(
      "in an image are findings of its closure, and nothing else happens",
      0.13,
      async (random) => {
        const files = Object.fromEntries(
          PLACES.map((path) => [
            path,
            random.oneIn(2) ? run(mutate(random.of(OBJECTS), random)) : WHOLE[path],
          ]),
        );
        const { findings, checked } = await verifyFiles({ files });
        expect(checked?.objects).toBeGreaterThan(0);
        for (const { message } of findings) expect(message).not.toBe("");
      },
    ));
});
