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

/** A name that is not UTF-8, if the disk accepts such names. */
function odd(byte: number): Buffer {
  return Buffer.concat([Buffer.from(`${base}/`), Buffer.of(byte)]);
}

/** Sets an attribute, and returns whether the disk and the user could. */
function set(name: string, value: string): boolean {
  const shell = `setfattr -n '${name}' -v '${value}' "$1"/*`;
  return spawnSync("sh", ["-c", shell, "sh", base]).status === 0;
}

describe.runIf(process.platform === "linux")("reading an inode's attributes with a command", () => {
  it("gives all of them for an inode of any name, binary and empty values included; or reports that there is no command", () => {
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

  it("gives those of a link itself, wherever it leads", () => {
    fs.symlinkSync("/nowhere", odd(0xfe));
    const dump = (): unknown =>
      [...dumpXattrs(odd(0xfe))].filter(([name]) => name.startsWith("user."));
    if (isThere) expect(dump()).toEqual([]);
    else expect(dump).toThrow("ENOENT");
  });

  it("fails for an inode that does not exist", () => {
    expect(() => dumpXattrs(odd(0xfd))).toThrow("ENOENT");
    expect(() => dumpXattrs(join(base, "no"))).toThrow("ENOENT");
  });
});
