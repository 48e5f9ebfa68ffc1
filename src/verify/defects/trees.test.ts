// SPDX-License-Identifier: MIT
import { POLICIES, verifyFamily } from "../../../test/fixtures/family-image.ts";
import { elfObject } from "../../../test/fixtures/elf-object.ts";
import {
  AMD64,
  app,
  ARM64,
  foreign,
  foreignLibrary,
  library,
  run,
} from "../../../test/fixtures/runnable-image.ts";
import { findsEachAlone } from "../../../test/fixtures/seeded-defects.ts";

findsEachAlone(verifyFamily, [
  [
    "an x86-64 program in a riscv64 tree",
    { files: { "opt/ffmpeg/bin/ffprobe": run(foreign()) } },
    ["tree-wrong-architecture", "/opt/ffmpeg/bin/ffprobe", "machines"],
  ],
  [
    "an x86-64 library in a riscv64 tree that nothing loads",
    { files: { "opt/ffmpeg/plugins/a.so": foreignLibrary("a.so") } },
    ["tree-wrong-architecture", "/opt/ffmpeg/plugins/a.so", "machines"],
  ],
  [
    "an x86-64 object file in a riscv64 tree",
    { files: { "opt/ffmpeg/share/a.o": elfObject({ machine: AMD64, type: 1 }) } },
    ["tree-wrong-architecture", "/opt/ffmpeg/share/a.o", "machines"],
  ],
  [
    "an arm64 library in the compiler's tree",
    {
      files: {
        "usr/local/llvm-target/lib/x.so": elfObject({ machine: ARM64, soname: "x.so" }),
      },
    },
    ["tree-wrong-architecture", "/usr/local/llvm-target/lib/x.so", "machines"],
  ],
  [
    "a compiler for another machine",
    { files: { "usr/local/llvm-target/bin/clang": run(foreign()) } },
    ["tree-wrong-architecture", "/usr/local/llvm-target/bin/clang", "machines"],
  ],
  [
    "two foreign libraries of one directory, as one finding",
    {
      files: {
        "opt/ffmpeg/x/a.so": foreignLibrary("a.so"),
        "opt/ffmpeg/x/b.so": foreignLibrary("b.so"),
      },
    },
    ["tree-wrong-architecture", "/opt/ffmpeg/x/a.so", "machines"],
  ],
  [
    "the image's own machine in the Android tree",
    { files: { "opt/android/lib64/b.so": library({ soname: "b.so" }) } },
    ["tree-wrong-architecture", "/opt/android/lib64/b.so", "machines"],
  ],
  [
    "an x86-64 library in the Android tree",
    { files: { "opt/android/lib64/b.so": foreignLibrary("b.so") } },
    ["tree-wrong-architecture", "/opt/android/lib64/b.so", "machines"],
  ],
  [
    "an Android tree that is absent",
    { files: { "opt/android/lib64/libnative.so": undefined } },
    ["tree-missing", "/opt/android", "machines"],
  ],
  [
    "fewer libraries than there have to be",
    { files: { "opt/ffmpeg/lib/libavcodec.so": undefined } },
    ["paths-too-few", undefined, "media"],
  ],
  [
    "a library that is a link to nothing, which does not count",
    {
      files: { "opt/ffmpeg/lib/libavcodec.so": { symlink: "libavcodec.so.60" } },
      policies: POLICIES.filter(({ name }) => name !== "dangling"),
    },
    ["paths-too-few", undefined, "media"],
  ],
  [
    "an emptied tree",
    {
      files: { "opt/venv/lib/numpy/__init__.py": "" },
    },
    ["path-empty", "/opt/venv/lib/numpy", "media"],
  ],
  [
    "an emptied file",
    { files: { "opt/venv/lib/torch/__init__.py": "", "opt/venv/lib/torch/more.py": "pass" } },
    ["path-empty", "/opt/venv/lib/torch/__init__.py", "media"],
  ],
  [
    "an emptied /opt/ffmpeg",
    {
      files: {
        "opt/ffmpeg/": "",
        "opt/ffmpeg/bin/ffmpeg": undefined,
        "opt/ffmpeg/lib/libavcodec.so": undefined,
        "opt/ffmpeg/lib/libavcodec.so.61": undefined,
      },
      policies: [
        { kind: "present", name: "media", paths: [{ path: "/opt/ffmpeg", nonEmpty: true }] },
        {
          kind: "architecture",
          name: "machines",
          trees: [{ path: "/opt/android", architecture: "arm64" }],
        },
      ],
    },
    ["path-empty", "/opt/ffmpeg", "media"],
  ],
  [
    "a package that is absent",
    { files: { "opt/venv/lib/torch/__init__.py": undefined, "opt/venv/lib/scipy/a.py": "1" } },
    ["path-missing", "/opt/venv/lib/torch/__init__.py", "media"],
  ],
  [
    "a wrapper without what it wraps",
    {
      files: { "opt/gcc/bin/gcc.real": undefined, "usr/bin/start": run("#!/bin/sh\n") },
    },
    ["path-missing", "/opt/gcc/bin/gcc.real", "media"],
  ],
  [
    "a directory where a program has to be",
    { files: { "opt/gcc/bin/gcc.real": undefined, "opt/gcc/bin/gcc.real/x": "x" } },
    ["path-wrong-type", "/opt/gcc/bin/gcc.real", "media"],
  ],
  [
    "an emulator that was left behind",
    { files: { "usr/bin/qemu-riscv64": run(app()) } },
    ["path-forbidden", "/usr/bin/qemu-riscv64", "leftovers"],
  ],
  [
    "a directory that must not be there, once for all that is in it",
    { files: { "opt/wheels/a.whl": "a", "opt/wheels/b.whl": "b" } },
    ["path-forbidden", "/opt/wheels", "leftovers"],
  ],
  [
    "a leftover anywhere",
    { files: { "etc/deep/down/a.orig": "a" } },
    ["path-forbidden", "/etc/deep/down/a.orig", "leftovers"],
  ],
]);
