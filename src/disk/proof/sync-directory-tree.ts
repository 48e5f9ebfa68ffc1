// SPDX-License-Identifier: MIT
import { closeSync, fsync } from "node:fs";
import { promisify } from "node:util";
import type { ByteString } from "../../bytes/byte-string.ts";
import type { AbortOptions } from "../../bytes/bytes.ts";
import { mapBounded } from "../../bytes/map-bounded.ts";
import { syncFilesystems } from "../../files/sync/sync-filesystems.ts";
import { fileError } from "../../files/system-error.ts";
import { walkFilesystem } from "../../rootfs/walk-filesystem.ts";
import { openDirectory, type DirectoryFilesystem } from "../directory.ts";

const AT_ONCE = 16;
const flush = promisify(fsync);

/** Options of {@link syncDirectoryTree}. */
export interface SyncTreeOptions extends AbortOptions {
  /** Syncs whole file systems, or reports that it cannot. Default: `syncFilesystems`. */
  readonly syncWhole?: typeof syncFilesystems | undefined;
}

/**
 * Syncs a directory and the one `beside` it to the disk, with everything below them: their whole file
 * systems at once or, if that is not possible, each file and directory separately.
 * @throws OciError `unwritable`, `aborted`; what reading the directory throws
 */
export async function syncDirectoryTree(
  disk: DirectoryFilesystem,
  beside: string,
  { signal, syncWhole = syncFilesystems }: SyncTreeOptions = {},
): Promise<void> {
  if (await syncWhole([disk.directory, beside], { signal })) return;
  await syncEach(disk, { signal });
  const other = openDirectory(beside);
  try {
    await syncEach(other, { signal });
  } finally {
    other.close();
  }
}

async function syncEach(disk: DirectoryFilesystem, { signal }: AbortOptions): Promise<void> {
  const paths: ByteString[] = [];
  for (const [path, { type }] of walkFilesystem(disk)) {
    if (type === "file" || type === "directory") paths.push(path);
  }
  await mapBounded(paths, AT_ONCE, (path) => syncOne(disk, path), { signal });
}

async function syncOne(disk: DirectoryFilesystem, path: ByteString): Promise<void> {
  const fd = disk.openToSync(path);
  try {
    await flush(fd);
  } catch (error) {
    throw fileError("unwritable", `${disk.directory}${path}`, error);
  } finally {
    closeSync(fd);
  }
}
