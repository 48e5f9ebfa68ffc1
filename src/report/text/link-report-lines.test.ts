// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { verify, verifyChanged } from "../../../test/fixtures/compilers.ts";
import { file, symlink } from "../../../test/fixtures/layers.ts";
import { linkReportLines } from "./link-report-lines.ts";

describe("a report for people", () => {
  it("shows each chain, and the findings after them", async () => {
    const changes = [
      symlink("usr/local/bin/gcc", "../../bin/gcc"),
      symlink("etc/alternatives/clang", "/opt/llvm/bin/clang"),
      symlink("opt/llvm", "/usr/local/llvm-target"),
      symlink("etc/alternatives/c++", "/gone"),
      symlink("etc/alternatives/x.1", "/usr/share/man/x.1"),
    ];
    const lines = linkReportLines(await verifyChanged(changes));
    expect(lines[0]).toMatch(/^memory@sha256:[0-9a-f]{12} \(riscv64\)$/);
    const wraps = "[script for /bin/sh, wraps /opt/gcc-16.2.0/bin/gcc.real: ELF riscv64]";
    expect(lines.slice(1)).toEqual([
      `  ✓ /usr/local/bin/gcc -> ../../bin/gcc; /usr/bin/gcc -> /etc/alternatives/gcc -> /opt/gcc-16.2.0/bin/gcc ${wraps}`,
      `  ✓ /usr/bin/cc -> /etc/alternatives/cc -> /opt/gcc-16.2.0/bin/gcc ${wraps}`,
      "  ✗ /usr/bin/c++ -> /etc/alternatives/c++ -> /gone [nothing there]",
      `  ✓ /usr/bin/gcc -> /etc/alternatives/gcc -> /opt/gcc-16.2.0/bin/gcc ${wraps}`,
      `  ✓ /usr/bin/g++ -> /etc/alternatives/g++ -> /opt/gcc-16.2.0/bin/g++ ${wraps.replace("gcc.real", "g++.real")}`,
      "  ✓ /usr/bin/clang -> /etc/alternatives/clang -> /opt/llvm/bin/clang; /opt/llvm -> /usr/local/llvm-target; /usr/local/llvm-target/bin/clang -> clang-23 = /usr/local/llvm-target/bin/clang-23 [ELF riscv64]",
      "  ✗ dangling: /usr/bin/c++: leads to /gone: /gone is not in the root",
      "  note: dangling: /etc/alternatives/x.1: leads to /usr/share/man/x.1: /usr/share is not in the root",
      "  6 links checked, 1 problem",
      "",
    ]);
  });

  it("tells a loop once around, and of a long chain the first hops and its end", async () => {
    const names = Array.from({ length: 20 }, (_, at) => `usr/bin/l${at}`);
    const loop = await verifyChanged([symlink("usr/bin/gcc", "l1"), symlink("usr/bin/l1", "gcc")]);
    expect(linkReportLines(loop)).toContain(
      "  ✗ /usr/bin/gcc -> l1 -> gcc -> … [links without end]",
    );
    const long = await verifyChanged([
      ...names.map((name, at) => symlink(name, at === 19 ? "sh" : `l${at + 1}`)),
      symlink("usr/bin/gcc", "l0"),
    ]);
    const line = linkReportLines(long).find((one) => one.includes("/usr/bin/gcc"))!;
    expect(line).toMatch(
      /^ {2}✓ \/usr\/bin\/gcc -> l0 -> l1 .* -> l11 -> … = \/usr\/bin\/dash \[ELF/,
    );
  });

  it("tells no loop of a link that is passed twice on the way to an end, and no end of a loop through one", async () => {
    const lines = linkReportLines(
      await verifyChanged([
        symlink("usr/bin/gcc", "/bin/gcc-16"),
        symlink("usr/bin/gcc-16", "/bin/dash"),
        symlink("usr/bin/g++", "/bin/g++-16"),
        symlink("usr/bin/g++-16", "/bin/g++"),
      ]),
    );
    expect(lines).toEqual(
      expect.arrayContaining([
        "  ✓ /usr/bin/gcc -> /bin/gcc-16; /bin -> usr/bin; /usr/bin/gcc-16 -> /bin/dash; /bin -> usr/bin = /usr/bin/dash [ELF riscv64]",
        "  ✗ /usr/bin/g++ -> /bin/g++-16; /bin -> usr/bin; /usr/bin/g++-16 -> /bin/g++; /bin -> usr/bin -> … [links without end]",
      ]),
    );
  });

  it("escapes control characters in names", async () => {
    const evil = "\u001b[2J\u202e\n";
    const report = await verify([[symlink("usr/bin/cc", evil), file(`usr/bin/${evil}`)]]);
    const text = linkReportLines(report).join("\n");
    expect(text).toContain("\\x1b[2J\\u202e\\n");
    expect(text).not.toMatch(/[\u001b\u202e]/);
    expect(report.findings.every(({ message }) => !/[\u001b\u202e\n]/.test(message))).toBe(true);
  });
});
