// SPDX-License-Identifier: MIT
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import type { Image } from "../../src/image/image.ts";
import { findImage } from "../../src/image/find-image.ts";
import { readImage } from "../../src/image/image.ts";
import { openReference } from "../../src/image/open-reference.ts";
import type { Platform } from "../../src/oci/platform.ts";
import { openImageFilesystem } from "../../src/rootfs/image-filesystem.ts";
import { runPeer } from "./peers.ts";
import { factsOfDirectory, factsOfImage, type Facts } from "./tree-facts.ts";

/** An image, and its merged tree as our own code reads it. */
export interface ReadImage {
  readonly image: Image;
  readonly facts: Facts;
}

/** Opens a reference of any kind, and reads every document, layer and file of one image. */
export function readAllOf(reference: string, platform?: Platform): Promise<ReadImage> {
  const read = async (image: Image): Promise<ReadImage> => ({
    image,
    facts: await factsOfImage(await openImageFilesystem(image)),
  });
  return withImage(reference, read, platform);
}

/** Opens a reference of any kind, passes its image to an action, and closes it when the action ends. */
export async function withImage<Result>(
  reference: string,
  use: (image: Image) => Promise<Result>,
  platform?: Platform,
): Promise<Result> {
  const opened = await openReference(reference);
  try {
    const descriptor = await findImage(opened.store, await opened.root(), platform);
    return await use(await readImage(opened.store, descriptor));
  } finally {
    await opened.close();
  }
}

/** The facts of what umoci unpacks from an image of a layout on disk. */
export async function factsByUmoci(layoutAndTag: string, bundle: string): Promise<Facts> {
  await runPeer("umoci", ["unpack", "--image", layoutAndTag, bundle]);
  try {
    return factsOfDirectory(`${bundle}/rootfs`);
  } finally {
    rmSync(bundle, { recursive: true, force: true });
  }
}

const TAR_FLAGS = {
  tar: ["--xattrs", "--xattrs-include=*", "--delay-directory-restore", "--warning=no-timestamp"],
  bsdtar: [],
} as const;

/** The facts of what a tar program extracts from an archive on disk. */
export function factsByTar(program: "tar" | "bsdtar", archive: string, directory: string): Facts {
  const words = [...TAR_FLAGS[program], "--numeric-owner", "-xpf", archive, "-C", directory];
  execFileSync(program, words, { env: { ...process.env, LC_ALL: "C.UTF-8" } });
  return factsOfDirectory(directory);
}
