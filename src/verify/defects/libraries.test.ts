// SPDX-License-Identifier: MIT
import { verifyFamily } from "../../../test/fixtures/family-image.ts";
import { library } from "../../../test/fixtures/runnable-image.ts";
import { loaderCache } from "../../../test/fixtures/loader-cache.ts";
import { findsEachAlone } from "../../../test/fixtures/seeded-defects.ts";

const OURS = "etc/ld.so.conf.d/000-llvm-target.conf";

findsEachAlone(verifyFamily, [
  [
    "a library with a symbol table",
    {
      files: {
        "opt/ffmpeg/lib/libavcodec.so.61": library({
          soname: "libavcodec.so.61",
          symbolTable: true,
        }),
      },
    },
    ["not-stripped", "/opt/ffmpeg/lib/libavcodec.so.61", "stripped"],
  ],
  [
    "nothing to compare, where a library was renamed",
    {
      files: {
        "opt/ffmpeg/lib/libavcodec.so.61": undefined,
        "opt/ffmpeg/lib/libavcodec.so": library({ soname: "libavcodec.so" }),
        "opt/ffmpeg/lib/libavcodec.so_": library({ soname: "libavcodec.so_" }),
      },
    },
    ["nothing-matched", undefined, "stripped"],
  ],
  [
    "our libraries after the distribution's",
    { files: { [OURS]: undefined, "etc/ld.so.conf.d/z.conf": "/usr/local/llvm-target/lib\n" } },
    ["library-directory-late", "/usr/local/llvm-target/lib", "libraries"],
  ],
  [
    "our libraries in no file of the loader's",
    { files: { [OURS]: undefined } },
    ["library-directory-unlisted", "/usr/local/llvm-target/lib", "libraries"],
  ],
  [
    "our libraries only in a comment",
    { files: { [OURS]: "# /usr/local/llvm-target/lib\n" } },
    ["library-directory-unlisted", "/usr/local/llvm-target/lib", "libraries"],
  ],
  [
    "our libraries in a file that is not included",
    {
      files: { [OURS]: undefined, "etc/ld.so.conf.d/000-llvm": "/usr/local/llvm-target/lib\n" },
    },
    ["library-directory-unlisted", "/usr/local/llvm-target/lib", "libraries"],
  ],
  [
    "a directory before the line that includes ours",
    { files: { "etc/ld.so.conf": "/usr/lib\ninclude ld.so.conf.d/*.conf\n" } },
    ["library-directory-late", "/usr/local/llvm-target/lib", "libraries"],
  ],
  [
    "a loader's cache that has the distribution's library first",
    {
      files: {
        "etc/ld.so.cache": loaderCache([
          "/usr/lib/riscv64-linux-gnu/libc.so.6",
          "/usr/lib/libclang-cpp.so",
          "/usr/local/llvm-target/lib/libclang-cpp.so",
        ]),
      },
    },
    ["library-shadowed", "/usr/local/llvm-target/lib/libclang-cpp.so", "libraries"],
  ],
]);
