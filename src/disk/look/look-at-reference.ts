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

/**
 * Takes what was found, while the image or the directory is still open: what a plain directory has is read when
 * it is asked for.
 */
export type Use<Found, Result> = (found: Found) => Result | Promise<Result>;

/** A file whose content can be read. */
export interface OpenFile extends FoundPath {
  /** Reads it from its start. An error of reading comes from here. */
  readonly open: () => Bytes;
}

/**
 * Passes on what is in a directory of an image or of a plain directory, as `listEntries` lists it. Layers that the cache
 * knows are not read, and not asked for.
 * @throws OciError as `openRootFilesystem` and `listEntries`; what `use` throws
 */
export function listReference<Result>(
  reference: Named,
  path: ByteString,
  use: Use<Looked, Result>,
  options: LookOptions & ListOptions = {},
): Promise<Result> {
  return withRoot(reference, options, (opened) =>
    use(answer(opened, listEntries(opened.root, path, options))),
  );
}

/**
 * Passes on what is at each of the paths. A link at the end of a path is described itself, unless `follow` is true.
 * @throws OciError as `openRootFilesystem` and `lookUp`; what `use` throws
 */
export function statReference<Result>(
  reference: Named,
  paths: readonly ByteString[],
  use: Use<Looked, Result>,
  options: LookOptions = {},
): Promise<Result> {
  const { follow = false } = options;
  return withRoot(reference, options, (opened) =>
    use(
      answer(
        opened,
        paths.map((path) => lookUp(opened.root, path, { ...options, follow })),
      ),
    ),
  );
}

/**
 * Passes on what is at and below a path and is as the query wants it, as `findEntries` finds it.
 * @throws OciError as `openRootFilesystem` and `findEntries`; what `use` throws
 */
export function findInReference<Result>(
  reference: Named,
  path: ByteString,
  query: FindQuery,
  use: Use<Looked, Result>,
  options: LookOptions = {},
): Promise<Result> {
  return withRoot(reference, options, (opened) =>
    use(answer(opened, findEntries(opened.root, path, query, options))),
  );
}

/** The files that were asked for, in that order. */
export interface OpenedFiles extends Pick<Looked, "image"> {
  readonly files: readonly OpenFile[];
}

/**
 * Passes the files that the paths lead to on to `use`, while the store is open. No content is read before all
 * paths are found.
 * @throws OciError as `openRootFilesystem` and `lookUpFile`; what `use` throws
 */
export function withFiles<Result>(
  reference: Named,
  paths: readonly ByteString[],
  use: Use<OpenedFiles, Result>,
  options: LookOptions = {},
): Promise<Result> {
  const { signal } = options;
  return withRoot(reference, options, ({ root, image }) => {
    const files = paths.map((path): OpenFile => {
      const found = lookUpFile(root, path, options);
      return { ...found, open: () => root.read(found.path, { signal }) };
    });
    return use({ image: image?.descriptor, files });
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
