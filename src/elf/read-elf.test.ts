// SPDX-License-Identifier: MIT
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { elfObject, type ElfObjectParts } from "../../test/fixtures/elf-object.ts";
import { isOciError } from "../oci/errors.ts";
import type { ElfBytes } from "./elf-bytes.ts";
import { describeFlags } from "./machine-flags.ts";
import { readElf } from "./read-elf.ts";

function inMemory(bytes: Uint8Array): ElfBytes {
  return {
    size: bytes.length,
    read: (offset, length) => {
      expect(offset).toBeGreaterThanOrEqual(0);
      expect(length).toBeGreaterThan(0);
      expect(offset + length).toBeLessThanOrEqual(bytes.length);
      return bytes.slice(offset, offset + length);
    },
  };
}

const RICH: ElfObjectParts = {
  interpreter: "/lib64/ld-linux-x86-64.so.2",
  soname: "libown.so.1",
  needed: ["libc.so.6", "libm.so.6"],
  rPath: "/opt/old:/opt/older",
  runPath: "$ORIGIN/../lib:",
  flags1: 0x800,
  versions: { "libc.so.6": ["GLIBC_2.38", "GLIBC_2.2.5"], "libm.so.6": ["GLIBC_2.29"] },
  defines: ["libown.so.1", "OWN_1.0", "OWN_2.0"],
  buildId: "00ff1e9a",
  symbolTable: true,
};

describe("an ELF object", () => {
  it.each([
    [64, "little"],
    [64, "big"],
    [32, "little"],
    [32, "big"],
  ] as const)("of %d bits, %s-endian, says how it is loaded", async (width, endian) => {
    const bytes = elfObject({ ...RICH, class: width, endian });
    expect(await readElf(inMemory(bytes))).toEqual({
      class: width,
      endian,
      type: 3,
      machine: 62,
      flags: 0,
      interpreter: "/lib64/ld-linux-x86-64.so.2",
      dynamic: true,
      soname: "libown.so.1",
      needed: ["libc.so.6", "libm.so.6"],
      rPath: ["/opt/old", "/opt/older"],
      runPath: ["$ORIGIN/../lib", ""],
      noDefaultLibraries: true,
      neededVersions: [
        { library: "libc.so.6", version: "GLIBC_2.38", weak: false },
        { library: "libc.so.6", version: "GLIBC_2.2.5", weak: false },
        { library: "libm.so.6", version: "GLIBC_2.29", weak: false },
      ],
      definedVersions: ["libown.so.1", "OWN_1.0", "OWN_2.0"],
      symbolTable: true,
      buildId: "00ff1e9a",
    });
  });

  it("that is static and stripped says that it needs nothing", async () => {
    expect(await readElf(inMemory(elfObject({ static: true })))).toMatchObject({
      interpreter: undefined,
      dynamic: false,
      needed: [],
      symbolTable: false,
      buildId: undefined,
    });
  });

  it("is read by some kilobytes, however large it is", async () => {
    const fd = openSync(process.execPath, "r");
    let bytes = 0;
    const read = (offset: number, length: number): Uint8Array => {
      const buffer = new Uint8Array(length);
      bytes += readSync(fd, buffer, 0, length, offset);
      return buffer;
    };
    const node = await readElf({ size: fstatSync(fd).size, read });
    closeSync(fd);
    expect(node?.needed).toContain("libc.so.6");
    expect(node?.neededVersions.map(({ library }) => library)).toContain("libc.so.6");
    expect(bytes).toBeLessThan(1 << 20);
  });

  it("is undefined for what is no ELF object", async () => {
    for (const text of ["", "#!/bin/sh\n", "\x7fELS"]) {
      expect(await readElf(inMemory(Buffer.from(text, "latin1")))).toBeUndefined();
    }
  });

  it("that is cut short anywhere is refused, or read", async () => {
    const bytes = elfObject(RICH);
    for (let length = 4; length < bytes.length; length += 1) {
      await expectReadOrRefused(bytes.subarray(0, length));
    }
  });

  it("of any changed bytes is refused, or read, and never hangs", async () => {
    const bytes = elfObject(RICH);
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 12 }), async (changes) => {
        const changed = Uint8Array.from(bytes);
        for (const [at, byte] of changes) changed[at] = byte;
        await expectReadOrRefused(changed);
      }),
      { numRuns: 500 },
    );
  });

  it("with more records of versions than any real one is refused", async () => {
    const versions = Array.from({ length: 20_000 }, (_, index) => `A_${index}`);
    const read = readElf(inMemory(elfObject({ needed: ["a.so"], versions: { "a.so": versions } })));
    await expect(read).rejects.toMatchObject({
      code: "invalid-elf",
      message: "ELF object: expected at most 16384 records of versions, got more",
    });
  });
});

async function expectReadOrRefused(bytes: Uint8Array): Promise<void> {
  try {
    await readElf(inMemory(bytes));
  } catch (error) {
    expect(isOciError(error, "invalid-elf") ? undefined : error).toBeUndefined();
  }
}

describe("the flags of a machine", () => {
  const riscv = { class: 64, endian: "little", type: 3, machine: 243 } as const;
  const arm = { class: 32, endian: "little", type: 3, machine: 40 } as const;

  it.each([
    [riscv, 0x5, "double", ["double-float ABI", "compressed instructions"]],
    [riscv, 0x0, "soft", ["soft-float ABI"]],
    [riscv, 0x1a, "single", ["single-float ABI", "16 registers", "total store ordering"]],
    [arm, 0x5000400, "hard", ["EABI 5", "hard-float ABI"]],
    [arm, 0x5000200, "soft", ["EABI 5", "soft-float ABI"]],
    [{ ...arm, machine: 62, class: 64 } as const, 7, undefined, []],
  ])("are told in words", (header, flags, floatAbi, words) => {
    expect(describeFlags(header, flags)).toEqual({ floatAbi, words });
  });
});
