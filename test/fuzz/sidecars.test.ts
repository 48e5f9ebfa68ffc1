// SPDX-License-Identifier: MIT
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromBytes, toBytes, type ByteString } from "../../src/bytes/byte-string.ts";
import { unpack } from "../../src/convert/unpack/unpack.ts";
import { openMtree } from "../../src/disk/sidecar/mtree-file.ts";
import {
  formatProvenInode,
  openProvenInodes,
  startProvenInodes,
  type ProvenInode,
} from "../../src/disk/sidecar/proven-inodes.ts";
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

/** The bytes of a mutated file. */
function mutated(text: string, random: Random): Uint8Array {
  const words = ["#mtree v2.0", "#end 3", "type=file", "size=5", "#link=./etc", "\\040", "mode=0"];
  return toBytes(mutateText(text, random, words) as ByteString);
}

function readTree(random: Random): void {
  unlessRefused(() => {
    const { names, ends, numberOf, namesIn, node } = openMtree(mutated(tree, random));
    const read = (directory: number, path: string): void => {
      for (const name of namesIn(directory)) {
        expect(name).toMatch(/^[^\0/]+$/s);
        expect(["..", "."]).not.toContain(name);
        const number = numberOf(`${path}/${name}` as ByteString)!;
        expect(names[number]).toBe(name);
        expect(node(number).size).toBeGreaterThanOrEqual(0);
        read(number, `${path}/${name}`);
      }
    };
    read(0, "");
    expect(ends.every((end, number) => end > number && end <= names.length)).toBe(true);
  });
}

function parsePlaced(text: Uint8Array): ProvenInode[] {
  const { count, at } = openProvenInodes(text);
  return Array.from({ length: count }, (_, number) => at(number));
}

function readPlaced(random: Random): void {
  const inodes = unlessRefused(() => parsePlaced(mutated(placed, random)));
  if (inodes === undefined) return;
  const written = inodes.map((inode) => formatProvenInode(inode, inode)).join("");
  const text = startProvenInodes() + written;
  expect(parsePlaced(toBytes(text as ByteString))).toEqual(inodes);
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
