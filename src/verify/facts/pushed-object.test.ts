// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { elfObject } from "../../../test/fixtures/elf-object.ts";
import { once } from "../../bytes/bytes.ts";
import { readContent, type LoadedFile } from "../closure/read-object.ts";
import { readPushed } from "./pushed-object.ts";

async function push(bytes: Uint8Array, size: number): Promise<LoadedFile | undefined> {
  const object = readPushed(bytes.length);
  for (let at = 0; at < bytes.length; at += size) {
    object.push(bytes.subarray(at, at + size));
    await object.ready();
  }
  return object.result;
}

const OBJECT = elfObject({
  interpreter: "/lib/ld.so",
  needed: ["libc.so.6", "libm.so.6"],
  versions: { "libc.so.6": ["GLIBC_2.34"] },
  defines: ["A_1"],
  buildId: "0102030405060708",
  symbolTable: true,
});

/** The object with its section headers moved to where they are in a real one: to its very end. */
function withSectionsAt(offset: number): Uint8Array {
  const large = Buffer.alloc(offset + 128);
  large.set(OBJECT);
  const at = Number(Buffer.from(OBJECT).readBigUInt64LE(40));
  large.set(OBJECT.subarray(at, at + 128), offset);
  large.writeBigUInt64LE(BigInt(offset), 40);
  return large;
}

describe("an object whose bytes go by", () => {
  it.each([7, 64, 1000, 100_000])(
    "in chunks of %i bytes is what it is when it is read by ranges",
    async (size) => {
      const read = await readContent(OBJECT.length, () => once(OBJECT));
      expect(read).toMatchObject({ kind: "elf", object: { symbolTable: true } });
      expect(await push(OBJECT, size)).toEqual(read);
    },
  );

  it.each([20_000_000, 16 * 1024 * 1024 - 64])(
    "of many megabytes is read in one pass, its tables at byte %i",
    async (offset) => {
      const large = withSectionsAt(offset);
      const read = await readContent(large.length, () => once(large));
      for (const size of [262_144, large.length]) expect(await push(large, size)).toEqual(read);
    },
  );

  it("that can only be read backwards is not told, instead of told wrongly", async () => {
    const large = Buffer.alloc(40_000_000);
    large.set(withSectionsAt(39_999_000));
    // The dynamic section, the third of the program headers, is read first, and lies behind the build id of the second.
    const note = 64 + 56;
    large.writeBigUInt64LE(20_000_000n, note + 8);
    expect(await push(large, 262_144)).toBeUndefined();
  });

  it("that is damaged is told to be so", async () => {
    const short = OBJECT.subarray(0, 100);
    expect(await push(short, 10)).toEqual(await readContent(100, () => once(short)));
    expect(await push(short, 10)).toMatchObject({ kind: "damaged" });
  });
});
