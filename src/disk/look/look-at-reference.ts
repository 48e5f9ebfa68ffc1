// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { Bytes } from "../../bytes/bytes.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Named } from "../../image/by-reference/with-reference.ts";
import { describeEntries, type EntryDescription } from "../../rootfs/look/describe-entries.ts";
import { findEntries, type FindQuery } from "../../rootfs/look/find-entries.ts";
import { listEntries, type ListOptions } from "../../rootfs/look/list-entries.ts";
import {
  lookUp,
  lookUpFile,
  type FoundPath,
  type LookUpOptions,
} from "../../rootfs/look/look-up.ts";
import {
  openRootFilesystem,
  type OpenRoot,
  type OpenRootOptions,
} from "../open-root-filesystem.ts";

export type LookOptions = OpenRootOptions & LookUpOptions;

/** What was looked at, and what was found there. */
export interface Looked {
  /** What the filesystem is called in messages. */
  readonly name: string;
  /** Undefined for a plain directory. */
  readonly image: Descriptor | undefined;
  readonly entries: readonly EntryDescription[];
}

/** A file whose content can be read. */
export interface OpenFile extends FoundPath {
  /** Reads it from its start. An error of reading comes from here. */
  readonly open: () => Bytes;
}

/**
 * What is in a directory of an image or of a plain directory, as `listEntries` lists it. Layers that the cache
 * knows are not read, and not asked for.
 * @throws OciError as `openRootFilesystem` and `listEntries`
 */
export function listReference(
  reference: Named,
  path: ByteString,
  options: LookOptions & ListOptions = {},
): Promise<Looked> {
  return withRoot(reference, options, (opened) =>
    answer(opened, listEntries(opened.root, path, options)),
  );
}

/**
 * What is at each of the paths. A link at the end of a path is described itself, unless `follow` is true.
 * @throws OciError as `openRootFilesystem` and `lookUp`
 */
export function statReference(
  reference: Named,
  paths: readonly ByteString[],
  options: LookOptions = {},
): Promise<Looked> {
  const { follow = false } = options;
  return withRoot(reference, options, (opened) =>
    answer(
      opened,
      paths.map((path) => lookUp(opened.root, path, { ...options, follow })),
    ),
  );
}

/**
 * What is at and below a path and is as the query wants it, as `findEntries` finds it.
 * @throws OciError as `openRootFilesystem` and `findEntries`
 */
export function findInReference(
  reference: Named,
  path: ByteString,
  query: FindQuery,
  options: LookOptions = {},
): Promise<Looked> {
  return withRoot(reference, options, (opened) =>
    answer(opened, findEntries(opened.root, path, query, options)),
  );
}

/**
 * Passes the files that the paths lead to on to `use`, while the store is open. No content is read before all
 * paths are found.
 * @throws OciError as `openRootFilesystem` and `lookUpFile`; what `use` throws
 */
export function withFiles<Result>(
  reference: Named,
  paths: readonly ByteString[],
  use: (files: readonly OpenFile[], image: Descriptor | undefined) => Promise<Result>,
  options: LookOptions = {},
): Promise<Result> {
  const { signal } = options;
  return withRoot(reference, options, ({ root, image }) => {
    const files = paths.map((path): OpenFile => {
      const found = lookUpFile(root, path, options);
      return { ...found, open: () => root.read(found.path, { signal }) };
    });
    return use(files, image?.descriptor);
  });
}

async function withRoot<Result>(
  reference: Named,
  options: LookOptions,
  use: (opened: OpenRoot) => Result | Promise<Result>,
): Promise<Result> {
  const opened = await openRootFilesystem(reference, {
    allowMissing: true,
    withSidecar: true,
    ...options,
  });
  try {
    return await use(opened);
  } finally {
    await opened.close();
  }
}

function answer({ root, image }: OpenRoot, found: Iterable<FoundPath>): Looked {
  return {
    name: root.name,
    image: image?.descriptor,
    entries: describeEntries(root, found),
  };
}
