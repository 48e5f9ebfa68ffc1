// SPDX-License-Identifier: MIT
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromText } from "../../src/bytes/byte-string.ts";
import { sourceOf, type Bytes } from "../../src/bytes/bytes.ts";
import { createHasher } from "../../src/bytes/hash.ts";
import { makeConfig, makeManifest } from "../../src/image/edit/image-document.ts";
import { makeEntry } from "../../src/layer/make-entry.ts";
import { writeLayer, type LayerInput } from "../../src/layer/write-layer.ts";
import { diffIdOf, digestOf } from "../../src/oci/digest.ts";
import { MediaType } from "../../src/oci/media-types.ts";
import { openLayout } from "../../src/store/layout/layout.ts";
import { ociKit } from "./project.ts";

const FILES = 20_000;
const SIZE = 75_000;
const MOST = 200;
const scratch = mkdtempSync(join(tmpdir(), "oci-kit-memory-"));
const artifact = `oci:${join(scratch, "artifact")}:big`;

/** Different in every file, and fast to compress, because only memory is measured. */
function contentOf(file: number): Uint8Array {
  const block = Array.from({ length: 80 }, (_, line) => `file ${file}, line ${line * file}\n`);
  return Buffer.alloc(SIZE, block.join(""));
}

function* files(): Generator<LayerInput> {
  yield { entry: makeEntry({ type: "directory", path: fromText("opt/") }) };
  for (let at = 0; at < FILES; at += 1) {
    const directory = fromText(`opt/d${String(at % 200)}/`);
    if (at < 200) yield { entry: makeEntry({ type: "directory", path: directory }) };
    const path = fromText(`${directory}file-${String(at)}`);
    const content = contentOf(at);
    yield {
      entry: makeEntry({ type: "file", path, size: content.length }),
      content: sourceOf(content).open(),
    };
  }
}

/** Writes an image of one uncompressed layer with 1.5 GB of files. */
async function makeArtifact(): Promise<void> {
  const store = await openLayout(join(scratch, "artifact"), { create: true });
  const hasher = createHasher("sha256");
  async function* hashed(bytes: Bytes): Bytes {
    for await (const chunk of bytes) {
      hasher.update(chunk);
      yield chunk;
    }
  }
  const layer = await store.ingest(MediaType.layer, hashed(writeLayer(files())));
  const diffId = diffIdOf(digestOf("sha256", hasher.hex()));
  const config = makeConfig({
    architecture: "amd64",
    os: "linux",
    rootfs: { type: "layers", diff_ids: [diffId] },
  });
  const manifest = makeManifest({ config: config.descriptor, layers: [layer] });
  for (const { descriptor, bytes } of [config, manifest]) {
    await store.push(descriptor, sourceOf(bytes));
  }
  await store.tag(manifest.descriptor, "big");
}

beforeAll(makeArtifact);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe("memory does not grow with the size of an image", () => {
  it.each(["gzip", "zstd"])(
    "assembling a 1.5 GB artifact tree with %s stays under 200 MB",
    async (compression) => {
      const directory = join(scratch, compression);
      mkdirSync(directory);
      const words = ["--arch", "amd64", "--base", "scratch", "--artifact", artifact];
      const made = await ociKit(
        directory,
        ["assemble", ...words, "--copy", "/opt", "--compression", compression, "--json"],
        { OCI_KIT_CACHE: join(scratch, "cache") },
      );
      console.log(`${compression}: at most ${made.peak.toFixed(0)} MB`);
      expect(made, made.stderr).toMatchObject({ status: 0 });
      const { images } = JSON.parse(made.stdout) as { images: { layers: { bytes: number }[] }[] };
      expect(images[0]?.layers[0]?.bytes).toBe(FILES * SIZE);
      expect(made.peak).toBeGreaterThan(0);
      expect(made.peak).toBeLessThan(MOST);
    },
  );
});
