// SPDX-License-Identifier: MIT
import { join } from "node:path";
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { OciError } from "../../oci/errors.ts";
import type { Limits } from "../../oci/limits.ts";
import { blobPath, hasBlob, OWN_PREFIX, removeBlobs } from "./layout-blobs.ts";
import { changeLayoutIndex, readLayoutIndex } from "./layout-index.ts";
import { withLock } from "../../files/lock.ts";
import * as list from "./root-entries.ts";
import type { ContentStore, RootedStore } from "../store.ts";

/** How a layout is read and edited. */
export interface LayoutOptions {
  /** The name of the store in messages, if it is not the directory. */
  readonly name?: string | undefined;
  /** `documentBytes` and `children` limit the size of `index.json`. */
  readonly limits?: Partial<Limits> | undefined;
  /** Milliseconds to wait for another process that is editing `index.json`. */
  readonly lockTimeout?: number | undefined;
}

/** The roots of a layout: everything that a store does with `index.json`. */
export interface LayoutRoots {
  readonly entries: () => Promise<readonly list.RootEntry[]>;
  readonly tag: ContentStore["tag"];
  readonly capabilities: RootedStore["capabilities"];
}

/**
 * Does work while nobody else edits `index.json` or collects garbage. Not re-entrant: the work must not tag.
 * @throws OciError `locked`
 */
export function lockLayout<T>(
  directory: string,
  work: () => T | Promise<T>,
  options: LayoutOptions & AbortOptions = {},
): Promise<T> {
  return withLock(join(directory, `${OWN_PREFIX}lock`), work, {
    timeout: options.lockTimeout,
    what: `oci:${directory}`,
    signal: options.signal,
  });
}

/**
 * Each edit reads, changes and replaces `index.json` under the lock, and keeps fields that it does not know.
 */
export function layoutRoots(directory: string, name: string, options: LayoutOptions): LayoutRoots {
  const entries = async (): Promise<readonly list.RootEntry[]> =>
    (await readLayoutIndex(directory, options.limits)).manifests;

  const edit = (
    change: (entries: readonly list.RootEntry[]) => list.RootEntry[],
    { signal }: AbortOptions = {},
  ): Promise<void> => {
    const work = (): Promise<void> => changeLayoutIndex(directory, change, options.limits);
    return lockLayout(directory, work, { ...options, signal });
  };

  const hold = (descriptor: Descriptor): void => {
    if (!hasBlob(directory, descriptor)) throw noContent(name, descriptor);
  };

  return {
    entries,
    tag: async (descriptor, tag, abort) => {
      list.checkRootName(tag);
      await edit((roots) => {
        hold(descriptor);
        if (abort?.ifNames !== undefined) list.checkNames(roots, tag, abort.ifNames, name);
        return list.withTag(roots, descriptor, tag);
      }, abort);
    },
    capabilities: {
      roots: entries,
      tags: async () => list.rootNames(await entries()),
      addRoot: (descriptor, abort) =>
        edit((roots) => {
          hold(descriptor);
          return list.withRoot(roots, descriptor, abort?.inPlaceOf);
        }, abort),
      untag: (tag, abort) => edit((roots) => list.withoutTag(roots, tag, name), abort),
      remove: async (digest, abort) => {
        blobPath(directory, digest); // Refuses an unknown algorithm before anything is changed.
        await edit((roots) => list.withoutDigest(roots, digest), abort);
        await removeBlobs(directory, [digest]);
      },
    },
  };
}

function noContent(name: string, { digest, size }: Descriptor): OciError {
  return new OciError(
    "not-found",
    `${name}: expected ${digest} of ${size} bytes, got no such content`,
    { details: { digest, size }, hint: "Push the content before it is tagged." },
  );
}
