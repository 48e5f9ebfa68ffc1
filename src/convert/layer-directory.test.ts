// SPDX-License-Identifier: MIT
import { mkdirSync, mkdtempSync, linkSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fromText } from "../bytes/byte-string.ts";
import { digestBytes } from "../bytes/hash.ts";
import { readAll } from "../bytes/streams/read-all.ts";
import type { NewLayer } from "../image/edit/image-view.ts";
import { renamePaths } from "../layer/edit/edit-paths.ts";
import { listLayer } from "../testing/list-layer.ts";
import { openLayerDirectory } from "./layer-directory.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-layer-"));
  mkdirSync(join(directory, "d"));
  writeFileSync(join(directory, "d/a"), "content");
  linkSync(join(directory, "d/a"), join(directory, "b"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const tarOf = (layer: NewLayer): Promise<Uint8Array> =>
  readAll(layer.source.open(), 1 << 20, "tar");

async function namesIn(layer: NewLayer): Promise<string[]> {
  return listLayer(await tarOf(layer)).map(({ entry }) => entry.path);
}

describe("openLayerDirectory", () => {
  it("gives the directory's tree without the directory itself, the same every time", async () => {
    const layer = openLayerDirectory(directory, { name: "d" });
    expect(layer).toMatchObject({ name: "d", compression: "none", storedAs: "gzip" });
    expect(await namesIn(layer)).toEqual(["b", "d/", "d/a"]);
    expect(digestBytes(await tarOf(layer))).toBe(digestBytes(await tarOf(layer)));
  });

  it("can place the directory below the root", async () => {
    const edit = renamePaths(fromText("/"), fromText("/opt"));
    const layer = openLayerDirectory(directory, { name: "d", edit, storedAs: "zstd" });
    expect(layer.storedAs).toBe("zstd");
    expect(await namesIn(layer)).toEqual(["opt/", "opt/b", "opt/d/", "opt/d/a"]);
  });

  it("leaves a socket out and reports it", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(directory, "s"), resolve));
    try {
      const told: string[] = [];
      const onSkipped = ({ path }: { path: string }) => void told.push(path);
      const layer = openLayerDirectory(directory, { name: "d", onSkipped });
      expect(await namesIn(layer)).toEqual(["b", "d/", "d/a"]);
      expect(told).toEqual(["/s"]);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it("reports a missing directory only when the layer is read", async () => {
    const layer = openLayerDirectory(join(directory, "no"), { name: "no" });
    await expect(tarOf(layer)).rejects.toMatchObject({ code: "not-found" });
  });
});
