// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { errorsOf, verifyChanged } from "../../test/fixtures/compilers.ts";
import {
  directory,
  elf,
  file,
  program,
  special,
  symlink,
  type Piece,
} from "../../test/fixtures/layers.ts";
import type { LinkReport } from "./link-report.ts";

describe("what a compiler's link ends at", () => {
  const clang = (...pieces: Piece[]): Promise<LinkReport> =>
    verifyChanged([symlink("etc/alternatives/clang", "/opt/x"), ...pieces]);

  it.each([
    ["a directory", directory("opt/x"), "not-executable"],
    ["a fifo", special("fifo", "opt/x"), "not-executable"],
    ["a file without permission", file("opt/x", elf("riscv64")), "not-executable"],
    ["an empty file", program("opt/x", ""), "not-an-executable-format"],
    ["text", program("opt/x", "int main;"), "not-an-executable-format"],
    ["an object file", program("opt/x", elf("riscv64", 1)), "not-an-executable-format"],
    [
      "a damaged header",
      program("opt/x", elf("riscv64").fill(9, 4, 5)),
      "not-an-executable-format",
    ],
    ["a cut header", program("opt/x", elf("riscv64").slice(0, 10)), "not-an-executable-format"],
    ["another architecture", program("opt/x", elf("arm64")), "wrong-architecture"],
    ["a script without interpreter", program("opt/x", "#!\n"), "not-an-executable-format"],
    ["a script of a relative one", program("opt/x", "#!sh\n"), "not-an-executable-format"],
    ["a script of a missing one", program("opt/x", "#!/bin/bash\n"), "interpreter-missing"],
    ["a missing env program", program("opt/x", "#!/usr/bin/env python3\n"), "interpreter-missing"],
  ])("may not be %s", async (_, piece, code) => {
    const env = program("usr/bin/env", elf("riscv64"));
    expect(errorsOf(await clang(piece, env))).toEqual([`${code} /usr/bin/clang`]);
  });

  it.each([
    "#! /bin/sh -e\n",
    "#!/bin/sh",
    "#!/usr/bin/env sh\n",
    "#!/usr/bin/env -S FOO=1 sh -e\n",
    "#!/usr/bin/env /bin/sh\n",
  ])("may be the script %j", async (line) => {
    const report = await clang(program("opt/x", line), program("usr/bin/env", elf("riscv64")));
    expect(report.findings).toEqual([]);
  });

  it("may be run by a chain of four scripts, and no longer one", async () => {
    const scripts = (count: number): Piece[] =>
      Array.from({ length: count }, (_, at) =>
        program(
          at === 0 ? "opt/x" : `opt/x${at}`,
          at === count - 1 ? "#!/bin/sh\n" : `#!/opt/x${at + 1}\n`,
        ),
      );
    expect((await clang(...scripts(4))).findings).toEqual([]);
    expect(errorsOf(await clang(...scripts(5)))).toEqual(["loop /usr/bin/clang"]);
    expect(errorsOf(await clang(program("opt/x", "#!/opt/x\n")))).toEqual(["loop /usr/bin/clang"]);
  });

  it("may not be a wrapper whose `.real` is a wrong ELF file", async () => {
    const wrapper = program("opt/x", "#!/bin/sh\n");
    const cases: [Piece, string][] = [
      [program("opt/x.real", "#!/bin/sh\n"), "not-an-executable-format"],
      [file("opt/x.real", elf("riscv64")), "not-executable"],
      [symlink("opt/x.real", "gone"), "dangling"],
      [program("opt/x.real", elf("amd64")), "wrong-architecture"],
    ];
    for (const [real, code] of cases) {
      expect(errorsOf(await clang(wrapper, real))).toEqual([`${code} /usr/bin/clang`]);
    }
  });
});
