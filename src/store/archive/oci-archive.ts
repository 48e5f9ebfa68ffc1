// SPDX-License-Identifier: MIT
import type { Limits } from "../../oci/limits.ts";
import {
  archiveStore,
  closingOnFailure,
  readArchivedLayout,
  type ArchiveReader,
} from "./archive-store.ts";
import { createArchive, type ArchiveWriter, type CreateArchiveOptions } from "./archive-writer.ts";
import { openOuterArchive } from "./outer-archive.ts";
import type { OpenSeekableOptions } from "../../files/seekable-file.ts";

export type { ArchiveReader, ArchiveWriter, CreateArchiveOptions };

/** Options of {@link openOciArchive}. */
export interface OpenArchiveOptions extends OpenSeekableOptions {
  readonly limits?: Partial<Limits> | undefined;
}

/**
 * Opens a tar of an OCI layout (`oci-archive:`), plain or compressed with gzip or zstd, `-` being the
 * standard input. Of an index whose images are not all in the archive, those are offered that are:
 * the only one as itself. The caller closes it.
 * @throws OciError `not-found`, `unreadable`, `unsupported-compression`, `truncated`,
 * `invalid-archive`, `path-escape`, `invalid-layout`, `invalid-index`
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
 * Starts a tar of an OCI layout, `-` being the standard output. The caller closes or discards it.
 * @throws OciError `unwritable`, `not-found` when the file's directory is not there
 */
export function createOciArchive(
  file: string,
  options: CreateArchiveOptions = {},
): Promise<ArchiveWriter> {
  return createArchive(file, `oci-archive:${file}`, options, () => Promise.resolve([]));
}
