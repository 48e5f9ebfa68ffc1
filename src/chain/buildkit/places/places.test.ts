// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ownedName } from "../../../files/owned-name.ts";
import { checkFreeDisk, freeBytes } from "./free-disk.ts";
import { recallSize, rememberSize } from "./stage-sizes.ts";
import { withTemporaryContext } from "./temporary-context.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "oci-kit-places-"));
});
afterEach(() => rmSync(root, { recursive: true }));

describe("a temporary context", () => {
  it("is private, and gone after the work, also when that fails", async () => {
    const seen = await withTemporaryContext(root, "sdk-arm64", (directory) => {
      writeFileSync(join(directory, "x"), "");
      return Promise.resolve(directory);
    });
    expect(existsSync(seen)).toBe(false);
    const failing = withTemporaryContext(root, "sdk", () => Promise.reject(new Error("no")));
    await expect(failing).rejects.toThrow("no");
    expect(readdirSync(root)).toEqual([]);
  });

  it("of a dead process is removed by the next one, that of a living one stays", async () => {
    // The name of a process that has ended: this one's, with the id and start time of a child that is gone.
    const [stem, realm, , , random] = ownedName("sdk").split(".");
    const gone = execFileSync("sh", ["-c", "echo $$"], { encoding: "utf8" }).trim();
    const dead = [stem, realm, gone, "1", random].join(".");
    mkdirSync(join(root, dead, "deep"), { recursive: true });
    const living = ownedName("media");
    mkdirSync(join(root, living));
    await withTemporaryContext(root, "sdk", () => Promise.resolve());
    expect(readdirSync(root)).toEqual([living]);
  });

  it("has no name that leads elsewhere", async () => {
    const escaping = withTemporaryContext(root, "../x", () => Promise.resolve());
    await expect(escaping).rejects.toMatchObject({ code: "invalid-argument" });
  });
});

describe("the disk", () => {
  it("is refused when there is less than configured, or than the stage took last time", () => {
    const free = freeBytes(root);
    expect(checkFreeDisk([root], { stage: "sdk", least: 1 })).toBeGreaterThan(0);
    expect(() => checkFreeDisk([root], { stage: "sdk", least: free * 2 })).toThrow(
      /configured least/,
    );
    expect(() => checkFreeDisk([root], { stage: "sdk", least: 1, tookBefore: free * 2 })).toThrow(
      /sdk: expected .* GB free on the disk of .*last time, got .* GB/,
    );
  });

  it("of a place that is not there yet is that of the directory above it", () => {
    expect(checkFreeDisk([join(root, "a", "b")], { stage: "sdk" })).toBeGreaterThan(0);
  });
});

describe("what a stage took", () => {
  it("is remembered by name, and none is lost of many at once", async () => {
    expect(recallSize(root, "sdk")).toBeUndefined();
    await Promise.all([1, 2, 3, 4].map((at) => rememberSize(root, `s${at}`, at)));
    expect([1, 2, 3, 4].map((at) => recallSize(root, `s${at}`))).toEqual([1, 2, 3, 4]);
    await rememberSize(root, "s1", 9);
    expect(recallSize(root, "s1")).toBe(9);
  });

  it("is not known from a record that is damaged, which is written anew", async () => {
    writeFileSync(join(root, "stage-sizes.json"), '{"sdk": "much"');
    expect(recallSize(root, "sdk")).toBeUndefined();
    await rememberSize(root, "sdk", 5);
    expect(recallSize(root, "sdk")).toBe(5);
  });
});
