// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openKeptFiles } from "./kept-files.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-kept-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const bytes = (text: string): Uint8Array => Buffer.from(text);

describe("bytes that are kept to save time", () => {
  it("are what was written last under their key, also for another process", async () => {
    await openKeptFiles(directory).write("a", bytes("one\ntwo"));
    await openKeptFiles(directory).write("a", bytes("three"));
    await openKeptFiles(directory).write("b", bytes(""));
    const kept = openKeptFiles(directory);
    expect(await kept.read("a")).toEqual(bytes("three"));
    expect(await kept.read("b")).toEqual(bytes(""));
    expect(await kept.read("c")).toBeUndefined();
  });

  it("are not kept any more once they are damaged, until they are written again", async () => {
    const kept = openKeptFiles(directory);
    await kept.write("a", bytes("one"));
    const file = join(directory, "a", "content");
    for (const damage of [
      () => truncateSync(file, 74),
      () => writeFileSync(file, "none"),
      () => rmSync(file),
    ]) {
      damage();
      expect(await kept.read("a")).toBeUndefined();
      await kept.write("a", bytes("one"));
      expect(await kept.read("a")).toEqual(bytes("one"));
    }
  });

  it("that can't be written are no error", async () => {
    writeFileSync(join(directory, "file"), "");
    const kept = openKeptFiles(join(directory, "file", "below"));
    await kept.write("a", bytes("one"));
    expect(await kept.read("a")).toBeUndefined();
  });
});
