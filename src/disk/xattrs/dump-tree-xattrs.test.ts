// SPDX-License-Identifier: MIT
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fromBytes, type ByteString } from "../../bytes/byte-string.ts";
import { b } from "../../../test/fixtures/layers.ts";
import { openDirectory } from "../directory.ts";
import { dumpTreeXattrs } from "./dump-tree-xattrs.ts";

let base: string;

beforeEach(() => {
  base = fs.mkdtempSync(join(tmpdir(), "oci-kit-tree-xattrs-"));
});
afterEach(() => {
  fs.chmodSync(base, 0o700);
  fs.rmSync(base, { recursive: true, force: true });
});

const isThere = spawnSync("getfattr", ["--version"]).error === undefined;
const noCalls = (): never => {
  throw new Error("Cannot find native binding.");
};

/** Sets an attribute, and returns whether the disk accepted it. */
function set(path: Buffer | string, value: string): boolean {
  const words = ["-h", "-n", "user.a b", "-v", value];
  return spawnSync("setfattr", [...words, "--", path as string]).status === 0;
}

describe.runIf(process.platform === "linux")("reading the attributes of a whole tree", () => {
  it("uses one command where there are no calls; or reports that there is no command", () => {
    fs.mkdirSync(join(base, "d\n=\\"));
    fs.writeFileSync(join(base, "d\n=\\", "f"), "");
    fs.symlinkSync("d\n=\\", join(base, "link"));
    const isSet = set(join(base, "d\n=\\", "f"), "0x00ff0a") && set(base, "");
    const dumped = dumpTreeXattrs(base);
    if (!isThere) {
      expect(dumped).toBeUndefined();
      return;
    }
    const ours = (path: ByteString): unknown =>
      [...dumped!.of(path)!].filter(([name]) => name.startsWith("user."));
    expect(ours(b("/d\n=\\/f"))).toEqual(isSet ? [["user.a b", "\0\u00ff\n"]] : []);
    expect(ours(b("/"))).toEqual(isSet ? [["user.a b", ""]] : []);
    expect(ours(b("/link"))).toEqual([]);
    expect(ours(b("/d\n=\\"))).toEqual([]);
  });

  it("works for names of any bytes", () => {
    const name = Buffer.concat([Buffer.from(`${base}/`), Buffer.of(0xff)]);
    fs.writeFileSync(name, "");
    const dumped = dumpTreeXattrs(Buffer.from(base));
    if (dumped === undefined) expect(isThere).toBe(false);
    else expect(dumped.of(`/${fromBytes(Buffer.of(0xff))}` as ByteString)).toBeDefined();
  });

  it("gives no answer for what lies below an unreadable directory", () => {
    fs.mkdirSync(join(base, "closed"), 0o000);
    const dumped = dumpTreeXattrs(Buffer.from(base));
    const isRoot = process.getuid?.() === 0;
    expect(dumped?.of(b("/closed/f")) !== undefined).toBe(isThere && isRoot);
    expect(dumped?.of(b("/other")) !== undefined).toBe(isThere);
    fs.chmodSync(join(base, "closed"), 0o700);
  });

  it("never takes an unreadable value as absent: it is made readable, or an error", () => {
    const isRoot = process.getuid?.() === 0;
    const file = join(base, "a: b");
    fs.writeFileSync(file, "");
    if (!set(file, "0x41") || !isThere) return;
    fs.chmodSync(file, 0o000);
    expect(dumpTreeXattrs(base)!.of(b("/a: b"))?.get(b("user.a b"))).toBe(isRoot ? "A" : undefined);
    const ask = (widen: boolean): unknown => {
      const root = openDirectory(base, { loadXattrs: noCalls, widen });
      try {
        return root.lstat(b("/a: b"))?.xattrs.get(b("user.a b"));
      } finally {
        root.close();
      }
    };
    expect(ask(true)).toBe("A");
    if (isRoot) expect(ask(false)).toBe("A");
    else
      expect(() => ask(false)).toThrow(expect.objectContaining({ code: "unsupported-operation" }));
    expect(fs.statSync(file).mode & 0o777).toBe(0);
  });

  it("is used for a directory where there are no calls", () => {
    const isSet = set(base, "0x41");
    const root = openDirectory(base, { loadXattrs: noCalls });
    const ask = (): unknown => root.lstat(b("/"))?.xattrs.get(b("user.a b"));
    if (isThere) expect(ask()).toBe(isSet ? "A" : undefined);
    else expect(ask).toThrow(expect.objectContaining({ code: "unsupported-operation" }));
    root.close();
  });
});
