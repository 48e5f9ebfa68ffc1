// SPDX-License-Identifier: MIT
import { elfObject } from "../../../test/fixtures/elf-object.ts";
import {
  AMD64,
  app,
  foreign,
  foreignLibrary,
  run,
  verifyFiles,
} from "../../../test/fixtures/runnable-image.ts";
import { findsEachAlone } from "../../../test/fixtures/seeded-defects.ts";

const LIBC = "usr/lib/riscv64-linux-gnu/libc.so.6";

findsEachAlone(verifyFiles, [
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
]);
