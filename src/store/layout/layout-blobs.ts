// SPDX-License-Identifier: MIT
import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
  type Stats,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { digestEncoded, isDigest, knownAlgorithm, type Digest } from "../../oci/digest.ts";
import { isOciError, OciError } from "../../oci/errors.ts";
import { fileError, writing } from "../../files/system-error.ts";
import { makeDirectories } from "../../files/make-directories.ts";
import { openRegularFile } from "../../files/regular-file.ts";
import { syncDirectoryTogether } from "../../files/sync/sync-directory.ts";

// The blobs of a layout: blobs/<algorithm>/<hex> (image-spec, image-layout.md, "Blobs"). A directory in that
// path must not be a link, and a blob must be a regular file: anything else is refused.

/** The prefix of the temporary files that this library keeps in a layout while it works. */
export const OWN_PREFIX = ".oci-kit.";

/** The directory in a layout below which our registry keeps what belongs to each repository. */
export const REPOSITORIES = "repositories";

/** In milliseconds. A blob that is wanted again gets a new mark only if its last mark is older than this. */
const MARK_AGE = 60_000;
const ALGORITHMS = ["sha256", "sha512"];

/** The path of a blob. @throws OciError `unsupported-algorithm` */
export function blobPath(directory: string, digest: Digest): string {
  return join(directory, "blobs", knownAlgorithm(digest), digestEncoded(digest));
}

/**
 * Opens a blob. The caller closes the descriptor.
 * @throws OciError `not-found`, `unreadable`; `invalid-layout` when it is not a regular file
 */
export function openBlob(directory: string, digest: Digest): { fd: number; size: number } {
  const path = blobPath(directory, digest);
  checkDirectories(directory, digest);
  try {
    const { fd, stats } = openRegularFile(path, "invalid-layout");
    return { fd, size: stats.size };
  } catch (error) {
    throw isOciError(error, "not-found") ? noBlob(directory, digest, error) : error;
  }
}

function noBlob(directory: string, digest: Digest, cause: OciError): OciError {
  return new OciError(
    "not-found",
    `oci:${directory}: expected the content of ${digest}, which the layout names, got no such file`,
    {
      hint: `oci-kit verify oci:${directory} lists all that is missing; copy the image again from where it is whole.`,
      details: { digest, path: blobPath(directory, digest) },
      cause,
    },
  );
}

/**
 * Whether a blob of this size is there. A blob of another size, as a crash may leave it, counts as absent, so
 * that it is written again. The blob is marked as wanted now, so that garbage collection by age spares it.
 * @throws OciError `invalid-layout` when something that is not a file is in its place
 */
export function hasBlob(directory: string, descriptor: Descriptor): boolean {
  const path = blobPath(directory, descriptor.digest);
  checkDirectories(directory, descriptor.digest);
  const stats = lstat(path);
  if (stats === undefined) return false;
  if (!stats.isFile()) throw notA("regular file", path);
  if (stats.size !== descriptor.size) return false;
  if (Date.now() - stats.mtimeMs > MARK_AGE) mark(path);
  return true;
}

function checkDirectories(directory: string, digest: Digest): void {
  for (const path of [join(directory, "blobs"), join(directory, "blobs", knownAlgorithm(digest))]) {
    if (lstat(path)?.isDirectory() === false) throw notA("directory", path);
  }
}

function lstat(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw fileError("unreadable", path, error);
  }
}

function notA(kind: string, path: string): OciError {
  return new OciError(
    "invalid-layout",
    `${JSON.stringify(path)}: expected a ${kind}, got a link or another kind of file`,
    { details: { path } },
  );
}

/**
 * Sets the time of a blob to now. In a read-only layout this fails, which does no harm: there garbage
 * collection can't remove anything either.
 */
function mark(path: string): void {
  const now = new Date();
  try {
    utimesSync(path, now, now);
  } catch {
    return;
  }
}

/**
 * Moves a synced file with a complete blob to its place: makes it read-only and renames it after its digest.
 * The move is durable when this resolves.
 */
export async function placeBlob(directory: string, file: string, digest: Digest): Promise<void> {
  const path = blobPath(directory, digest);
  writing(path, () => makeDirectories(dirname(path)));
  checkDirectories(directory, digest);
  writing(path, () => {
    chmodSync(file, 0o444);
    renameSync(file, path);
  });
  await syncDirectoryTogether(dirname(path));
}

/**
 * Removes blobs. Idempotent. They stay removed whatever happens once this resolves: a removal that is only in
 * memory may come back after a power cut, and then is somebody's deleted secret.
 * @throws OciError `unwritable`
 */
export async function removeBlobs(directory: string, digests: Iterable<Digest>): Promise<void> {
  const directories = new Set<string>();
  for (const digest of digests) {
    const path = blobPath(directory, digest);
    writing(path, () => rmSync(path, { force: true }));
    directories.add(dirname(path));
  }
  for (const changed of directories) {
    if (existsSync(changed)) await syncDirectoryTogether(changed);
  }
}

/** The files of a layout that have names of blobs, sorted. */
export function* listBlobs(directory: string): Iterable<{ path: string; digest: Digest }> {
  for (const algorithm of ALGORITHMS) {
    const blobs = join(directory, "blobs", algorithm);
    if (!existsSync(blobs)) continue;
    for (const name of readdirSync(blobs).sort()) {
      const digest = `${algorithm}:${name}`;
      if (isDigest(digest)) yield { path: join(blobs, name), digest };
    }
  }
}

/**
 * Makes the directory entry of a blob durable: the process that wrote it may not have got that far.
 * @throws OciError `unwritable`
 */
export function settleBlob(directory: string, digest: Digest): Promise<void> {
  return syncDirectoryTogether(dirname(blobPath(directory, digest)));
}
