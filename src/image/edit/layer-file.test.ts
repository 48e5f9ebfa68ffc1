// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fromText } from "../../bytes/byte-string.ts";
import { compress } from "../../bytes/compression.ts";
import { readAll } from "../../bytes/streams/read-all.ts";
import { renamePaths } from "../../layer/edit/edit-paths.ts";
import { layerTar } from "../../testing/build-image.ts";
import { listLayer } from "../../testing/list-layer.ts";
import { openLayerFile } from "./layer-file.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-layer-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

async function write(name: string, compression: "none" | "gzip" | "zstd"): Promise<string> {
  const path = join(directory, name);
  writeFileSync(path, await readAll(compress(layerTar({ a: "1" }), compression), 1 << 20, name));
  return path;
}

describe("openLayerFile", () => {
  it.each(["none", "gzip", "zstd"] as const)(
    "recognises %s by the first bytes",
    async (compression) => {
      const layer = await openLayerFile(await write("x", compression));
      const storedAs = compression === "none" ? "gzip" : compression;
      expect(layer).toMatchObject({ name: "x", compression, storedAs });
      const other = await openLayerFile(await write("x", compression), {
        storedAs: "zstd",
        name: "n",
      });
      expect(other).toMatchObject({ name: "n", compression, storedAs: "zstd" });
    },
  );

  it("edits the entries, and compresses them again in the same way", async () => {
    const edit = renamePaths(fromText("/"), fromText("/opt"));
    const layer = await openLayerFile(await write("x", "zstd"), { edit });
    expect(layer).toMatchObject({ compression: "none", storedAs: "zstd" });
    for (let time = 0; time < 2; time += 1) {
      const tar = await readAll(layer.source.open(), 1 << 20, "tar");
      expect(listLayer(tar).map(({ entry }) => entry.path)).toEqual(["opt/a"]);
    }
  });

  it.each([
    ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]],
    ["bzip2", [0x42, 0x5a, 0x68]],
  ])("refuses %s", async (_, head) => {
    const path = join(directory, "x");
    writeFileSync(path, Uint8Array.from(head));
    await expect(openLayerFile(path)).rejects.toMatchObject({ code: "unsupported-compression" });
  });

  it("refuses a file that is not there, and takes an empty file for a tar until it is read", async () => {
    const nowhere = openLayerFile(join(directory, "no"));
    await expect(nowhere).rejects.toMatchObject({ code: "not-found" });
    const path = join(directory, "empty");
    writeFileSync(path, "");
    expect(await openLayerFile(path)).toMatchObject({ compression: "none" });
  });
});
