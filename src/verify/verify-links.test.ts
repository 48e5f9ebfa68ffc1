// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import {
  errorsOf,
  family,
  verify,
  verifyChanged,
  type Arch,
} from "../../test/fixtures/compilers.ts";
import {
  directory,
  elf,
  file,
  mergeImage,
  program,
  symlink,
  whiteout,
  type Piece,
} from "../../test/fixtures/layers.ts";
import { linkReportLines } from "../report/text/link-report-lines.ts";
import type { LinkReport } from "./link-report.ts";
import { verifyLinks } from "./verify-links.ts";

const EXPECTED = [
  { path: "/usr/bin/cc", target: "/opt/gcc-16.2.0/bin/gcc" },
  { path: "/usr/bin/clang", target: "/usr/local/llvm-target/bin/clang" },
];

describe("the links of a family image", () => {
  it.each(["amd64", "arm64", "riscv64"] as const)("are right for %s", async (architecture) => {
    const report = await verify([family(architecture)], { architecture, expect: EXPECTED });
    expect(report.findings).toEqual([]);
    expect(report).toMatchObject({ ok: true, checked: 5, architecture });
  });

  it("are reported hop by hop, through the wrapper to its ELF file", async () => {
    const report = await verifyChanged([]);
    const cc = report.chains.find(({ path }) => path === "/usr/bin/cc")!;
    expect(cc.hops.map(({ path, target }) => [path, target])).toEqual([
      ["/usr/bin/cc", "/etc/alternatives/cc"],
      ["/etc/alternatives/cc", "/opt/gcc-16.2.0/bin/gcc"],
    ]);
    expect(cc).toMatchObject({
      ok: true,
      target: "/opt/gcc-16.2.0/bin/gcc",
      end: {
        kind: "script",
        interpreter: "/bin/sh",
        real: "/opt/gcc-16.2.0/bin/gcc.real",
        architecture: "riscv64",
      },
    });
  });

  it("are searched on the image's own PATH, in each directory only once", async () => {
    const environment = ["HOME=/", "PATH=/opt/gcc-16.2.0/bin:relative::/bin:/usr/bin:/nowhere"];
    const report = await verifyChanged([], { environment });
    expect(report.chains.map(({ path }) => path)).toEqual([
      "/opt/gcc-16.2.0/bin/gcc",
      "/opt/gcc-16.2.0/bin/g++",
      ...["cc", "c++", "gcc", "g++", "clang"].map((name) => `/usr/bin/${name}`),
    ]);
  });

  it("of the wrong architecture are found behind the wrapper", async () => {
    const report = await verifyChanged([program("opt/gcc-16.2.0/bin/gcc.real", elf("amd64"))]);
    expect(errorsOf(report)).toEqual([
      "wrong-architecture /usr/bin/cc",
      "wrong-architecture /usr/bin/gcc",
    ]);
    expect(report.findings[0]?.message).toBe(
      "/usr/bin/cc: expected riscv64, got amd64 at /opt/gcc-16.2.0/bin/gcc.real",
    );
    expect(report.ok).toBe(false);
  });

  it("through a wrapper need an interpreter of the right architecture", async () => {
    const missing = await verifyChanged([whiteout("usr/bin/.wh.dash")]);
    expect(new Set(missing.findings.map(({ code }) => code))).toEqual(
      new Set(["interpreter-missing"]),
    );
    expect(missing.findings[0]?.message).toContain("is run by /bin/sh");
    const foreign = await verifyChanged([program("usr/bin/dash", elf("amd64"))]);
    expect(foreign.findings.map(({ code }) => code)).toContain("wrong-architecture");
    expect(foreign.findings[0]?.message).toContain("/usr/bin/dash");
  });

  it("may be in the first directories of the default PATH", async () => {
    const report = await verifyChanged([
      symlink("usr/local/bin/clang++", "../llvm-target/bin/clang++"),
    ]);
    expect(report.ok).toBe(true);
    expect(report.checked).toBe(6);
  });
});

describe("an expected end", () => {
  const expectEnd = (path: string, target: string, more: Piece[] = []): Promise<LinkReport> =>
    verifyChanged(more, { expect: [{ path, target }] });

  it("is compared after both paths were resolved, whatever the hops between", async () => {
    const report = await expectEnd("/bin/clang", "/usr/local/llvm-target/bin/clang++");
    expect(errorsOf(report)).toEqual([]);
    expect(report.chains.filter(({ path }) => path.endsWith("/clang"))).toHaveLength(1);
  });

  it("may be given as the ELF file that a wrapper runs", async () => {
    expect(errorsOf(await expectEnd("/usr/bin/cc", "/opt/gcc-16.2.0/bin/gcc.real"))).toEqual([]);
  });

  it("that is not reached is a finding with both paths", async () => {
    const report = await expectEnd("/usr/bin/cc", "/opt/gcc-16.2.0/bin/g++");
    expect(errorsOf(report)).toEqual(["wrong-target /usr/bin/cc"]);
    expect(report.findings[0]?.message).toBe(
      "/usr/bin/cc: ends at /opt/gcc-16.2.0/bin/gcc, expected /opt/gcc-16.2.0/bin/g++",
    );
    expect(report.chains.find(({ expected }) => expected !== undefined)?.ok).toBe(false);
  });

  it("that is not in the root is a finding", async () => {
    const report = await expectEnd("/usr/bin/cc", "/opt/gcc-99/bin/gcc");
    expect(errorsOf(report)).toEqual(["wrong-target /usr/bin/cc"]);
    expect(report.findings[0]?.message).toMatch(/which is not in the root$/);
  });

  it("for a path that is not there is a finding", async () => {
    expect(errorsOf(await expectEnd("/usr/bin/gfortran", "/opt/gfortran"))).toEqual([
      "missing /usr/bin/gfortran",
    ]);
  });

  it("may be a directory, a library, or any file", async () => {
    const more = [
      symlink("opt/vulkan/active", "/opt/vulkan/1.4/x86_64"),
      directory("opt/vulkan/1.4/x86_64"),
      symlink("usr/lib/libx.so", "libx.so.1"),
      file("usr/lib/libx.so.1", elf("riscv64")),
      symlink("etc/os-release", "../usr/lib/os-release"),
      file("usr/lib/os-release", "NAME=x\n"),
    ];
    const expect_ = [
      { path: "/opt/vulkan/active", target: "/opt/vulkan/1.4/x86_64" },
      { path: "/usr/lib/libx.so", target: "/usr/lib/libx.so.1" },
      { path: "/etc/os-release", target: "/usr/lib/os-release" },
    ];
    const report = await verifyChanged(more, { expect: expect_ });
    expect(report.findings).toEqual([]);
    expect(report.chains.slice(-3).map(({ end }) => end.kind)).toEqual([
      "directory",
      "elf",
      "other",
    ]);
    const foreign = await verifyChanged([...more, file("usr/lib/libx.so.1", elf("arm64"))], {
      expect: expect_,
    });
    expect(errorsOf(foreign)).toEqual(["wrong-architecture /usr/lib/libx.so"]);
  });

  it("has to be given as absolute paths", async () => {
    for (const [path, target] of [
      ["cc", "/x"],
      ["/x", "gcc"],
    ] as const) {
      await expect(expectEnd(path, target)).rejects.toMatchObject({ code: "invalid-argument" });
    }
  });
});

describe("a link that leads nowhere", () => {
  const cc = (target: string): Piece[] => [symlink("etc/alternatives/cc", target)];

  it("is dangling, and the finding says where the chain ended", async () => {
    const report = await verifyChanged(cc("/opt/gcc-99/bin/gcc"));
    expect(errorsOf(report)).toEqual(["dangling /usr/bin/cc"]);
    expect(report.findings[0]?.message).toBe(
      "/usr/bin/cc: leads to /opt/gcc-99/bin/gcc: /opt/gcc-99 is not in the root",
    );
  });

  it("is host-only when only this machine has its target", async () => {
    const asked: string[] = [];
    const existsOnHost = (path: string): boolean =>
      asked.push(path) > 0 && path === "/usr/bin/gcc-99";
    const report = await verifyChanged(cc("/usr/bin/gcc-99"), { existsOnHost });
    expect(errorsOf(report)).toEqual(["host-only /usr/bin/cc"]);
    expect(report.findings[0]?.message).toContain("only this machine has it");
    expect(asked.every((path) => path.startsWith("/"))).toBe(true);
  });

  it("is host-only when it points to the root by its path on the machine", async () => {
    const existsOnHost = (path: string): boolean => path.startsWith("/home/ci/out/rootfs/");
    const report = await verifyChanged(cc("/home/ci/out/rootfs/opt/gcc"), { existsOnHost });
    expect(errorsOf(report)).toEqual(["host-only /usr/bin/cc"]);
  });

  it("is a loop when it goes round in circles", async () => {
    const report = await verifyChanged([...cc("/usr/bin/cc")]);
    expect(errorsOf(report)).toEqual(["loop /usr/bin/cc"]);
  });

  it("may be an alternative that no compiler uses, and each one is reported once", async () => {
    const report = await verifyChanged([
      ...cc("/gone"),
      symlink("etc/alternatives/editor", "/usr/bin/vim.tiny"),
      symlink("etc/alternatives/pager", "/usr/bin/less"),
      symlink("etc/alternatives/sh", "/usr/bin/dash"),
      file("etc/alternatives/README", "text"),
    ]);
    expect(errorsOf(report)).toEqual([
      "dangling /usr/bin/cc",
      "dangling /etc/alternatives/editor",
      "dangling /etc/alternatives/pager",
    ]);
  });

  it("to a manual page, which a slim image left out, is a note", async () => {
    const man = symlink("etc/alternatives/awk.1.gz", "/usr/share/man/man1/mawk.1.gz");
    const report = await verifyChanged([man]);
    expect(report.ok).toBe(true);
    expect(report.findings).toMatchObject([{ code: "dangling", severity: "note" }]);
  });

  it("that climbs above the root and comes back is a note", async () => {
    const report = await verifyChanged(cc("../../../../opt/gcc-16.2.0/bin/gcc"));
    expect(report.ok).toBe(true);
    expect(report.findings).toMatchObject([
      { code: "relative-escape", severity: "note", path: "/usr/bin/cc" },
    ]);
  });
});

describe("the distribution's compilers", () => {
  const debian = (arch: Arch): Piece[] => [
    program("usr/bin/x86_64-linux-gnu-gcc-14", elf(arch)),
    symlink("usr/bin/gcc-14", "x86_64-linux-gnu-gcc-14"),
    symlink("usr/bin/gcc", "gcc-14"),
    symlink("usr/bin/cc", "/etc/alternatives/cc"),
    symlink("etc/alternatives/cc", "/usr/bin/gcc"),
    program("usr/lib/llvm-19/bin/clang", elf(arch)),
    symlink("usr/bin/clang", "../lib/llvm-19/bin/clang"),
  ];

  it("are right in an image without toolchains of its own", async () => {
    const report = await verify([debian("amd64")], { architecture: "amd64" });
    expect(report).toMatchObject({ ok: true, checked: 3, findings: [] });
  });

  it("are reported in an image that has its own toolchains", async () => {
    const own = [directory("opt/gcc-16.2.0"), directory("usr/local/llvm-target")];
    const report = await verify([debian("amd64"), own], { architecture: "amd64" });
    expect(errorsOf(report)).toEqual([
      "distro-fallback /usr/bin/cc",
      "distro-fallback /usr/bin/gcc",
      "distro-fallback /usr/bin/clang",
    ]);
    expect(report.findings[2]?.message).toBe(
      "/usr/bin/clang: ends at the distribution's /usr/lib/llvm-19/bin/clang, expected an end in /usr/local/llvm-target",
    );
  });

  it("are right where an expectation names them", async () => {
    const own = [directory("opt/gcc-16.2.0"), directory("usr/local/llvm-target")];
    const expected = [
      { path: "/usr/bin/cc", target: "/usr/bin/x86_64-linux-gnu-gcc-14" },
      { path: "/usr/bin/gcc", target: "/usr/bin/gcc-14" },
      { path: "/usr/bin/clang", target: "/usr/lib/llvm-19/bin/clang" },
    ];
    const report = await verify([debian("amd64"), own], {
      architecture: "amd64",
      expect: expected,
    });
    expect(report.findings).toEqual([]);
  });
});

describe("the architecture", () => {
  it("is that of the first executable when none is given, and all others have to agree", async () => {
    const alike = verifyLinks(await mergeImage([family("arm64")]));
    expect(alike).toMatchObject({ ok: true, architecture: "arm64" });
    const mixed = [program("usr/local/llvm-target/bin/clang-23", elf("riscv64"))];
    const report = verifyLinks(await mergeImage([family("arm64"), mixed]));
    expect(errorsOf(report)).toEqual(["wrong-architecture /usr/bin/clang"]);
    expect(report.findings[0]?.message).toMatch(/expected arm64 as \/\S+ is, got riscv64/);
  });

  it("may be given by another name, but is refused when no ELF machine is known for it", async () => {
    expect((await verify([family("arm64")], { architecture: "aarch64" })).ok).toBe(true);
    await expect(verify([[]], { architecture: "wasm" })).rejects.toMatchObject({
      code: "unsupported-operation",
    });
  });
});

describe("nothing to check", () => {
  it("shows in the count of checked chains, and is not an error", async () => {
    const report = await verify([[file("etc/passwd"), symlink("etc/alternatives/sh", "/bin/sh")]]);
    expect(report.checked).toBe(0);
    expect(linkReportLines(report).join("\n")).toContain("nothing to check");
  });
});
