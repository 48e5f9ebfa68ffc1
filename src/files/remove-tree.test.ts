// SPDX-License-Identifier: MIT
import fs, {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { removeTree } from "./remove-tree.ts";

let place: string;
let tree: string;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "oci-kit-remove-"));
  tree = join(place, "tree");
  mkdirSync(tree);
});
afterEach(() => removeTree(place));

describe("removing a tree", () => {
  it("removes files, directories and links, and follows no link", async () => {
    const outside = join(place, "outside");
    mkdirSync(outside);
    writeFileSync(join(outside, "file"), "kept");
    symlinkSync(outside, join(tree, "directory-link"));
    symlinkSync(join(outside, "file"), join(tree, "file-link"));
    symlinkSync("nowhere", join(tree, "dangling"));
    linkSync(join(outside, "file"), join(tree, "hard-link"));
    mkdirSync(join(tree, "0/0/1"), { recursive: true });
    writeFileSync(join(tree, "0/file"), "");
    await removeTree(tree);
    expect(readdirSync(place)).toEqual(["outside"]);
    expect(readFileSync(join(outside, "file"), "utf8")).toBe("kept");
  });

  it("removes directories that nobody may read, write or enter", async () => {
    for (const mode of [0o000, 0o111, 0o444, 0o555]) {
      const locked = join(tree, `locked-${mode.toString(8)}`, "locked");
      mkdirSync(join(locked, "below"), { recursive: true });
      writeFileSync(join(locked, "below/file"), "");
      for (const path of ["below", ".", ".."]) chmodSync(join(locked, path), mode | 0o700);
      chmodSync(join(locked, "below"), mode);
      chmodSync(locked, mode);
      chmodSync(join(locked, ".."), mode);
    }
    chmodSync(tree, 0);
    await removeTree(tree);
    expect(readdirSync(place)).toEqual([]);
  });

  it("does not change the mode of a directory that a link leads to", async () => {
    const outside = join(place, "outside");
    mkdirSync(outside, { mode: 0o500 });
    symlinkSync(outside, join(tree, "link"));
    await removeTree(tree);
    expect(statSync(outside).mode & 0o777).toBe(0o500);
  });

  it("removes names that are not UTF-8", async () => {
    const name = Buffer.from([0x61, 0xff, 0xfe]);
    const directory = Buffer.concat([Buffer.from(`${tree}/`), name]);
    mkdirSync(directory);
    writeFileSync(Buffer.concat([directory, Buffer.from("/"), name]), "");
    await removeTree(tree);
    expect(existsSync(tree)).toBe(false);
  });

  it("removes directories nested deeper than a path can be long", async () => {
    const levels = 1000;
    // Built from the inside out, so that no path gets too long.
    mkdirSync(join(tree, "name"));
    for (let level = 0; level < levels; level += 1) {
      mkdirSync(join(place, "next"));
      renameSync(join(tree, "name"), join(place, "next/name"));
      renameSync(join(place, "next"), join(tree, "name"));
    }
    await removeTree(tree);
    expect(existsSync(tree)).toBe(false);
  });

  it("removes a single file or link, and succeeds when nothing is there", async () => {
    const file = join(place, "file");
    writeFileSync(file, "");
    symlinkSync(file, join(place, "link"));
    await removeTree(join(place, "link"));
    expect(existsSync(file)).toBe(true);
    await removeTree(file);
    await removeTree(file);
    expect(readdirSync(place)).toEqual(["tree"]);
  });

  it("works on a full disk, where it can't make its private directory", async () => {
    for (const at of ["one/0/deep", "two/1", "three"]) {
      mkdirSync(join(tree, at), { recursive: true });
      writeFileSync(join(tree, at, "file"), "");
    }
    writeFileSync(join(tree, "file"), "");
    chmodSync(join(tree, "one"), 0o777);
    const full = vi.spyOn(fs, "mkdirSync").mockImplementation(() => {
      throw Object.assign(new Error("ENOSPC: no space left on device, mkdir"), { code: "ENOSPC" });
    });
    syncBuiltinESMExports();
    try {
      await removeTree(tree);
      expect(full).toHaveBeenCalled();
    } finally {
      full.mockRestore();
      syncBuiltinESMExports();
    }
    expect(readdirSync(place)).toEqual([]);
  });

  it("can be aborted, and continued by another call", async () => {
    for (let at = 0; at < 500; at += 1) {
      mkdirSync(join(tree, String(at)));
      writeFileSync(join(tree, String(at), "file"), "");
    }
    const abort = new AbortController();
    const removing = removeTree(tree, { signal: abort.signal });
    abort.abort();
    await removing.catch((error: unknown) => {
      expect(error).toMatchObject({ code: "aborted" });
    });
    await removeTree(tree);
    expect(readdirSync(place)).toEqual([]);
  });

  it("names what it can't remove, such as a file in a directory of another user", async () => {
    writeFileSync(join(tree, "file"), "");
    chmodSync(place, 0o500);
    const removing = removeTree(tree);
    if (process.getuid?.() === 0) await removing;
    else await expect(removing).rejects.toMatchObject({ code: "unwritable" });
    chmodSync(place, 0o700);
    expect(existsSync(tree)).toBe(process.getuid?.() !== 0);
  });
});
