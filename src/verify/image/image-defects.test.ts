// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { elfObject } from "../../../test/fixtures/elf-object.ts";
import {
  AMD64,
  app,
  foreign,
  foreignLibrary,
  hops,
  library,
  run,
  verifyFiles,
  type Change,
} from "../../../test/fixtures/runnable-image.ts";

const LIBC = "usr/lib/riscv64-linux-gnu/libc.so.6";

/** Each defect, and the one finding that it must lead to. */
const DEFECTS: readonly [
  what: string,
  change: Change,
  finding: readonly [code: string, path: string],
][] = [
  [
    "a program for another machine behind a wrapper",
    { files: { "opt/gcc/bin/gcc.real": run(foreign()) } },
    ["wrong-architecture", "/opt/gcc/bin/gcc.real"],
  ],
  [
    "a program for another machine off the PATH",
    { files: { "opt/rust/lib/rustlib/cc1": run(foreign()) } },
    ["wrong-architecture", "/opt/rust/lib/rustlib/cc1"],
  ],
  [
    "a static program for another machine",
    { files: { "opt/rust/rustc": run(elfObject({ machine: AMD64, type: 2, static: true })) } },
    ["wrong-architecture", "/opt/rust/rustc"],
  ],
  [
    "a static position-independent program for another machine",
    { files: { qemu: run(elfObject({ machine: AMD64 })) } },
    ["wrong-architecture", "/qemu"],
  ],
  [
    "a library for another machine that programs need",
    { files: { [LIBC]: foreignLibrary("libc.so.6") } },
    ["wrong-architecture", `/${LIBC}`],
  ],
  [
    "a library for another machine beside those that programs load",
    { files: { "usr/lib/riscv64-linux-gnu/libplugin.so": foreignLibrary("libplugin.so") } },
    ["wrong-architecture", "/usr/lib/riscv64-linux-gnu/libplugin.so"],
  ],
  [
    "a loader for another machine",
    { files: { "usr/lib/ld-linux-riscv64-lp64d.so.1": run(foreignLibrary("ld.so")) } },
    ["wrong-architecture", "/usr/lib/ld-linux-riscv64-lp64d.so.1"],
  ],
  [
    "a loader that is absent",
    { files: { "usr/lib/ld-linux-riscv64-lp64d.so.1": undefined } },
    ["loader-missing", "/opt/gcc/bin/gcc.real"],
  ],
  [
    "a library that is absent",
    { files: { "opt/gcc/bin/gcc.real": run(app({ needed: ["libisl.so.23"] })) } },
    ["library-missing", "/opt/gcc/bin/gcc.real"],
  ],
  [
    "a library that leads nowhere",
    { files: { [LIBC]: { symlink: "libc-2.34.so" } } },
    ["library-missing", "/opt/gcc/bin/gcc.real"],
  ],
  [
    "a version of symbols that is absent",
    {
      files: {
        "usr/bin/python3": run(app({ versions: { "libc.so.6": ["GLIBC_2.38"] } })),
      },
    },
    ["version-missing", "/usr/bin/python3"],
  ],
  [
    "a damaged program",
    { files: { "usr/bin/broken": run(app().subarray(0, 70)) } },
    ["damaged-object", "/usr/bin/broken"],
  ],
  [
    "an interpreter that is absent",
    { files: { "usr/bin/tool": run("#!/usr/bin/perl -w\n") } },
    ["interpreter-missing", "/usr/bin/tool"],
  ],
  [
    "an interpreter that env does not find",
    { files: { "usr/bin/python3": undefined } },
    ["interpreter-missing", "/usr/bin/tool"],
  ],
  [
    "an interpreter that env with options does not find",
    { files: { "usr/bin/tool": run("#!/usr/bin/env -S -u HOME A=b ruby -w\n") } },
    ["interpreter-missing", "/usr/bin/tool"],
  ],
  [
    "an interpreter without permission",
    { files: { "usr/bin/python3": app() } },
    ["interpreter-missing", "/usr/bin/tool"],
  ],
  [
    "scripts that run one another",
    { files: { "usr/bin/tool": run("#!/usr/bin/tool\n") } },
    ["interpreter-missing", "/usr/bin/tool"],
  ],
  [
    "an interpreter that is a loop of links",
    {
      files: { "usr/bin/python3": { symlink: "python" }, "usr/bin/python": { symlink: "python3" } },
    },
    ["interpreter-missing", "/usr/bin/tool"],
  ],
  [
    "an entrypoint that is absent",
    { execution: { Entrypoint: ["/usr/bin/gone"] } },
    ["command-missing", "/usr/bin/gone"],
  ],
  [
    "an entrypoint that is on no PATH",
    { execution: { Entrypoint: ["gone"] } },
    ["command-missing", "gone"],
  ],
  [
    "an entrypoint that leads nowhere",
    {
      files: { "usr/bin/start": { symlink: "/opt/gone" } },
      execution: { Entrypoint: ["/bin/start"] },
    },
    ["command-missing", "/bin/start"],
  ],
  [
    "an entrypoint behind 41 links",
    { files: hops(41), execution: { Entrypoint: ["/bin/start"] } },
    ["command-missing", "/bin/start"],
  ],
  [
    "an entrypoint without permission",
    { files: { "usr/bin/start": "#!/bin/sh\n" } },
    ["command-not-executable", "/usr/bin/start"],
  ],
  [
    "an entrypoint that its user may not execute",
    { files: { "usr/bin/start": { content: "#!/bin/sh\n", mode: 0o744 } } },
    ["command-not-executable", "/usr/bin/start"],
  ],
  [
    "an entrypoint that is a directory",
    { execution: { Entrypoint: ["/work"] } },
    ["command-not-executable", "/work"],
  ],
  [
    "an entrypoint that is empty",
    { files: { "usr/bin/start": run("") } },
    ["command-not-executable", "/usr/bin/start"],
  ],
  [
    "an entrypoint that is neither a program nor a script",
    { files: { "usr/bin/start": run("exec sh\n") } },
    ["command-not-executable", "/usr/bin/start"],
  ],
  [
    "an object file as the entrypoint",
    { files: { "usr/bin/start": run(library({ type: 1 })) } },
    ["command-not-executable", "/usr/bin/start"],
  ],
  [
    "a command that is absent",
    { execution: { Entrypoint: [], Cmd: ["/gone"] } },
    ["command-missing", "/gone"],
  ],
  [
    "a health check that is absent",
    { execution: { Healthcheck: { Test: ["CMD", "curl", "localhost"] } } },
    ["command-missing", "curl"],
  ],
  [
    "a shell of the health check that is absent",
    { execution: { Shell: ["/bin/bash", "-c"] } },
    ["command-missing", "/bin/bash"],
  ],
  [
    "a user that is not in passwd",
    { execution: { User: "nobody:users" } },
    ["user-missing", "/etc/passwd"],
  ],
  [
    "a user without any passwd",
    { files: { "etc/passwd": undefined } },
    ["user-missing", "/etc/passwd"],
  ],
  [
    "a group that is not in group",
    { execution: { User: "builder:wheel" } },
    ["group-missing", "/etc/group"],
  ],
  [
    "a working directory that is a file",
    { files: { "work/": undefined, work: "file" } },
    ["wrong-working-directory", "/work"],
  ],
  [
    "a working directory that is a loop of links",
    { files: { "work/": undefined, work: { symlink: "work" } } },
    ["wrong-working-directory", "/work"],
  ],
];

it.each(DEFECTS)("%s is found in an image, and nothing else", async (_, change, [code, path]) => {
  const { findings, ok } = await verifyFiles(change);
  const found = findings.map((finding) => [finding.code, finding.severity, finding.path]);
  expect(found).toEqual([[code, "error", path]]);
  expect(ok).toBe(false);
});
