// SPDX-License-Identifier: MIT
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { replaceDurably } from "./replace-durably.ts";
import { syncDirectory } from "./sync/sync-directory.ts";

let directory: string;
const stem = ".test";
const BEFORE = Buffer.from("before");
const AFTER = Buffer.from("after");

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-durable-"));
});
afterEach(() => rm(directory, { recursive: true }));

describe("replacing a file durably", () => {
  it("writes the new bytes with the given mode, and leaves nothing beside the file", () => {
    replaceDurably(directory, "file", BEFORE, { stem });
    replaceDurably(directory, "file", AFTER, { stem, mode: 0o600 });
    expect(readFileSync(join(directory, "file"), "utf8")).toBe("after");
    expect(statSync(join(directory, "file")).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual(["file"]);
  });

  it("keeps the permissions of the old file by default", () => {
    writeFileSync(join(directory, "file"), "before", { mode: 0o640 });
    chmodSync(join(directory, "file"), 0o640);
    replaceDurably(directory, "file", AFTER, { stem });
    expect(statSync(join(directory, "file")).mode & 0o777).toBe(0o640);
  });

  it("fails in place of a directory, and leaves nothing beside it", () => {
    mkdirSync(join(directory, "file"));
    expect(() => replaceDurably(directory, "file", AFTER, { stem })).toThrow(
      expect.objectContaining({ code: "unwritable" }),
    );
    expect(readdirSync(directory)).toEqual(["file"]);
  });

  it("fails in a missing directory", () => {
    expect(() => replaceDurably(join(directory, "no"), "file", AFTER, { stem })).toThrow(
      expect.objectContaining({ code: "not-found" }),
    );
    expect(() => syncDirectory(join(directory, "no"))).toThrow("ENOENT");
  });
});
