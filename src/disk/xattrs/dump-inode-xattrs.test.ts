// SPDX-License-Identifier: MIT
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { dumpXattrs } from "./dump-inode-xattrs.ts";

let base: string;

beforeEach(() => {
  base = fs.mkdtempSync(join(tmpdir(), "oci-kit-dump-"));
});
afterEach(() => fs.rmSync(base, { recursive: true, force: true }));

const isThere = spawnSync("getfattr", ["--version"]).error === undefined;

/** A name that is not UTF-8, where the disk has such names. */
function odd(byte: number): Buffer {
  return Buffer.concat([Buffer.from(`${base}/`), Buffer.of(byte)]);
}

/** Sets an attribute where the disk and the user may; says whether it is there. */
function set(name: string, value: string): boolean {
  const shell = `setfattr -n '${name}' -v '${value}' "$1"/*`;
  return spawnSync("sh", ["-c", shell, "sh", base]).status === 0;
}

describe.runIf(process.platform === "linux")("attributes by a command", () => {
  it("are those of an inode of any name, binary and empty ones among them; or there is no command", () => {
    fs.writeFileSync(odd(0xff), "");
    if (!isThere) {
      expect(() => dumpXattrs(odd(0xff))).toThrow("ENOENT");
      return;
    }
    const written = new Map([
      ["user.a b\\=", "\u0000\u00ff"],
      ["user.empty", ""],
    ]);
    const values = ["0x00ff", ""];
    for (const [at, name] of [...written.keys()].entries()) {
      if (!set(name, values[at]!)) written.delete(name);
    }
    const found = [...dumpXattrs(odd(0xff))].filter(([name]) => name.startsWith("user."));
    expect(new Map(found)).toEqual(written);
  });

  it("are a link's own, wherever it leads", () => {
    fs.symlinkSync("/nowhere", odd(0xfe));
    const dump = (): unknown =>
      [...dumpXattrs(odd(0xfe))].filter(([name]) => name.startsWith("user."));
    if (isThere) expect(dump()).toEqual([]);
    else expect(dump).toThrow("ENOENT");
  });

  it("can't be had of what is not there", () => {
    expect(() => dumpXattrs(odd(0xfd))).toThrow("ENOENT");
    expect(() => dumpXattrs(join(base, "no"))).toThrow("ENOENT");
  });
});
