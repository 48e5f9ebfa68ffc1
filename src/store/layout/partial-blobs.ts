// SPDX-License-Identifier: MIT
import { rmSync } from "node:fs";
import { basename } from "node:path";
import { claimFile, listClaimable, releaseFile } from "../../files/claimed-file.ts";
import { ownedName } from "../../files/owned-name.ts";
import { writing } from "../../files/system-error.ts";
import type { AbortOptions, Source } from "../../bytes/bytes.ts";
import { digestEncoded, knownAlgorithm, type Digest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { isOciError } from "../../oci/errors.ts";
import { PARTIAL } from "./sweep-temporary.ts";
import { createBlob, reopenBlob, type UnfinishedBlob } from "./unfinished-blob.ts";

/** Less than this many bytes are fetched again as fast as they are found and read. */
const KEPT_FROM = 64 * 1024;

/**
 * Stores a blob. If that breaks off, even by the death of the process, what has arrived stays, and the next call goes
 * on at its end: it reads what is there again, opens the source at that offset and verifies the whole. If what was
 * there turns out to be wrong, the blob is fetched anew, once.
 * @throws OciError `digest-mismatch`, `size-mismatch`: then nothing stays; any error of the source
 */
export async function storeResumably(
  directory: string,
  descriptor: Descriptor,
  source: Source,
  options: AbortOptions,
): Promise<void> {
  const stem = PARTIAL + nameOf(descriptor.digest);
  const found = claim(directory, stem, descriptor.size);
  if (found !== undefined) {
    try {
      await found.rehash(options);
      await complete(found, descriptor, source, options);
      return;
    } catch (error) {
      if (!isWrong(error)) throw kept(error, found, stem);
      found.discard();
    }
  }
  const blob = createBlob(directory, ownedName(stem));
  try {
    await complete(blob, descriptor, source, options);
  } catch (error) {
    throw kept(error, blob, stem);
  }
}

/** Whether a layout directory holds partial blobs. */
export function hasPartialBlobs(directory: string): boolean {
  return listPartial(directory).length > 0;
}

/** Removes the partial blobs that no living process works with. */
export function removePartialBlobs(directory: string): void {
  for (const { path, isHeld } of listPartial(directory)) if (!isHeld) rmSync(path, { force: true });
}

function listPartial(directory: string): ReturnType<typeof listClaimable> {
  return listClaimable(directory).filter(({ stem }) => stem.startsWith(PARTIAL));
}

function nameOf(digest: Digest): string {
  return `${knownAlgorithm(digest)}-${digestEncoded(digest)}`;
}

function claim(directory: string, stem: string, size: number): UnfinishedBlob | undefined {
  const path = writing(directory, () => claimFile(directory, stem));
  if (path === undefined) return undefined;
  const blob = reopenBlob(directory, basename(path));
  if (blob.size <= size) return blob;
  blob.discard();
  return undefined;
}

async function complete(
  blob: UnfinishedBlob,
  { digest, size }: Descriptor,
  source: Source,
  { signal }: AbortOptions,
): Promise<void> {
  const offset = blob.size;
  if (offset < size) await blob.append(source.open({ offset, signal }), size - offset, { signal });
  await blob.finish(digest);
}

/** Keeps what has arrived for a later attempt, unless it is wrong or hardly worth it. Returns the error. */
function kept(error: unknown, blob: UnfinishedBlob, stem: string): unknown {
  if (isWrong(error) || blob.size < KEPT_FROM) blob.discard();
  else releaseFile(blob.path, stem);
  return error;
}

function isWrong(error: unknown): boolean {
  return isOciError(
    error,
    "digest-mismatch",
    "size-mismatch",
    "truncated",
    "unsupported-algorithm",
  );
}
