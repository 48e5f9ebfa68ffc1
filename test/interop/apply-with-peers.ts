// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { chainIds } from "../../src/bytes/chain-id.ts";
import { openReference } from "../../src/image/open-reference.ts";
import { readImage, type Image } from "../../src/image/image.ts";
import { makeImageFilesystem } from "../../src/rootfs/image-filesystem.ts";
import { indexLayers } from "../../src/rootfs/layer-index/image-indexes.ts";
import type { LayerIndex } from "../../src/rootfs/layer-index/layer-index.ts";
import { copy } from "../../src/store/copy/copy.ts";
import { openLayout } from "../../src/store/layout/layout.ts";
import { createOciArchive } from "../../src/store/archive/oci-archive.ts";
import { buildImage, type BuiltImage } from "../../src/testing/build-image.ts";
import { traitsOf, type LayerStack, type LayerTraits, type TypesByPath } from "./layer-traits.ts";
import { peer, peersDirectory } from "./peers.ts";
import type { RunningDocker } from "./start-docker.ts";
import { factsOfDirectory, factsOfImage, type Facts } from "./tree-facts.ts";

// Turns stacks of layers into trees in three ways: with our own code, with umoci, and with Docker.

/**
 * A tree, with those of its directories that no known layer names; or the error message of a program that
 * made no tree.
 */
export type Applied =
  { readonly facts: Facts; readonly implied: ReadonlySet<string> } | { readonly refused: string };

/** Stacks as images of one layout, tagged by their numbers, together with the trees that we merge from them. */
export interface BuiltStacks {
  readonly layout: string;
  readonly images: readonly BuiltImage[];
  readonly ours: readonly Applied[];
  /** For each stack that we can merge, what its layers contain that readers treat differently. */
  readonly traits: readonly (() => LayerTraits)[];
}

/** Writes the stacks into a new layout, and merges each. */
export async function buildStacks(
  stacks: readonly LayerStack[],
  layout: string,
): Promise<BuiltStacks> {
  const store = await openLayout(layout, { create: true });
  const images: BuiltImage[] = [];
  const ours: Applied[] = [];
  const traits: (() => LayerTraits)[] = [];
  for (const [at, layers] of stacks.entries()) {
    const built = await buildImage(store, { layers, compression: "none", tag: `${at}` });
    const image = await readImage(store, built.descriptor);
    const indexes = await indexLayers(image);
    images.push(built);
    ours.push(await merge(image, indexes));
    traits.push(once(() => traitsOf(layers, typesBelow(image, indexes))));
  }
  return { layout, images, ours, traits };
}

async function merge(image: Image, indexes: readonly LayerIndex[]): Promise<Applied> {
  try {
    const root = makeImageFilesystem(image, indexes);
    const implied = [...root.paths()].filter(([, node]) => root.location(node) === undefined);
    return { facts: await factsOfImage(root), implied: new Set(implied.map(([path]) => path)) };
  } catch (error) {
    return refusal(error);
  }
}

/** The types of all paths in the tree below each layer. Empty where we refuse to merge. */
function typesBelow(image: Image, indexes: readonly LayerIndex[]): TypesByPath[] {
  return indexes.map((_, count) => {
    try {
      const lower = makeImageFilesystem(image, indexes.slice(0, count));
      return new Map([...lower.paths()].map(([path, { type }]) => [path, type]));
    } catch {
      return new Map();
    }
  });
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}

/** Unpacks every image with umoci. */
export function applyWithUmoci({ layout, images }: BuiltStacks): Promise<Applied[]> {
  const directory = join(dirname(layout), "by-umoci");
  const results: Applied[] = [];
  for (const at of images.keys()) {
    results.push(
      applied(() => {
        const words = ["raw", "unpack", "--image", `${layout}:${at}`, directory];
        execFileSync(peer("umoci"), words, { stdio: "pipe" });
        return factsOfDirectory(directory);
      }),
    );
    rmSync(directory, { recursive: true, force: true });
  }
  return Promise.resolve(results);
}

/**
 * The trees that Docker containers would see, without what Docker adds to a container: the image's snapshots,
 * mounted.
 */
export async function applyWithDocker(
  { layout, images }: BuiltStacks,
  docker: RunningDocker,
): Promise<Applied[]> {
  const archive = `${layout}.tar`;
  const { store } = await openReference(`oci:${layout}`);
  const target = await createOciArchive(archive);
  const names = images.map((_, at) => `example.org/stack:${at}`);
  for (const [at, { descriptor }] of images.entries()) {
    await copy(store, descriptor, target, { tag: names[at]! });
  }
  await target.close();
  const said = await docker.run("load", "-i", archive);
  rmSync(archive);
  const errors = new Map(
    [...said.matchAll(/^Error unpacking image (\S+): (.*)$/gm)].map(([, name, why]) => [name, why]),
  );
  const snapshots = mountSnapshots(docker, join(dirname(layout), "by-docker"));
  const results: Applied[] = [];
  for (const [at, { diffIds }] of images.entries()) {
    const refused = errors.get(names[at]);
    const read = (): Facts => snapshots.facts(chainIds(diffIds).at(-1)!);
    results.push(refused === undefined ? applied(read) : { refused });
  }
  return results;
}

/** Mounts each snapshot of Docker's containerd for reading. */
function mountSnapshots(
  { directory }: RunningDocker,
  mountPoint: string,
): { facts(chainId: string): Facts } {
  const ctr = join(peersDirectory(), "../containerd/usr/bin/ctr");
  const words = ["-a", join(directory, "exec/containerd/containerd.sock"), "-n", "moby"];
  const snapshots = (...more: string[]): string =>
    execFileSync(ctr, [...words, "snapshots", ...more], { encoding: "utf8" });
  mkdirSync(mountPoint, { recursive: true });
  let views = 0;
  return {
    facts(chainId) {
      views += 1;
      const mount = snapshots("view", "-t", mountPoint, `oci-kit-${views}`, chainId);
      try {
        execFileSync("sh", ["-ec", mount]);
        return factsOfDirectory(mountPoint, { skipsUnreachable: true });
      } finally {
        execFileSync("umount", ["-q", mountPoint]);
      }
    },
  };
}

function applied(apply: () => Facts): Applied {
  try {
    return { facts: apply(), implied: new Set() };
  } catch (error) {
    return refusal(error);
  }
}

function refusal(error: unknown): Applied {
  const { stderr } = error as { readonly stderr?: Buffer };
  return { refused: stderr?.toString().trim() || (error as Error).message };
}
