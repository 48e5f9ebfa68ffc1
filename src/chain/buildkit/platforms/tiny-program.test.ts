// SPDX-License-Identifier: MIT
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { arch, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { tinyProgram } from "./tiny-program.ts";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-tiny-"));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** How to run a program of an architecture here: itself, or the emulator of that name. */
const RUNNERS: readonly (readonly [architecture: string, node: string, qemu: string])[] = [
  ["amd64", "x64", "x86_64"],
  ["386", "ia32", "i386"],
  ["arm64", "arm64", "aarch64"],
  ["arm", "arm", "arm"],
  ["riscv64", "riscv64", "riscv64"],
  ["ppc64le", "ppc64", "ppc64le"],
  ["s390x", "s390x", "s390x"],
  ["loong64", "loong64", "loongarch64"],
];

it.each(RUNNERS)("the program for %s runs and ends well", (architecture, node, qemu) => {
  const bytes = tinyProgram({ os: "linux", architecture });
  expect(bytes?.length).toBeLessThan(200);
  const file = join(directory, architecture);
  writeFileSync(file, bytes!, { mode: 0o755 });
  const emulator = `/usr/bin/qemu-${qemu}-static`;
  const command = arch() === node ? [file] : existsSync(emulator) ? [emulator, file] : undefined;
  if (command === undefined) return;
  const { status, signal } = spawnSync(command[0]!, command.slice(1));
  expect({ status, signal }).toEqual({ status: 0, signal: null });
});

it("there is none for another system or an unknown architecture", () => {
  expect(tinyProgram({ os: "windows", architecture: "amd64" })).toBeUndefined();
  expect(tinyProgram({ os: "linux", architecture: "z80" })).toBeUndefined();
});
