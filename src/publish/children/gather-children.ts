// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import { type Location, formatLocation, parseLocation } from "../../image/location.ts";
import { onlyRoot } from "../../image/only-root.ts";
import { type OpenOptions, openReference } from "../../image/open-reference.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { isOciError } from "../../oci/errors.ts";
import { parsePlatform } from "../../oci/platform.ts";
import { openLayout } from "../../store/layout/layout.ts";
import type { ReadableStore } from "../../store/store.ts";
import { type Child, type LeftOut, readChildren } from "./index-child.ts";
import type { PlatformClaim } from "../gates/gate.ts";
import { listDirectories } from "./list-directories.ts";
import { architectureTag } from "../tag-names.ts";

/** The images for an index, and what was found beside them. */
export interface GatheredChildren {
  readonly children: readonly Child[];
  /** Other things that were found. They are reported, so that nothing is dropped in silence. */
  readonly leftOut: readonly LeftOut[];
  /** Closes the stores of the children, which can be copied until then. Idempotent. */
  close(): Promise<void>;
}

const OPEN: Pick<GatheredChildren, "close"> = { close: () => Promise.resolve() };

/**
 * Gathers the images of the layouts in a directory's subdirectories, each named by its architecture, as
 * `assemble` writes them: `out/linux-runtime/<arch>`. The gates check that the names are right.
 * @throws OciError `not-found` when the directory is not there; `ambiguous` for a layout of several images;
 *   `invalid-platform` for a layout in a directory whose name is not an architecture; what reading throws
 */
export async function gatherFromDirectory(
  directory: string,
  options: OpenOptions = {},
): Promise<GatheredChildren> {
  const children: Child[] = [];
  const leftOut: LeftOut[] = [];
  for (const { name, path, isLayout } of await listDirectories(directory)) {
    if (!isLayout) {
      leftOut.push({ name: path, reason: "it holds no image layout" });
      continue;
    }
    const store = await openLayout(path, options);
    const claim: PlatformClaim = { by: "directory", platform: parsePlatform(name) };
    const found = await readChildren(store, await onlyRoot(store, options), {
      ...options,
      name: path,
      claims: [claim],
    });
    children.push(...found.children);
    leftOut.push(...found.leftOut);
  }
  return { ...OPEN, children, leftOut };
}

/**
 * Gathers the images that a store has under `<tag>-<arch>`, one for each architecture. Missing ones are left
 * out: the gate of completeness will name them.
 * @throws OciError for every failure but a clear "not there"
 */
export async function gatherFromTags(
  store: ReadableStore,
  tag: string,
  architectures: readonly string[],
  options: OpenOptions = {},
): Promise<GatheredChildren> {
  const children: Child[] = [];
  const leftOut: LeftOut[] = [];
  for (const architecture of architectures) {
    const platform = parsePlatform(architecture);
    const named = architectureTag(tag, platform);
    const root = await resolveIfThere(store, named, options);
    if (root === undefined) continue;
    const found = await readChildren(store, root, {
      ...options,
      name: `${store.name}:${named}`,
      claims: [{ by: "tag", platform }],
    });
    children.push(...found.children);
    leftOut.push(...found.leftOut);
  }
  return { ...OPEN, children, leftOut };
}

/** Resolves a tag; undefined only when the store answered that it has no such tag. */
export async function resolveIfThere(
  store: ReadableStore,
  tag: string,
  options?: AbortOptions,
): Promise<Descriptor | undefined> {
  try {
    return await store.resolve(tag, options);
  } catch (error) {
    if (isOciError(error, "not-found")) return undefined;
    throw error;
  }
}

/**
 * Gathers the images at these locations, for any platforms; an index contributes all its images. The caller
 * closes the result.
 * @throws OciError what opening and reading throw; then nothing stays open
 */
export async function gatherFromLocations(
  locations: readonly (Location | string)[],
  options: OpenOptions = {},
): Promise<GatheredChildren> {
  const children: Child[] = [];
  const leftOut: LeftOut[] = [];
  const opened: { close(): Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    for (const reference of opened.splice(0)) await reference.close();
  };
  try {
    for (const from of locations) {
      const location = typeof from === "string" ? parseLocation(from) : from;
      const reference = await openReference(location, options);
      opened.push(reference);
      const root = await reference.root(options);
      const name = formatLocation(location);
      const found = await readChildren(reference.store, root, { ...options, name, claims: [] });
      children.push(...found.children);
      leftOut.push(...found.leftOut);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { children, leftOut, close };
}
