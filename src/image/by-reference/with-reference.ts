// SPDX-License-Identifier: MIT
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Platform } from "../../oci/platform.ts";
import type { ContentStore } from "../../store/store.ts";
import { findImage } from "../find-image.ts";
import { readImage, type Image } from "../image.ts";
import { parseLocation, type Location } from "../location.ts";
import { spoolPlaceBeside } from "../spool-place.ts";
import {
  openReference,
  openTarget,
  type OpenOptions,
  type OpenReference,
} from "../open-reference.ts";

/** Names an image: a reference in the syntax of `parseLocation`, or the location that it parses to. */
export type Named = Location | string;

/** Options for reading a source. */
export interface SourceOptions extends OpenOptions {
  /** Selects the image for this platform if the reference names an index. */
  readonly platform?: Platform | undefined;
}

/** Options for writing a target. */
export interface TargetOptions extends OpenOptions {
  /** Writes nothing: an existing target stays unchanged, and a missing one is not created. */
  readonly dryRun?: boolean | undefined;
}

/** A store that is being written to. */
export interface Target {
  readonly store: ContentStore;
  /** The tag to set at the end: the reference's, or else `latest` in a registry. Undefined to write a root without a tag. */
  readonly tag: string | undefined;
}

/** Where something was written. */
export interface WrittenTo {
  /** The store's name. */
  readonly store: string;
  readonly tag: string | undefined;
}

/**
 * Options for reading a source while writing a target. Data that must be kept on disk meanwhile goes to a
 * directory beside the target, which needs about as much room itself, or else where the options say.
 */
export function besides<O extends OpenOptions>(to: Named, options: O): O {
  const location = typeof to === "string" ? parseLocation(to) : to;
  const spoolDirectory = spoolPlaceBeside(location) ?? options.spoolDirectory;
  return { ...options, spoolDirectory };
}

/** Opens a source, runs `read` and closes the source. @throws whatever `openReference` and `read` throw */
export async function withSource<T>(
  from: Named,
  options: OpenOptions,
  read: (source: OpenReference) => Promise<T>,
): Promise<T> {
  const source = await openReference(from, options);
  try {
    return await read(source);
  } finally {
    await source.close();
  }
}

/** Opens an image, runs `read` and closes the source. In an index this is the image for the platform, or else its only image. */
export async function withImage<T>(
  from: Named,
  options: SourceOptions,
  read: (image: Image) => Promise<T>,
): Promise<T> {
  return withSource(from, options, async (source) => read(await imageOf(source, options)));
}

/**
 * Opens a target and runs `write`. Completes the target if `write` succeeds and discards it if `write` fails:
 * then no new archive and no newly created layout stays behind.
 * @throws whatever `openTarget` and `write` throw
 */
export async function withTarget<T>(
  to: Named,
  options: TargetOptions,
  write: (target: Target) => Promise<T>,
): Promise<T & WrittenTo> {
  const target = await openTarget(to, options);
  const { location, store } = target;
  const tag = target.tag ?? (location.kind === "registry" ? "latest" : undefined);
  try {
    const written = await write({ store, tag });
    if (options.dryRun !== true) await target.close();
    return { ...written, store: store.name, tag };
  } finally {
    await target.discard();
  }
}

/** The index or image that a source names, or the image for the platform if one is given. @throws as `findImage` */
export async function rootOf(source: OpenReference, options: SourceOptions): Promise<Descriptor> {
  const root = await source.root(options);
  const { platform } = options;
  return platform === undefined ? root : findImage(source.store, root, platform, options);
}

/** The one image that a source and a platform select. @throws as `findImage` and `readImage` */
export async function imageOf(source: OpenReference, options: SourceOptions): Promise<Image> {
  const root = await source.root(options);
  const found = await findImage(source.store, root, options.platform, options);
  return readImage(source.store, found, options);
}
