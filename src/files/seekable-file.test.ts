// SPDX-License-Identifier: MIT
import {
  closeSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { once } from "../bytes/bytes.ts";
import { openSeekable, type SpoolProgress } from "./seekable-file.ts";

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "oci-kit-seekable-"));
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const CONTENT = Buffer.alloc(40 * 1024 * 1024, "content\n");

describe("opening a file for reading at any offset", () => {
  it.each([
    ["the standard input", "-", () => CONTENT],
    ["a compressed file", "file.gz", () => gzipSync(CONTENT)],
  ])(
    "keeps a complete temporary copy without a name in the spool directory: %s",
    async (_what, name, bytes) => {
      const spoolDirectory = join(place, "on", "disk");
      const file = name === "-" ? name : join(place, name);
      if (name !== "-") writeFileSync(file, bytes());
      const told: SpoolProgress[] = [];
      const fd = await openSeekable(file, {
        ...(name === "-" && { input: once(bytes()) }),
        spoolDirectory,
        onSpool: (event) => told.push(event),
      });
      try {
        expect(readdirSync(spoolDirectory)).toEqual([]);
        expect(readFileSync(`/proc/self/fd/${String(fd)}`).equals(CONTENT)).toBe(true);
        expect(statfsSync(`/proc/self/fd/${String(fd)}`).type).toBe(statfsSync(place).type);
      } finally {
        closeSync(fd);
      }
      expect(told.at(-1)).toEqual({
        kind: "spooled",
        directory: spoolDirectory,
        bytes: CONTENT.length,
      });
    },
  );

  it("reads a plain file in place, without a temporary copy", async () => {
    const file = join(place, "plain");
    writeFileSync(file, "plain");
    const spoolDirectory = join(place, "unused");
    const fd = await openSeekable(file, { spoolDirectory });
    closeSync(fd);
    expect(readdirSync(place)).toEqual(["plain"]);
  });
});
