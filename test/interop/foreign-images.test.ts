// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packDirectory } from "../../src/convert/pack/pack-directory.ts";
import { unpack } from "../../src/convert/unpack/unpack.ts";
import type { UnpackOptions } from "../../src/convert/unpack/unpack-options.ts";
import { openImageFilesystem } from "../../src/rootfs/image-filesystem.ts";
import { openLayout } from "../../src/store/layout/layout.ts";
import { createMemoryStore } from "../../src/store/memory-store.ts";
import { FOREIGN_IMAGES, change, writeForeignImages, type ForeignImage } from "./foreign-images.ts";
import { factsByUmoci, withImage } from "./images.ts";
import { listPaths } from "./listed-paths.ts";
import { runPeer } from "./peers.ts";
import { ORDINARY_USER, runCli } from "./run-cli.ts";
import { makeScratch } from "./scratch.ts";
import { startDocker } from "./start-docker.ts";
import { differingFacts, factsOfDirectory, type Facts } from "./tree-facts.ts";

/** The index of the layer that can't be unpacked alone: it has a hard link to a file of a lower layer. */
const LINKED_DOWN = 1;

const scratch = makeScratch();
const ours = scratch.path("ours");
let images: Readonly<Record<ForeignImage, string>>;

beforeAll(async () => {
  chmodSync(scratch.directory, 0o755);
  const docker = await startDocker(scratch.make("docker"));
  try {
    images = await writeForeignImages(scratch.make("images"), docker);
  } finally {
    await docker.stop();
  }
  execFileSync("chmod", ["-R", "a+rX", ...Object.values(images).map(layoutOf)]);
});
afterAll(clear);

function layoutOf(reference: string): string {
  return reference.replace(/:latest$/, "");
}

function clear(): void {
  for (const path of [ours, `${ours}.oci-kit`]) rmSync(path, { recursive: true, force: true });
}

/** Unpacks an image, verifies the result, and returns the facts of the directory. */
async function unpackOurs(name: ForeignImage, options: UnpackOptions = {}): Promise<Facts> {
  return withImage(`oci:${images[name]}`, async (image) => {
    const { proof, refusals } = await unpack(image, ours, options);
    expect(proof?.compared).toBeGreaterThan(0);
    expect(proof?.differences).toEqual([]);
    expect(refusals).toEqual({ owner: undefined, special: new Map(), xattrs: new Map() });
    return factsOfDirectory(ours);
  });
}

const unpackedByUmoci = new Map<ForeignImage, Promise<Facts>>();

/** The facts of what umoci unpacks, which it does once. */
function theirsOf(name: ForeignImage): Promise<Facts> {
  const theirs = unpackedByUmoci.get(name) ?? unpackTheirs(name);
  unpackedByUmoci.set(name, theirs);
  return theirs;
}

/** The facts of what umoci unpacks. Directories that no layer names get our time, because umoci invents one. */
async function unpackTheirs(name: ForeignImage): Promise<Facts> {
  const reference = images[name];
  const facts = await factsByUmoci(reference, scratch.path("bundle"));
  const implied = await withImage(`oci:${reference}`, async (image) => {
    const root = await openImageFilesystem(image);
    return [...root.paths()].filter(([, node]) => root.location(node) === undefined);
  });
  const timed = implied.map(([path]) => [path, { ...facts[path]!, mtime: "0.000000000" }] as const);
  return { ...facts, ...Object.fromEntries(timed) };
}

describe.each(FOREIGN_IMAGES)("an image written by %s", (name) => {
  it("is unpacked into the same directory as by umoci", async () => {
    clear();
    expect(differingFacts(await unpackOurs(name), await theirsOf(name))).toEqual({});
  });

  it("has the same paths by ls -R, by find, by export and tar t, and as umoci unpacks it", async () => {
    const { find, ls, tar } = listPaths(scratch.path("cache"), `oci:${images[name]}`);
    expect(find[0]).toBe("/");
    expect(find.length).toBeGreaterThan(10);
    expect(ls).toEqual(find.slice(1));
    expect([...tar].sort()).toEqual(find.slice(1).sort());
    expect([...find].sort()).toEqual(Object.keys(await theirsOf(name)).sort());
  });

  it("is packed into the same layer by root and by an ordinary user, and again after unpacking that", async () => {
    const packed = [0, ORDINARY_USER].map((user) => packAs(user, `oci:${images[name]}`, `${user}`));
    const [{ diffId, reference }] = packed as [Packed, Packed];
    expect(packed.map((one) => one.diffId)).toEqual([diffId, diffId]);
    expect(packAs(ORDINARY_USER, reference, "again").diffId).toBe(diffId);
    const theirs = await factsByUmoci(reference.replace("oci:", ""), scratch.path("bundle"));
    clear();
    expect(differingFacts(await unpackOurs(name), theirs)).toEqual({});
  });

  it("yields each of its layers exactly when they are unpacked alone and packed again", async () => {
    await withImage(`oci:${images[name]}`, async (image) => {
      for (const [layer, diffId] of image.config.value.rootfs.diff_ids.entries()) {
        clear();
        const unpacking = unpack(image, ours, { layer, exact: true });
        if (name === "code" && layer === LINKED_DOWN) {
          await expect(unpacking).rejects.toMatchObject({ code: "invalid-layer" });
          continue;
        }
        expect((await unpacking).proof?.differences).toEqual([]);
        const { layers } = await packDirectory(ours, createMemoryStore(), { exact: true });
        expect(layers.map((packed) => packed.diffId)).toEqual([diffId]);
      }
    });
  });
});

interface Packed {
  readonly diffId: string;
  /** A tagged image in a layout. */
  readonly reference: string;
}

/** Unpacks and packs an image as a user, in a directory which that user owns. */
function packAs(user: number, reference: string, name: string): Packed {
  const place = scratch.make(`packed-${name}`);
  rmSync(place, { recursive: true, force: true });
  scratch.make(`packed-${name}`);
  chownSync(place, user, user);
  runCli(["unpack", reference, `${place}/rootfs`], user);
  const packed = `oci:${place}/layout:packed`;
  const told = runCli(["pack", `${place}/rootfs`, packed], user);
  const [layer] = (told as { readonly layers: readonly { readonly diffId: string }[] }).layers;
  return { diffId: layer!.diffId, reference: packed };
}

describe("a directory unpacked earlier", () => {
  it("from another image becomes what umoci makes of the new one", async () => {
    clear();
    for (const name of ["code", "BuildKit", "umoci", "skopeo, zstd:chunked", "buildah"] as const) {
      expect(differingFacts(await unpackOurs(name), await unpackTheirs(name))).toEqual({});
    }
  });

  it("that was changed is packed as one layer on its base, which umoci unpacks to the same tree", async () => {
    clear();
    await unpackOurs("BuildKit");
    const layout = await openLayout(layoutOf(images.BuildKit));
    await withImage(`oci:${images.BuildKit}`, async (base) => {
      const unchanged = await packDirectory(ours, layout, { base, tag: "unchanged" });
      expect(unchanged.layers).toEqual([]);
      expect(unchanged.image?.digest).toBe(base.descriptor.digest);
      change(ours);
      writeFileSync(`${ours}/usr/su`, "changed");
      const { layers } = await packDirectory(ours, layout, { base, tag: "changed" });
      expect(layers).toHaveLength(1);
    });
    const changed = `${layoutOf(images.BuildKit)}:changed`;
    const theirs = await factsByUmoci(changed, scratch.path("bundle"));
    expect(differingFacts(factsOfDirectory(ours), theirs)).toEqual({});
    const told = await runPeer("skopeo", ["inspect", `oci:${changed}`]);
    expect((JSON.parse(told) as { Layers: string[] }).Layers.length).toBeGreaterThan(1);
  });
});
