// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { decodeText } from "../../src/bytes/byte-string.ts";
import { diffIdOf } from "../../src/oci/digest.ts";
import { sourceOf } from "../../src/bytes/bytes.ts";
import { describe as descriptorOf } from "../../src/bytes/describe-content.ts";
import { digestBytes } from "../../src/bytes/hash.ts";
import { makeConfig, makeManifest } from "../../src/image/edit/image-document.ts";
import { readImage } from "../../src/image/image.ts";
import { MediaType } from "../../src/oci/media-types.ts";
import { openImageFilesystem } from "../../src/rootfs/image-filesystem.ts";
import { createMemoryStore } from "../../src/store/memory-store.ts";
import { makeTar, type Piece } from "../fixtures/layers.ts";
import { factsByTar } from "./images.ts";
import { oddLayer } from "./odd-layers.ts";
import { makeScratch } from "./scratch.ts";
import { factsOfImage, type Facts } from "./tree-facts.ts";

const scratch = makeScratch();

/** The tree of a layer's tar, as our own code reads it. */
async function factsOfTar(tar: Uint8Array): Promise<Facts> {
  const store = createMemoryStore();
  const layer = descriptorOf(MediaType.layer, tar);
  const config = makeConfig({
    architecture: "amd64",
    os: "linux",
    rootfs: { type: "layers", diff_ids: [diffIdOf(digestBytes(tar))] },
  });
  const manifest = makeManifest({ config: config.descriptor, layers: [layer] });
  await store.push(layer, sourceOf(tar));
  for (const { descriptor, bytes } of [config, manifest]) {
    await store.push(descriptor, sourceOf(bytes));
  }
  return factsOfImage(await openImageFilesystem(await readImage(store, manifest.descriptor)));
}

/** The same facts with times in whole seconds and without attributes, as older tar formats keep them. */
function reduced(facts: Facts, options: { attributes: boolean; nanoseconds: boolean }): Facts {
  const entries = Object.entries(facts).map(([path, fact]) => {
    const mtime = options.nanoseconds ? fact.mtime : fact.mtime.replace(/\d{9}$/, "0".repeat(9));
    return [path, { ...fact, mtime, xattrs: options.attributes ? fact.xattrs : {} }] as const;
  });
  return Object.fromEntries(entries);
}

describe("a layer that we write", () => {
  it("is extracted unchanged by GNU tar", async () => {
    const tar = makeTar(oddLayer());
    const file = scratch.path("gnu.tar");
    writeFileSync(file, tar);
    expect(factsByTar("tar", file, scratch.make("gnu"))).toEqual(await factsOfTar(tar));
    expect(listed("tar", file)).toHaveLength(oddLayer().length);
  });

  it("is extracted unchanged by bsdtar", async () => {
    // a name in a PAX record that is not UTF-8, as in Go's and GNU's tars, makes bsdtar exit with 1
    const text = oddLayer().filter(({ entry }) => decodeText(entry.path) !== undefined);
    const pieces = text.map(tamed);
    const tar = makeTar(pieces);
    const file = scratch.path("bsd.tar");
    writeFileSync(file, tar);
    const theirs = factsByTar("bsdtar", file, scratch.make("bsd"));
    // bsdtar sets the time of the directory it extracts into before it has finished there
    expect(theirs).toEqual({ ...(await factsOfTar(tar)), "/": theirs["/"] });
    expect(listed("bsdtar", file)).toHaveLength(pieces.length);
  });
});

function listed(program: string, file: string): string[] {
  const env = { ...process.env, LC_ALL: "C.UTF-8" };
  return execFileSync(program, ["-tf", file], { encoding: "latin1", env }).trimEnd().split("\n");
}

describe("a layer that another program writes", () => {
  const tree = scratch.path("tree");
  let facts: Facts;

  beforeAll(() => {
    const file = scratch.path("tree.tar");
    writeFileSync(file, makeTar(oddLayer().map(tamed)));
    facts = factsByTar("tar", file, scratch.make("tree"));
  });

  const posix = { attributes: true, nanoseconds: true };
  it.each([
    ["tar", ["--format=posix", "--xattrs", "--xattrs-include=*"], posix],
    ["tar", ["--format=posix", "--sparse", "--numeric-owner"], { ...posix, attributes: false }],
    ["tar", ["--format=gnu", "--sparse"], { attributes: false, nanoseconds: false }],
    ["bsdtar", ["--format=pax"], posix],
    ["bsdtar", ["--format=pax", "--read-sparse"], posix],
    ["bsdtar", ["--format=gnutar"], { attributes: false, nanoseconds: false }],
  ])("is read as it is on disk: %s %s", async (program, flags, kept) => {
    const file = scratch.path("theirs.tar");
    // bsdtar warns that it writes names which are not UTF-8 as bytes
    execFileSync(program, [...flags, "-cf", file, "-C", tree, "."], { stdio: "pipe" });
    expect(await factsOfTar(new Uint8Array(readFileSync(file)))).toEqual(reduced(facts, kept));
    rmSync(file);
  });
});

/**
 * With a time that every program keeps: bsdtar 3.6 gets fractions before 1970 wrong, and stops at 2242 in
 * GNU's format.
 */
function tamed({ entry, content }: Piece): Piece {
  const mtime = entry.mtime < 0 || entry.mtime > 2 ** 33 ? 2 ** 31 : entry.mtime;
  return { entry: { ...entry, mtime }, content };
}
