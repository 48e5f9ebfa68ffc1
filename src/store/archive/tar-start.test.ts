// SPDX-License-Identifier: MIT
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Bytes } from "../../bytes/bytes.ts";
import { compress } from "../../bytes/compression.ts";
import { GNU_MAGIC, paxHeader, rawEntry, rawTar } from "../../testing/raw-tar.ts";
import { chunked } from "../../testing/store-contract/store-content.ts";
import { openOuterArchive } from "./outer-archive.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-start-"));
});
afterEach(() => rm(directory, { recursive: true }));

const MIB = 1024 * 1024;

describe("a stream without an end that is no archive", () => {
  it.each([
    ["zeros", 0],
    ["something else", 7],
  ])("is refused at its beginning: %s", async (_what, byte) => {
    let read = 0;
    const endless = async function* (): Bytes {
      const chunk = new Uint8Array(65_536).fill(byte);
      // Enough to show that it was not read to its end.
      for (; read < 64 * MIB; read += chunk.length) yield await Promise.resolve(chunk);
    };
    const opening = openOuterArchive("-", "test", { input: endless(), spoolDirectory: directory });
    await expect(opening).rejects.toMatchObject({ code: "invalid-archive" });
    expect(read).toBeLessThanOrEqual(2 * MIB);
  });

  it("is refused at its beginning when it is compressed", async () => {
    let read = 0;
    const endless = async function* (): Bytes {
      for (; read < 64 * MIB; read += 65_536) {
        yield await Promise.resolve(Uint8Array.from({ length: 65_536 }, (_, at) => at * at * 31));
      }
    };
    const input = compress(endless(), "gzip");
    const opening = openOuterArchive("-", "test", { input, spoolDirectory: directory });
    await expect(opening).rejects.toMatchObject({ code: "invalid-archive" });
    expect(read).toBeLessThan(64 * MIB);
  });
});

describe("an archive from a stream is read, although it begins with", () => {
  const hello = rawEntry({ name: "a/hello" }, "hello");
  const beginnings: Record<string, Uint8Array> = {
    "zeros, as after a tar without entries": new Uint8Array(10_240),
    "a mebibyte of zeros": new Uint8Array(MIB),
    "a record for all entries": paxHeader({ comment: "0123" }, "g"),
    "a name too long for a header": rawEntry(
      { name: "././@LongLink", typeFlag: "L", magic: GNU_MAGIC },
      "a/long",
    ),
    "the header of an old tar, without a format": rawEntry({ name: "old", magic: "" }),
    "the directory itself": rawEntry({ name: "./", typeFlag: "5", magic: GNU_MAGIC }),
  };
  for (const [what, bytes] of Object.entries(beginnings)) {
    it(what, async () => {
      const tar = Buffer.concat([bytes, rawTar(hello)]);
      for (const size of [700, 100_000]) {
        const input = chunked(tar, size);
        const archive = await openOuterArchive("-", "test", { input, spoolDirectory: directory });
        expect(archive.has(what.startsWith("a name") ? "a/long" : "a/hello")).toBe(true);
        await archive.close();
      }
    });
  }
});
