// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isStandardOutput } from "./standard-output.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-stdout-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe("the standard output under another name", () => {
  it.each(["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", `/proc/${process.pid}/fd/1`])(
    "is %s, so that no report goes into what is written there",
    (path) => {
      expect(isStandardOutput(path)).toBe(true);
    },
  );

  it("is a link that leads there", () => {
    symlinkSync("/dev/stdout", join(directory, "first"));
    symlinkSync("first", join(directory, "link"));
    expect(isStandardOutput(join(directory, "link"))).toBe(true);
  });

  it.each(["/dev/stderr", "/dev/fd/3", "/dev/null", "./-"])("is not %s", (path) => {
    expect(isStandardOutput(path)).toBe(false);
  });

  it("is not a file, a directory, or what is nowhere", () => {
    for (const path of ["a", ".", "no/such"]) {
      expect(isStandardOutput(join(directory, path))).toBe(false);
    }
  });
});
