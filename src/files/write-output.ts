// SPDX-License-Identifier: MIT
import { closeSync, constants, fsyncSync, openSync, renameSync, rmSync, type Stats } from "node:fs";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { throwIfAborted } from "../bytes/abort.ts";
import type { AbortOptions, Bytes } from "../bytes/bytes.ts";
import { toReadable } from "../bytes/streams/node-stream.ts";
import { OciError } from "../oci/errors.ts";
import { quote } from "../oci/quote.ts";
import { makeLike } from "./keep-owner.ts";
import { withLock } from "./lock.ts";
import { findOutput, type OutputPlace } from "./output/output-place.ts";
import { ownedName, sweepAbandoned } from "./owned-name.ts";
import { readFileBytes, writeWhole } from "./regular-file.ts";
import { syncDirectory } from "./sync/sync-directory.ts";
import { fileError, stdoutError, systemCode, writing } from "./system-error.ts";
import { writeThrough } from "./output/write-through.ts";

/** Options of {@link writeOutput}. */
export interface WriteOutputOptions extends AbortOptions {
  /**
   * Called when the bytes of an ordinary file are complete, right before it takes its place; an error leaves
   * what is there as it is. No other output of the same directory that also asks is put in place meanwhile,
   * by any process.
   */
  readonly checkPlace?: (() => void) | undefined;
}

const STAGE = ".oci-kit.output";
const ABANDONED_AGE = 24 * 3600_000;

/**
 * Writes bytes to an output path. An ordinary file is replaced whole or left as it was: the bytes are first
 * written beside it. It keeps its owner and permissions, and is on the disk when this resolves. If the file
 * can't be replaced (something is mounted on it, or this user can't set its owner), the complete bytes are
 * copied into it. A link is followed. Anything that is not an ordinary file (a device, a fifo, `/dev/stdout`)
 * is written to and never replaced.
 * @throws OciError `unwritable`, `not-found` when the file's directory is missing, `aborted`; any error of
 * the bytes and of `checkPlace`
 */
export async function writeOutput(
  path: string,
  bytes: Bytes,
  options: WriteOutputOptions = {},
): Promise<void> {
  const place = findOutput(path);
  if (place.kind === "file") return replaceFile(place, path, bytes, options);
  if (place.kind === "descriptor" && place.fd === 1) return writeStandardOutput(bytes);
  return writeThrough(place, path, bytes, options);
}

type FilePlace = OutputPlace & { readonly kind: "file" };

/** @param name the path as it was asked for: errors never name the temporary file */
async function replaceFile(
  place: FilePlace,
  name: string,
  bytes: Bytes,
  options: WriteOutputOptions,
): Promise<void> {
  const { path } = place;
  const { checkPlace, signal } = options;
  const beside = dirname(path);
  const temporary = join(beside, ownedName(STAGE));
  try {
    writing(name, () => sweepAbandoned(beside, STAGE, ABANDONED_AGE));
    const isLike = await writeNewFile(temporary, name, place.stats, bytes, options);
    const finish = async (): Promise<void> => {
      checkPlace?.();
      if (!isLike || !takePlace(temporary, path, name)) await writeInto(path, name, temporary);
    };
    if (checkPlace === undefined) await finish();
    else await withLock(join(beside, `${STAGE}-lock`), finish, { signal, what: quote(name) });
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Writes a new file and syncs it. Returns false when this user can't give it the owner of the old file. */
async function writeNewFile(
  path: string,
  name: string,
  before: Stats | undefined,
  bytes: Bytes,
  { signal }: AbortOptions,
): Promise<boolean> {
  const fd = writing(name, () => openSync(path, "wx", before === undefined ? 0o644 : 0o600));
  try {
    for await (const chunk of bytes) {
      throwIfAborted(signal, name);
      writing(name, () => writeWhole(fd, chunk));
    }
    const isLike = before === undefined || makeLike(fd, before);
    writing(name, () => fsyncSync(fd));
    return isLike;
  } finally {
    closeSync(fd);
  }
}

/** Renames the new file into place. Returns false when something is mounted on the old one. */
function takePlace(temporary: string, path: string, name: string): boolean {
  try {
    renameSync(temporary, path);
  } catch (error) {
    if (systemCode(error) === "EBUSY") return false;
    throw fileError("unwritable", name, error);
  }
  writing(name, () => syncDirectory(dirname(path)));
  return true;
}

async function writeInto(path: string, name: string, complete: string): Promise<void> {
  const { O_WRONLY, O_TRUNC, O_NOFOLLOW } = constants;
  const fd = writing(name, () => openSync(path, O_WRONLY | O_TRUNC | O_NOFOLLOW));
  try {
    for await (const chunk of readFileBytes(complete)) writing(name, () => writeWhole(fd, chunk));
    writing(name, () => fsyncSync(fd));
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
