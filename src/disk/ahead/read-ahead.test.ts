// SPDX-License-Identifier: MIT
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fromText, type ByteString } from "../../bytes/byte-string.ts";
import { compareNodes } from "../../rootfs/compare/compare-nodes.ts";
import { createNameComparer } from "../../rootfs/compare/compare-trees.ts";
import { walkFilesystem } from "../../rootfs/walk-filesystem.ts";
import { openDirectory } from "../directory.ts";
import { factsOf } from "../disk-node.ts";
import { withEveryPair } from "../proof/paced-pairs.ts";
import { loadXattrCalls } from "../xattrs/xattr-calls.ts";
import { startReadAhead, type AheadDirectory, type ReadAhead } from "./read-ahead.ts";

const ADDON = "@napi-rs/xattr";
const ROOT = "/" as ByteString;

let directory: string;

beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), "ahead-"));
});
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }));

function write(path: string, content = path): void {
  fs.mkdirSync(join(directory, path, ".."), { recursive: true });
  fs.writeFileSync(join(directory, path), content);
}

/** Makes one inode of every type that an ordinary user can make. */
function makeOddities(): void {
  write("a/file");
  write("a-b", "before a/file, as bytes go");
  fs.linkSync(join(directory, "a/file"), join(directory, "a/second"));
  fs.symlinkSync("nowhere \u00e9", join(directory, "a/link"));
  fs.symlinkSync("/", join(directory, "a/root"));
  fs.mkdirSync(join(directory, "empty"), { mode: 0o1777 });
  fs.writeFileSync(Buffer.from(`${directory}/a/\u00ff`, "latin1"), "");
  fs.mkdirSync(Buffer.from(`${directory}/\u00fe`, "latin1"));
  fs.writeFileSync(Buffer.from(`${directory}/\u00fe/\u00e4`, "latin1"), "x");
  write("\u00e4/\u00fc");
  spawnSync("mkfifo", [join(directory, "a/fifo")]);
  fs.utimesSync(join(directory, "a/file"), "-1.5", "-1.5");
  loadXattrCalls();
  spawnSync("setfattr", ["-n", "user.a", "-v", "b", join(directory, "a/second")]);
}

function makeMany(directories: number, files: number): void {
  for (let at = 0; at < directories; at += 1) {
    const path = join(directory, `d${at}`);
    fs.mkdirSync(path);
    for (let file = 0; file < files; file += 1) fs.writeFileSync(join(path, `f${file}`), "");
  }
}

async function take(ahead: ReadAhead, path: ByteString): Promise<AheadDirectory | undefined> {
  await ahead.prepare(path);
  return ahead.take(path);
}

/** Walks the directory with and without reading ahead, and returns the paths at which the two differ. */
async function compareWithItself(): Promise<{ paths: number; different: ByteString[] }> {
  const plain = openDirectory(directory);
  const ahead = openDirectory(directory, { readAhead: "contents" });
  const names = createNameComparer();
  const different: ByteString[] = [];
  try {
    const paths = await withEveryPair(
      plain,
      ahead,
      ([path, one, other]) => {
        if (one === undefined || other === undefined) different.push(path);
        else {
          const { fields } = compareNodes(path, one, other);
          expect(other.stamp).toEqual(one.stamp);
          if (fields.length > 0) different.push(path);
          names.add(path, one, other);
        }
      },
      { what: "test", onTurn: () => undefined, prepare: (path) => ahead.prepare(path) },
    );
    different.push(...names.differences().map(([path]) => path));
    return { paths, different };
  } finally {
    plain.close();
    ahead.close();
  }
}

describe("a directory opened with read-ahead", () => {
  it("shows the same as one opened without", async () => {
    makeOddities();
    expect(await compareWithItself()).toEqual({ paths: 14, different: [] });
  });

  it("is complete when it has more entries than are kept in advance, and is deeper than the thread goes", async () => {
    makeMany(30, 400);
    const deep = Array.from({ length: 230 }, () => "x").join("/");
    fs.mkdirSync(join(directory, deep), { recursive: true });
    expect(await compareWithItself()).toEqual({ paths: 1 + 30 * 401 + 230, different: [] });
  });

  it("can be queried in another order, and without waiting for the thread", () => {
    makeOddities();
    makeMany(3, 3);
    const ahead = openDirectory(directory, { readAhead: "contents" });
    try {
      const plain = openDirectory(directory);
      const paths = [...walkFilesystem(plain)].map(([path]) => path);
      plain.close();
      expect([...walkFilesystem(ahead)].map(([path]) => path)).toEqual(paths);
      for (const path of paths.reverse()) expect(ahead.lstat(path)).toBeDefined();
    } finally {
      ahead.close();
    }
  });
});

describe("the thread that reads a tree ahead", () => {
  it("reports the inodes of every directory, in the order of a walk", async () => {
    makeOddities();
    const ahead = startReadAhead(directory, { addon: ADDON, contents: true });
    try {
      const root = await take(ahead, ROOT);
      expect(root?.names).toEqual(
        ["a", "a-b", "empty", "\u00c3\u00a4", "\u00fe"].map((name) => name as ByteString),
      );
      const inner = await take(ahead, fromText("/a"));
      for (const name of ["file", "second", "link", "fifo"]) {
        const stat = fs.lstatSync(join(directory, "a", name), { bigint: true });
        const target = name === "link" ? fromText("nowhere \u00e9") : undefined;
        expect(inner?.inode(fromText(name))).toMatchObject({
          facts: factsOf(stat, target),
          key: `${stat.dev}:${stat.ino}`,
        });
      }
      expect(inner?.inode(fromText("absent"))).toBeUndefined();
      expect(await take(ahead, fromText("/empty"))).toMatchObject({ names: [] });
      expect(await take(ahead, "/\u00fe" as ByteString)).toMatchObject({ names: ["\u00e4"] });
      expect(await take(ahead, "/\u00ff" as ByteString)).toBeUndefined();
    } finally {
      ahead.close();
    }
  });

  it("reports an inode as having no attributes only when it asked and found none", async () => {
    makeOddities();
    const known = async (addon: string | undefined): Promise<unknown[]> => {
      const ahead = startReadAhead(directory, { addon, contents: false });
      try {
        await take(ahead, ROOT);
        const inner = await take(ahead, fromText("/a"));
        const names = ["second", "link", "\u00ff"].map((name) => name as ByteString);
        return names.map((name) => inner?.inode(name)?.hasNoXattrs);
      } finally {
        ahead.close();
      }
    };
    expect(await known(ADDON)).toEqual([false, true, false]);
    expect(await known(undefined)).toEqual([false, false, false]);
    expect(await known("no-such-addon")).toEqual([false, false, false]);
  });

  it("follows no link, wherever the link leads", async () => {
    write("outside/secret");
    fs.mkdirSync(join(directory, "root"));
    fs.symlinkSync("../outside", join(directory, "root/d"));
    const ahead = startReadAhead(join(directory, "root"), { addon: ADDON, contents: true });
    try {
      expect((await take(ahead, ROOT))?.names).toEqual(["d"]);
      expect(await take(ahead, fromText("/d"))).toBeUndefined();
    } finally {
      ahead.close();
    }
  });

  it("waits until what it reported is taken, and ends when it is closed while waiting", async () => {
    makeMany(30, 400);
    const threads = (): number => fs.readdirSync("/proc/self/task").length;
    const before = threads();
    const ahead = startReadAhead(directory, { addon: ADDON, contents: true });
    await ahead.prepare(ROOT);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(threads()).toBeGreaterThan(before);
    expect((await take(ahead, fromText("/d0")))?.names).toHaveLength(400);
    ahead.close();
    ahead.close();
    await expect.poll(threads).toBeLessThanOrEqual(before);
    for (let round = 0; round < 10; round += 1) {
      const another = startReadAhead(directory, { addon: ADDON, contents: true });
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 100));
      another.close();
    }
    await expect.poll(threads).toBeLessThanOrEqual(before);
  });
});
