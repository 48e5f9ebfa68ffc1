// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { Bytes } from "../../bytes/bytes.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Named } from "../../image/by-reference/with-reference.ts";
import { normalisePath } from "../../layer/normalise-path.ts";
import {
  describeEntries,
  type DescribedFilesystem,
  type EntryDescription,
} from "../../rootfs/look/describe-entries.ts";
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
  return withAnswer(reference, options, needsAll(path), {
    ask: (root) => describeEntries(root, listEntries(root, path, options)),
    use: (entries, opened) => use(answer(opened, entries)),
  });
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
  return withAnswer(reference, options, false, {
    ask: (root) =>
      describeEntries(
        root,
        paths.map((path) => lookUp(root, path, { ...options, follow })),
      ),
    use: (entries, opened) => use(answer(opened, entries)),
  });
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
  return withAnswer(reference, options, needsAll(path), {
    ask: (root) => describeEntries(root, findEntries(root, path, query, options)),
    use: (entries, opened) => use(answer(opened, entries)),
  });
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
  return withAnswer(reference, { ...options, reads: paths }, false, {
    ask: (root) => paths.map((path) => lookUpFile(root, path, options)),
    use: (found, { root, image }) =>
      use({
        image: image?.descriptor,
        files: found.map((file) => ({ ...file, open: () => root.read(file.path, { signal }) })),
      }),
  });
}

/** Whether what is at a path can't be told without the lowest layer. */
function needsAll(path: ByteString): boolean {
  return normalisePath(path) === "/";
}

interface Asked<Answer, Result> {
  /** Asks a filesystem, of which at first only the upper layers may be there. */
  readonly ask: (root: DescribedFilesystem) => Answer;
  readonly use: (answer: Answer, opened: OpenRoot) => Result | Promise<Result>;
}

/** Opens what a reference names, as far as the answer needs it, and passes on the answer while it is open. */
async function withAnswer<Answer, Result>(
  reference: Named,
  options: LookOptions,
  whole: boolean,
  { ask, use }: Asked<Answer, Result>,
): Promise<Result> {
  let answered: { readonly by: DescribedFilesystem; readonly answer: Answer } | undefined;
  const opened = await openRootFilesystem(reference, {
    allowMissing: true,
    withSidecar: true,
    ...options,
    ask: whole ? "everything" : (root) => void (answered = { by: root, answer: ask(root) }),
  });
  try {
    const { root } = opened;
    return await use(answered?.by === root ? answered.answer : ask(root), opened);
  } finally {
    await opened.close();
  }
}

function answer({ root, image }: OpenRoot, entries: readonly EntryDescription[]): Looked {
  return { name: root.name, image: image?.descriptor, entries };
}
