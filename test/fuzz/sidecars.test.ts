// SPDX-License-Identifier: MIT
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromBytes } from "../../src/bytes/byte-string.ts";
import { unpack } from "../../src/convert/unpack/unpack.ts";
import { parseTree } from "../../src/disk/sidecar/parse-mtree.ts";
import { formatProvenInode, parseProvenInodes } from "../../src/disk/sidecar/proven-inodes.ts";
import { openUnpacked } from "../../src/disk/sidecar/open-unpacked.ts";
import { formatVis, parseVis } from "../../src/disk/sidecar/vis-encoding.ts";
import { readImage } from "../../src/image/image.ts";
import { isOciError } from "../../src/oci/errors.ts";
import { createMemoryStore } from "../../src/store/memory-store.ts";
import { buildImage } from "../../src/testing/build-image.ts";
import { fuzz } from "./fuzz.ts";
import { mutateJson, mutateText } from "./mutate-text.ts";
import type { Random } from "./random.ts";

let directory: string;
let target: string;
let sidecar: string;
let tree: string;
let placed: string;
let record: unknown;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "oci-kit-fuzz-"));
  target = join(directory, "rootfs");
  sidecar = `${target}.oci-kit`;
  const store = createMemoryStore();
  const { descriptor } = await buildImage(store, {
    layers: [{ "etc/": "", "etc/a b\u00e9": "x", "etc/empty": "", "usr/bin/tool": "tool" }],
  });
  await unpack(await readImage(store, descriptor), target);
  tree = readFileSync(join(sidecar, "tree.mtree"), "latin1");
  placed = readFileSync(join(sidecar, "placed"), "latin1");
  record = JSON.parse(readFileSync(join(sidecar, "sidecar.json"), "utf8"));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

function unlessRefused<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (isOciError(error)) return undefined;
    throw error;
  }
}

/** The lines of a mutated file, a character for each byte. */
function linesOf(text: string, random: Random): readonly string[] {
  const words = ["#mtree v2.0", "#end 3", "type=file", "size=5", "#link=./etc", "\\040", "mode=0"];
  return mutateText(text, random, words).split("\n").slice(0, -1);
}

function readTree(random: Random): void {
  const entries = unlessRefused(() => [...parseTree(linesOf(tree, random))]) ?? [];
  for (const [path, node] of entries) {
    expect(path).toMatch(/^\/(?:[^\0/]+(?:\/[^\0/]+)*)?$/s);
    expect(path.split("/")).not.toContain("..");
    expect(node.size).toBeGreaterThanOrEqual(0);
  }
}

function readPlaced(random: Random): void {
  const lines = linesOf(placed, random);
  const inodes = unlessRefused(() => [...parseProvenInodes(lines)]);
  if (inodes === undefined) return;
  const [signature] = lines;
  if (signature === undefined) return;
  const written = inodes.map((inode) => formatProvenInode(inode, inode).replace(/\n$/, ""));
  expect([...parseProvenInodes([signature, ...written])]).toEqual(inodes);
}

function readRecord(random: Random): void {
  writeFileSync(join(sidecar, "sidecar.json"), mutateJson(record, random));
  unlessRefused(() => openUnpacked(target))?.close();
}

describe("whatever became of a sidecar", () => {
  it("mutated trees are read or refused", () =>
    fuzz("mutated trees are read or refused", 0.03, readTree));
  it("mutated lists of inodes are read or refused, and written as they are read", () =>
    fuzz(
      "mutated lists of inodes are read or refused, and written as they are read",
      0.02,
      readPlaced,
    ));
  it("mutated records are read or refused", () =>
    fuzz("mutated records are read or refused", 0.03, readRecord));
  it("random names are written and read back", () =>
    fuzz("random names are written and read back", 0.01, (random) => {
      const name = fromBytes(random.bytes(random.below(40)));
      expect(parseVis(formatVis(name))).toBe(name);
    }));
});
