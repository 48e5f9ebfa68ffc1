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

/** What names an image: a reference as `parseLocation` takes it, or what that makes of it. */
export type Named = Location | string;

/** How a source is read. */
export interface SourceOptions extends OpenOptions {
  /** Of an index the image for this platform is meant. */
  readonly platform?: Platform | undefined;
}

/** How a target is written to. */
export interface TargetOptions extends OpenOptions {
  /** Nothing is to be written: the target is left as it is, and one that is not there is not made. */
  readonly dryRun?: boolean | undefined;
}

/** A store that is being written to. */
export interface Target {
  readonly store: ContentStore;
  /** The tag to set last: the one named, in a registry else `latest`; undefined for a root without a tag. */
  readonly tag: string | undefined;
}

/** Where something was written. */
export interface WrittenTo {
  /** The store's name. */
  readonly store: string;
  readonly tag: string | undefined;
}

/**
 * How a source is read on its way to a target: what has to be kept meanwhile is kept beside that, where it has
 * the room that it needs there anyway; else where the options say.
 */
export function besides<O extends OpenOptions>(to: Named, options: O): O {
  const location = typeof to === "string" ? parseLocation(to) : to;
  const spoolDirectory = spoolPlaceBeside(location) ?? options.spoolDirectory;
  return { ...options, spoolDirectory };
}

/** Opens a source for as long as `read` runs. @throws what `openReference` and `read` throw */
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

/** Opens an image for as long as `read` runs; of an index the one for the platform, else the only one. */
export async function withImage<T>(
  from: Named,
  options: SourceOptions,
  read: (image: Image) => Promise<T>,
): Promise<T> {
  return withSource(from, options, async (source) => read(await imageOf(source, options)));
}

/**
 * Opens a target for as long as `write` runs, completes it when that succeeds, and gives it up when
 * that fails: an archive, or a layout that was made for it, is then not there.
 * @throws what `openTarget` and `write` throw
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

/** What a source means: an index or an image, or with a platform the image for it. @throws as `findImage` */
export async function rootOf(source: OpenReference, options: SourceOptions): Promise<Descriptor> {
  const root = await source.root(options);
  const { platform } = options;
  return platform === undefined ? root : findImage(source.store, root, platform, options);
}

/** The one image that a source means. @throws as `findImage` and `readImage` */
export async function imageOf(source: OpenReference, options: SourceOptions): Promise<Image> {
  const root = await source.root(options);
  const found = await findImage(source.store, root, options.platform, options);
  return readImage(source.store, found, options);
}
