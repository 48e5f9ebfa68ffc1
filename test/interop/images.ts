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

/** An image by its reference, and its merged tree as we read it. */
export interface ReadImage {
  readonly image: Image;
  readonly facts: Facts;
}

/** Opens a reference of any kind, and reads every document, layer and file of one image. */
export async function readAllOf(reference: string, platform?: Platform): Promise<ReadImage> {
  const opened = await openReference(reference);
  try {
    const descriptor = await findImage(opened.store, await opened.root(), platform);
    const image = await readImage(opened.store, descriptor);
    return { image, facts: await factsOfImage(await openImageFilesystem(image)) };
  } finally {
    await opened.close();
  }
}

/** What umoci makes of an image of a layout on disk. */
export async function factsByUmoci(layoutAndTag: string, bundle: string): Promise<Facts> {
  await runPeer("umoci", ["unpack", "--image", layoutAndTag, bundle]);
  try {
    return factsOfDirectory(`${bundle}/rootfs`);
  } finally {
    rmSync(bundle, { recursive: true, force: true });
  }
}

/** What a tar program makes of an archive on disk. */
export function factsByTar(program: "tar" | "bsdtar", archive: string, directory: string): Facts {
  const words =
    program === "tar" ? ["--xattrs", "--xattrs-include=*", "--numeric-owner"] : ["--numeric-owner"];
  execFileSync(program, [...words, "-xpf", archive, "-C", directory]);
  return factsOfDirectory(directory);
}
