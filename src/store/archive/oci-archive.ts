// SPDX-License-Identifier: MIT
import {
  archiveStore,
  closingOnFailure,
  readArchivedLayout,
  type ArchiveReader,
} from "./archive-store.ts";
import { createArchive, type ArchiveWriter, type CreateArchiveOptions } from "./archive-writer.ts";
import { openOuterArchive, type OpenArchiveOptions } from "./outer-archive.ts";

export type { ArchiveReader, ArchiveWriter, CreateArchiveOptions, OpenArchiveOptions };

/**
 * Opens a tar of an OCI layout (`oci-archive:`), plain or compressed with gzip or zstd; `-` reads the
 * standard input. If the archive holds only some images of an index, it offers those: a new index of them, or
 * the image itself if there is only one. The caller closes the archive.
 * @throws OciError `not-found`, `unreadable`, `unsupported-compression`, `truncated`, `invalid-archive`,
 * `path-escape`, `invalid-layout`, `invalid-index`
 */
export async function openOciArchive(
  file: string,
  options: OpenArchiveOptions = {},
): Promise<ArchiveReader> {
  const archive = await openOuterArchive(file, `oci-archive:${file}`, options);
  return closingOnFailure(archive, async () =>
    archiveStore(archive, await readArchivedLayout(archive, options), options.limits),
  );
}

/**
 * Starts a tar of an OCI layout; `-` writes to the standard output. The caller closes or discards it.
 * @throws OciError `unwritable`, `not-found` when the directory of the file is missing
 */
export function createOciArchive(
  file: string,
  options: CreateArchiveOptions = {},
): Promise<ArchiveWriter> {
  return createArchive(file, `oci-archive:${file}`, options, () => Promise.resolve([]));
}
