// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { elfObject } from "../../../test/fixtures/elf-object.ts";
import {
  AMD64,
  app,
  ARM64,
  foreignLibrary,
  hops,
  run,
  verifyFiles,
  type Change,
} from "../../../test/fixtures/runnable-image.ts";
import type { LayerFile } from "../../testing/build-image.ts";

describe("an image that would run", () => {
  it("has no findings, and says how much was looked at", async () => {
    const report = await verifyFiles();
    expect(report.findings).toEqual([]);
    expect(report).toMatchObject({ ok: true, platform: { architecture: "riscv64" } });
    expect(report.checked).toEqual({
      ...{ layers: 1, paths: 23, objects: 6, programs: 4, scripts: 3, commands: 2 },
    });
  });

  it("may be behind 40 links", async () => {
    const execution = { Entrypoint: ["/usr/bin/start"] };
    expect((await verifyFiles({ files: hops(40), execution })).findings).toEqual([]);
  });

  it.each<[string, Change]>([
    ["a numeric user and group", { execution: { User: "65532:65532" } }],
    ["no group file", { files: { "etc/group": undefined }, execution: { User: "builder" } }],
    ["a working directory that the runtime makes", { execution: { WorkingDir: "/new/place" } }],
    ["no health check", { execution: { Healthcheck: { Test: ["NONE"] } } }],
    [
      "an entrypoint relative to its working directory",
      { execution: { WorkingDir: "/usr", Entrypoint: ["bin/start"] } },
    ],
    [
      "examples for what is not there",
      { files: { "usr/share/doc/a/examples/x": run("#!/usr/bin/ruby\n") } },
    ],
    [
      "compiled Guile and BPF",
      {
        files: {
          "usr/lib/a.go": elfObject({ machine: 0 }),
          "usr/lib/b.o": elfObject({ machine: 247 }),
        },
      },
    ],
  ])("may have %s", async (_, change) => {
    expect((await verifyFiles(change)).findings).toEqual([]);
  });
});

describe("an image of few files", () => {
  const program = run(elfObject({ machine: ARM64, type: 2, static: true }));

  it("from scratch is one static program", async () => {
    const execution = { Entrypoint: ["/app"] };
    const report = await verifyFiles({
      alone: true,
      files: { app: program },
      execution,
      architecture: "arm64",
    });
    expect(report.findings).toEqual([]);
    expect(report.checked).toMatchObject({ objects: 1, commands: 1 });
  });

  it("without passwd has a numeric user and the usual PATH", async () => {
    const execution = {
      ...{ Entrypoint: ["/app"], User: "65532", WorkingDir: "/home/nonroot" },
      Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
    };
    const report = await verifyFiles({
      alone: true,
      files: { app: program },
      execution,
      architecture: "arm64",
    });
    expect(report.findings).toEqual([]);
  });

  it("and nothing to start is no finding", async () => {
    const report = await verifyFiles({ alone: true, files: { "etc/name": "one" } });
    expect(report).toMatchObject({ findings: [], checked: { commands: 0 } });
  });
});

describe("what nothing of an image runs", () => {
  async function notes(files: Change["files"]): Promise<readonly string[]> {
    const report = await verifyFiles({ ...(files && { files }) });
    expect(report.ok).toBe(true);
    return report.findings.map(({ severity, message }) => `${severity} ${message}`);
  }

  it("is noted once for an Android tree with its own loader", async () => {
    const android = (needed: string[]): LayerFile =>
      run(app({ machine: ARM64, interpreter: "/system/bin/linker64", needed }));
    const found = await notes({
      "opt/android/apex/bin/linker64": run(elfObject({ machine: ARM64, soname: "ld-android.so" })),
      "opt/android/system/bin/linker64": { symlink: "/apex/bin/linker64" },
      "opt/android/system/bin/toybox": android(["libc.so"]),
      "opt/android/system/lib64/libc.so": run(elfObject({ machine: ARM64, soname: "libc.so" })),
    });
    expect(found).toEqual([
      "note /opt/android/apex/bin/linker64: and 2 more below /opt/android are for arm64, and nothing of this image runs or loads it",
    ]);
  });

  it("is noted for firmware, object files and libraries of a sysroot", async () => {
    const found = await notes({
      "usr/lib/firmware/modem.elf": run(elfObject({ machine: ARM64, type: 2, static: true })),
      "opt/go/race.syso": elfObject({ machine: AMD64, type: 1 }),
      "opt/ndk/sysroot/libm.so": run(foreignLibrary("libm.so")),
    });
    expect(found.map((line) => line.split(":")[0])).toEqual([
      "note /opt/go/race.syso",
      "note /opt/ndk/sysroot/libm.so",
      "note /usr/lib/firmware/modem.elf",
    ]);
  });

  it("is noted for a 32-bit program that the machine can run too", async () => {
    const program = elfObject({ machine: 3, class: 32, type: 2, static: true });
    const report = await verifyFiles({
      ...{ alone: true, files: { "usr/bin/app": run(program) }, architecture: "amd64" },
    });
    expect(report).toMatchObject({ ok: true, findings: [{ severity: "note" }] });
    expect(report.findings[0]?.message).toBe(
      "/usr/bin/app: is for 386, which machines for amd64 can run too",
    );
  });

  it("is noted for a directory of the PATH that is not there", async () => {
    const report = await verifyFiles({ execution: { Env: ["PATH=/opt/gone/bin:/usr/bin"] } });
    expect(report.ok).toBe(true);
    expect(report.findings).toMatchObject([
      { code: "search-path-missing", severity: "note", path: "/opt/gone/bin" },
    ]);
  });

  it("is noted for a script off the PATH whose interpreter is absent", async () => {
    expect(await notes({ "opt/a/run": run("#!/usr/bin/ruby\n") })).toEqual([
      "note /opt/a/run: is run by /usr/bin/ruby: /usr/bin/ruby is not there",
    ]);
  });
});
