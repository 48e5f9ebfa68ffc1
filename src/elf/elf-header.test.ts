// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isOciError } from "../oci/errors.ts";
import { elf } from "../../test/fixtures/layers.ts";
import {
  elfArchitecture,
  elfMatches,
  formatElf,
  isElfArchitecture,
  isElfExecutable,
  readElfHeader,
} from "./elf-header.ts";

/** A header by its numbers. */
function header(elfClass: number, data: number, type: number, machine: number): Uint8Array {
  const bytes = new Uint8Array(64);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, elfClass, data, 1]);
  const view = new DataView(bytes.buffer);
  view.setUint16(16, type, data === 1);
  view.setUint16(18, machine, data === 1);
  return bytes;
}

describe("an ELF header", () => {
  it.each([
    ["386", 1, 1, 3],
    ["amd64", 2, 1, 62],
    ["arm", 1, 1, 40],
    ["arm64", 2, 1, 183],
    ["loong64", 2, 1, 258],
    ["mips64", 2, 2, 8],
    ["mips64le", 2, 1, 8],
    ["ppc64", 2, 2, 21],
    ["ppc64le", 2, 1, 21],
    ["riscv64", 2, 1, 243],
    ["s390x", 2, 2, 22],
  ])(
    "of %s is recognised by class, byte order and machine",
    (architecture, elfClass, data, machine) => {
      const read = readElfHeader(header(elfClass, data, 2, machine))!;
      expect(elfArchitecture(read)).toBe(architecture);
      expect(formatElf(read)).toBe(architecture);
      expect(elfMatches(read, architecture)).toBe(true);
      expect(elfMatches(read, architecture === "arm" ? "arm64" : "arm")).toBe(false);
      expect(isElfArchitecture(architecture)).toBe(true);
    },
  );

  it("of x32, which has the machine of amd64 but 32 bits, is not one of amd64", () => {
    const read = readElfHeader(header(1, 1, 2, 62))!;
    expect(elfMatches(read, "amd64")).toBe(false);
    expect(formatElf(read)).toBe("machine 62 (32-bit, little-endian)");
  });

  it("never matches an architecture whose machine is unknown", () => {
    expect(elfMatches(readElfHeader(header(2, 1, 2, 9999))!, "wasm")).toBe(false);
    expect(isElfArchitecture("wasm")).toBe(false);
  });

  it("tells executables, also position-independent ones, from other objects", () => {
    const types = [0, 1, 2, 3, 4].map((type) =>
      isElfExecutable(readElfHeader(elf("amd64", type))!),
    );
    expect(types).toEqual([false, false, true, true, false]);
  });

  it("of the running Node has this machine's architecture", () => {
    if (process.platform !== "linux") return;
    const names: Record<string, string> = {
      x64: "amd64",
      ia32: "386",
      ppc64: "ppc64le",
      loong64: "loong64",
    };
    const read = readElfHeader(readFileSync(process.execPath).subarray(0, 64))!;
    expect(elfArchitecture(read)).toBe(names[process.arch] ?? process.arch);
  });

  it("is undefined when the magic number is missing", () => {
    for (const text of ["", "\x7fEL", "#!/bin/sh\n", "MZ"]) {
      expect(readElfHeader(new TextEncoder().encode(text))).toBeUndefined();
    }
  });

  it.each([
    ["cut short", elf("amd64").subarray(0, 19)],
    ["of class 3", header(3, 1, 2, 62)],
    ["of byte order 0", header(2, 0, 2, 62)],
    ["of version 2", header(2, 1, 2, 62).fill(2, 6, 7)],
  ])("%s is refused", (_, bytes) => {
    expect(() => readElfHeader(bytes)).toThrow(expect.objectContaining({ code: "invalid-elf" }));
  });

  it("is read without following its tables, wherever they point", () => {
    const hostile = elf("riscv64").fill(0xff, 24);
    expect(elfArchitecture(readElfHeader(hostile)!)).toBe("riscv64");
  });

  it("is read, undefined or refused with an OciError, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.boolean(), (bytes, withMagic) => {
        const input = withMagic ? new Uint8Array([0x7f, 0x45, 0x4c, 0x46, ...bytes]) : bytes;
        try {
          readElfHeader(input);
        } catch (error) {
          expect(isOciError(error, "invalid-elf")).toBe(true);
        }
      }),
    );
  });
});
