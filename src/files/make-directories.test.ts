// SPDX-License-Identifier: MIT
import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeDirectories, missingDirectories } from "./make-directories.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-directories-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe("making directories", () => {
  it("makes missing ones, and leaves existing ones as they are", () => {
    const path = join(directory, "a/b/c");
    expect(missingDirectories(path)).toEqual(
      ["a", "a/b", "a/b/c"].map((at) => join(directory, at)),
    );
    makeDirectories(path, 0o700);
    for (const at of ["a", "a/b", "a/b/c"]) {
      expect(statSync(join(directory, at)).mode & 0o777).toBe(0o700);
    }
    makeDirectories(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  it("fails, and does not hang, where the system answers ENOENT below an existing directory", (context) => {
    if (process.platform !== "linux") context.skip("no /proc");
    expect(() => makeDirectories("/proc/no/such")).toThrow("ENOENT");
  });

  it("names what is in the way: a file, or a link to nothing", () => {
    writeFileSync(join(directory, "file"), "");
    symlinkSync("nowhere", join(directory, "link"));
    expect(() => makeDirectories(join(directory, "file"))).toThrow("EEXIST");
    expect(() => makeDirectories(join(directory, "file/below"))).toThrow("ENOTDIR");
    expect(() => makeDirectories(join(directory, "link"))).toThrow("EEXIST");
    expect(existsSync(join(directory, "nowhere"))).toBe(false);
  });
});
