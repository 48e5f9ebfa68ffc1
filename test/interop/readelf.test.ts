// SPDX-License-Identifier: MIT
import { spawnSync } from "node:child_process";
import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readElf, type ElfObject } from "../../src/elf/read-elf.ts";

/** The directories of this machine's programs and libraries. */
const DIRECTORIES = ["/usr/bin", "/usr/sbin", `/usr/lib/${triplet()}`];

function triplet(): string {
  const machine = { x64: "x86_64", arm64: "aarch64", riscv64: "riscv64" }[process.arch as "x64"];
  return `${machine}-linux-gnu`;
}

async function readFile(path: string): Promise<ElfObject | undefined> {
  const fd = openSync(path, "r");
  try {
    const read = (offset: number, length: number): Uint8Array => {
      const bytes = new Uint8Array(length);
      readSync(fd, bytes, 0, length, offset);
      return bytes;
    };
    return await readElf({ size: fstatSync(fd).size, read });
  } finally {
    closeSync(fd);
  }
}

/** What readelf says of the same, in the same words. */
function readelf(path: string): unknown {
  const { stdout } = spawnSync("readelf", ["--wide", "-h", "-l", "-d", "-V", "-n", "-S", path], {
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  const all = (pattern: RegExp): string[] => [...stdout.matchAll(pattern)].map(([, name]) => name!);
  const paths = (kind: string): string[] =>
    all(new RegExp(`\\(${kind}\\) .*\\[(.*)\\]`, "g")).flatMap((path) => path.split(":"));
  return {
    flags: Number(/Flags: +(0x[0-9a-f]+)/.exec(stdout)?.[1]),
    interpreter: all(/program interpreter: (.*)\]/g)[0],
    soname: all(/\(SONAME\) .*\[(.*)\]/g)[0],
    needed: all(/\(NEEDED\) .*\[(.*)\]/g),
    rPath: paths("RPATH"),
    runPath: paths("RUNPATH"),
    neededVersions: all(/ {2}Name: (\S+) +Flags: .*Version: \d+$/gm),
    symbolTable: / SYMTAB /.test(stdout),
    buildId: all(/Build ID: ([0-9a-f]+)/g)[0],
  };
}

it("readElf says of every program and library of this machine what readelf says", async () => {
  let compared = 0;
  for (const directory of DIRECTORIES) {
    for (const name of readdirSync(directory)) {
      const path = join(directory, name);
      const stats = statSync(path, { throwIfNoEntry: false });
      if (stats?.isFile() !== true) continue;
      const read = await readFile(path);
      if (read === undefined) continue;
      const { flags, interpreter, soname, needed, rPath, runPath, symbolTable, buildId } = read;
      const neededVersions = read.neededVersions.map(({ version }) => version);
      expect(
        {
          flags,
          interpreter,
          soname,
          needed,
          rPath,
          runPath,
          neededVersions,
          symbolTable,
          buildId,
        },
        path,
      ).toEqual(readelf(path));
      compared += 1;
    }
  }
  expect(compared).toBeGreaterThan(100);
});
