// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { elfObject } from "../../../test/fixtures/elf-object.ts";
import {
  AMD64,
  library,
  RISCV64,
  run,
  verifyFiles,
  type Change,
} from "../../../test/fixtures/runnable-image.ts";
import { findsEachAlone } from "../../../test/fixtures/seeded-defects.ts";
import type { LayerFiles } from "../../testing/build-image.ts";
import type { ImageReport } from "../image/image-report.ts";

const LOADER = "/lib/ld-musl-riscv64.so.1";

function program(...needed: readonly string[]): ReturnType<typeof run> {
  return run(elfObject({ machine: RISCV64, interpreter: LOADER, needed }));
}

/** A root as Alpine makes it: busybox with links, musl as loader and libc in one, libraries in /lib and /usr/lib. */
const ALPINE: LayerFiles = {
  "lib/ld-musl-riscv64.so.1": run(library({ soname: "libc.musl-riscv64.so.1" })),
  "lib/libc.musl-riscv64.so.1": { symlink: "ld-musl-riscv64.so.1" },
  "bin/busybox": program("libc.musl-riscv64.so.1"),
  "bin/sh": { symlink: "/bin/busybox" },
  "usr/bin/env": { symlink: "/bin/busybox" },
  "usr/lib/libcrypto.so.3": library({
    soname: "libcrypto.so.3",
    needed: ["libc.musl-riscv64.so.1"],
  }),
  "usr/lib/libssl.so.3": library({
    ...{ soname: "libssl.so.3", needed: ["libcrypto.so.3", "libc.musl-riscv64.so.1"] },
  }),
  "usr/bin/openssl": program("libssl.so.3", "libcrypto.so.3", "libc.musl-riscv64.so.1"),
  "usr/bin/ssl_client": run("#!/bin/sh\nexec openssl\n"),
  "opt/app/lib/libapp.so": library({ soname: "libapp.so" }),
  "opt/app/app": program("libapp.so", "libc.musl-riscv64.so.1"),
  "etc/ld-musl-riscv64.path": "/lib\n/usr/local/lib\n/usr/lib\n/opt/app/lib\n",
  "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
};

function verifyAlpine({ files }: Change = {}): Promise<ImageReport> {
  return verifyFiles({
    ...{ alone: true, files: { ...ALPINE, ...files } },
    execution: { Cmd: ["/bin/sh"], Entrypoint: ["openssl"] },
  });
}

it("a whole musl root has no findings", async () => {
  const { findings, checked } = await verifyAlpine();
  expect(findings).toEqual([]);
  expect(checked).toMatchObject({ programs: 3, objects: 7, scripts: 1 });
});

const BARE_PATHS = "/lib\n/usr/lib\n";

findsEachAlone(verifyAlpine, [
  [
    "a musl root without a library",
    { files: { "usr/lib/libcrypto.so.3": undefined } },
    ["library-missing", "/usr/bin/openssl"],
  ],
  [
    "a musl root without musl",
    { files: { "lib/ld-musl-riscv64.so.1": undefined } },
    ["loader-missing", "/bin/busybox"],
  ],
  [
    "a musl root with the loader of another machine",
    {
      files: {
        "lib/ld-musl-riscv64.so.1": run(elfObject({ machine: AMD64, soname: "libc.musl.so.1" })),
      },
    },
    ["wrong-architecture", "/lib/ld-musl-riscv64.so.1"],
  ],
  [
    "a musl root with a library for another machine",
    {
      files: { "usr/lib/libssl.so.3": elfObject({ machine: AMD64, soname: "libssl.so.3" }) },
    },
    ["wrong-architecture", "/usr/lib/libssl.so.3"],
  ],
  [
    "a musl root whose path file lost a directory",
    { files: { "etc/ld-musl-riscv64.path": BARE_PATHS } },
    ["library-missing", "/opt/app/app"],
  ],
  [
    "a musl root whose busybox is for another machine",
    {
      files: {
        "bin/busybox": run(
          elfObject({ machine: AMD64, interpreter: "/lib/ld-musl-x86_64.so.1", needed: [] }),
        ),
      },
    },
    ["wrong-architecture", "/bin/busybox"],
  ],
]);
