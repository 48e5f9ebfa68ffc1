// SPDX-License-Identifier: MIT
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDigestCache } from "./digest-cache.ts";
import { defaultCacheDirectory } from "./cache-directory.ts";

let directory: string;

beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), "oci-kit-cache-")), "cache");
});
afterEach(() => rm(join(directory, ".."), { recursive: true }));

function write(text: string): (directory: string) => Promise<void> {
  return async (at) => {
    await setTimeout(2);
    writeFileSync(join(at, "file"), text);
  };
}

describe("a digest cache", () => {
  it("makes the directory of a key once, and returns it again later", async () => {
    const cache = openDigestCache(directory);
    expect(await cache.get("sha256:ab")).toBeUndefined();
    const path = await cache.getOrCreate("sha256:ab", write("first"));
    expect(await cache.getOrCreate("sha256:ab", write("second"))).toBe(path);
    expect(await cache.get("sha256:ab")).toBe(path);
    expect(readFileSync(join(path, "file"), "utf8")).toBe("first");
  });

  it("makes a directory only once when many callers ask for it at the same time", async () => {
    let made = 0;
    const create = async (at: string): Promise<void> => {
      made += 1;
      await write("x")(at);
    };
    const asked = Array.from({ length: 10 }, () =>
      openDigestCache(directory).getOrCreate("key", create),
    );
    expect(new Set(await Promise.all(asked)).size).toBe(1);
    expect(made).toBe(1);
  });

  it("shows a directory only when it is complete, and never one whose creation failed", async () => {
    const cache = openDigestCache(directory);
    const failing = cache.getOrCreate("key", async (at) => {
      await write("half")(at);
      expect(await cache.get("key")).toBeUndefined();
      throw new Error("no more");
    });
    await expect(failing).rejects.toThrow("no more");
    expect(await cache.get("key")).toBeUndefined();
    expect(readdirSync(directory)).toEqual([".locks"]);
    expect(await cache.getOrCreate("key", write("whole"))).toBe(join(directory, "key"));
  });

  it("reports that another caller is still making the directory", async () => {
    const cache = openDigestCache(directory);
    await cache.getOrCreate("key", async (at) => {
      const second = cache.getOrCreate("key", write("x"), { timeout: 10 });
      await expect(second).rejects.toMatchObject({
        code: "locked",
        message: expect.stringContaining('cache "key"') as string,
      });
      await write("x")(at);
    });
  });

  it("sweeps directories that have not been used for long, and keeps the others", async () => {
    const cache = openDigestCache(directory);
    const old = await cache.getOrCreate("old", write("x"));
    const used = await cache.getOrCreate("used", write("x"));
    utimesSync(old, 0, 0);
    utimesSync(used, 0, 0);
    await cache.get("used");
    expect(Date.now() - statSync(used).mtimeMs).toBeLessThan(60_000);
    expect(await cache.sweep({ olderThan: 60_000 })).toEqual({ removed: ["old"], kept: 1 });
    expect(existsSync(old)).toBe(false);
    expect(await cache.get("used")).toBe(used);
    expect(await openDigestCache(join(directory, "none")).sweep({ olderThan: 0 })).toEqual({
      removed: [],
      kept: 0,
    });
  });

  it("sweeps a directory that a killed process left half made", async () => {
    const cache = openDigestCache(directory);
    await cache.getOrCreate("key", write("x"));
    const left = join(directory, ".new.0123456789ab.1.1.0123456789abcdef");
    writeFileSync(left, "");
    await cache.sweep({ olderThan: 60_000 });
    expect(existsSync(left)).toBe(true);
    utimesSync(left, 0, 0);
    await cache.sweep({ olderThan: 60_000 });
    expect(existsSync(left)).toBe(false);
  });

  it("removes the leftovers of a failed or killed process, whatever their permissions", async () => {
    const cache = openDigestCache(directory);
    const lockUp = (at: string): void => {
      mkdirSync(join(at, "closed/below"), { recursive: true });
      chmodSync(join(at, "closed"), 0);
    };
    const failing = cache.getOrCreate("key", (at) => {
      lockUp(at);
      return Promise.reject(new Error("no more"));
    });
    await expect(failing).rejects.toThrow("no more");
    expect(readdirSync(directory)).toEqual([".locks"]);
    const left = join(directory, ".old.0123456789ab.1.1.0123456789abcdef");
    lockUp(left);
    utimesSync(left, 0, 0);
    lockUp(await cache.getOrCreate("key", write("x")));
    expect(await cache.sweep({ olderThan: -60_000 })).toEqual({ removed: ["key"], kept: 0 });
    expect(readdirSync(directory)).toEqual([".locks"]);
  });

  it("lists complete directories, with the time of their last use", async () => {
    const cache = openDigestCache(directory);
    expect(await cache.list()).toEqual([]);
    await cache.getOrCreate("b", write("x"));
    utimesSync(await cache.getOrCreate("a", write("x")), 100, 100);
    mkdirSync(join(directory, ".new.0123456789ab.1.1.0123456789abcdef"));
    expect(await cache.list()).toEqual([
      { key: "a", path: join(directory, "a"), usedAt: new Date(100_000) },
      { key: "b", path: join(directory, "b"), usedAt: statSync(join(directory, "b")).mtime },
    ]);
    writeFileSync(join(directory, "file"), "");
    await expect(openDigestCache(join(directory, "file")).list()).rejects.toMatchObject({
      code: "unreadable",
    });
  });

  it("sets a directory aside in one step, and can make it again before the old one is removed", async () => {
    const cache = openDigestCache(directory);
    await cache.getOrCreate("key", write("old"));
    const asked = await Promise.all([cache.setAside("key"), cache.setAside("key")]);
    expect(asked.filter((remove) => remove !== undefined)).toHaveLength(1);
    expect(await cache.get("key")).toBeUndefined();
    const path = await cache.getOrCreate("key", write("new"));
    await asked[0]?.();
    expect(readFileSync(join(path, "file"), "utf8")).toBe("new");
    expect(readdirSync(directory).sort()).toEqual([".locks", "key"]);
    expect(await cache.setAside("none")).toBeUndefined();
  });

  it("refuses keys that are paths", async () => {
    const cache = openDigestCache(directory);
    for (const key of ["", ".", "..", "../x", "a/b", ".locks", "x\0", "x".repeat(201)]) {
      await expect(cache.get(key)).rejects.toMatchObject({ code: "invalid-argument" });
      await expect(cache.getOrCreate(key, write("x"))).rejects.toMatchObject({
        code: "invalid-argument",
      });
    }
  });
});

describe("the default cache directory", () => {
  it("is $OCI_KIT_CACHE, else below $XDG_CACHE_HOME, else below the home directory", () => {
    const HOME = "/home/me";
    expect(defaultCacheDirectory({ OCI_KIT_CACHE: "/c", XDG_CACHE_HOME: "/x", HOME })).toBe("/c");
    expect(defaultCacheDirectory({ OCI_KIT_CACHE: "", XDG_CACHE_HOME: "/x", HOME })).toBe(
      "/x/oci-kit",
    );
    // The XDG specification says that a relative path is to be ignored.
    expect(defaultCacheDirectory({ XDG_CACHE_HOME: "x", HOME })).toBe("/home/me/.cache/oci-kit");
  });
});
