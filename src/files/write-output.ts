// SPDX-License-Identifier: MIT
import { closeSync, constants, fsyncSync, openSync, renameSync, rmSync, type Stats } from "node:fs";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { throwIfAborted } from "../bytes/abort.ts";
import type { AbortOptions, Bytes } from "../bytes/bytes.ts";
import { toReadable } from "../bytes/streams/node-stream.ts";
import { OciError } from "../oci/errors.ts";
import { makeLike } from "./keep-owner.ts";
import { findOutput, type OutputPlace } from "./output/output-place.ts";
import { ownedName, sweepAbandoned } from "./owned-name.ts";
import { readFileBytes, writeWhole } from "./regular-file.ts";
import { syncDirectory } from "./sync/sync-directory.ts";
import { fileError, stdoutError, systemCode, writing } from "./system-error.ts";
import { writeThrough } from "./output/write-through.ts";

const STAGE = ".oci-kit.output";
const ABANDONED_AGE = 24 * 3600_000;

/**
 * Writes bytes to an output path. An ordinary file is replaced whole or left as it was: the bytes are first
 * written beside it. It keeps its owner and permissions, and is on the disk when this resolves. If the file
 * can't be replaced (something is mounted on it, or this user can't set its owner), the complete bytes are
 * copied into it. A link is followed. Anything that is not an ordinary file (a device, a fifo, `/dev/stdout`)
 * is written to and never replaced.
 * @throws OciError `unwritable`, `not-found` when the file's directory is missing, `aborted`; any error of
 * the bytes
 */
export async function writeOutput(
  path: string,
  bytes: Bytes,
  options: AbortOptions = {},
): Promise<void> {
  const place = findOutput(path);
  if (place.kind === "file") return replaceFile(place, bytes, options);
  if (place.kind === "descriptor" && place.fd === 1) return writeStandardOutput(bytes);
  return writeThrough(place, path, bytes, options);
}

type FilePlace = OutputPlace & { readonly kind: "file" };

async function replaceFile(place: FilePlace, bytes: Bytes, options: AbortOptions): Promise<void> {
  const { path } = place;
  const beside = dirname(path);
  const temporary = join(beside, ownedName(STAGE));
  try {
    writing(beside, () => sweepAbandoned(beside, STAGE, ABANDONED_AGE));
    const isLike = await writeNewFile(temporary, place.stats, bytes, options);
    if (!isLike || !takePlace(temporary, path)) await writeInto(path, temporary);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Writes a new file and syncs it. Returns false when this user can't give it the owner of the old file. */
async function writeNewFile(
  path: string,
  before: Stats | undefined,
  bytes: Bytes,
  { signal }: AbortOptions,
): Promise<boolean> {
  const fd = writing(path, () => openSync(path, "wx", before === undefined ? 0o644 : 0o600));
  try {
    for await (const chunk of bytes) {
      throwIfAborted(signal, path);
      writing(path, () => writeWhole(fd, chunk));
    }
    const isLike = before === undefined || makeLike(fd, before);
    writing(path, () => fsyncSync(fd));
    return isLike;
  } finally {
    closeSync(fd);
  }
}

/** Renames the new file into place. Returns false when something is mounted on the old one. */
function takePlace(temporary: string, path: string): boolean {
  try {
    renameSync(temporary, path);
  } catch (error) {
    if (systemCode(error) === "EBUSY") return false;
    throw fileError("unwritable", path, error);
  }
  writing(path, () => syncDirectory(dirname(path)));
  return true;
}

async function writeInto(path: string, complete: string): Promise<void> {
  const { O_WRONLY, O_TRUNC, O_NOFOLLOW } = constants;
  const fd = writing(path, () => openSync(path, O_WRONLY | O_TRUNC | O_NOFOLLOW));
  try {
    for await (const chunk of readFileBytes(complete)) writing(path, () => writeWhole(fd, chunk));
    writing(path, () => fsyncSync(fd));
  } finally {
    closeSync(fd);
  }
}

/**
 * Writes bytes to the standard output, which stays open.
 * @throws OciError `unwritable`; any error of the bytes
 */
export async function writeStandardOutput(bytes: Bytes): Promise<void> {
  try {
    await pipeline(toReadable(bytes), process.stdout, { end: false });
  } catch (error) {
    throw error instanceof OciError ? error : stdoutError(error);
  }
}
