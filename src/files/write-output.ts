// SPDX-License-Identifier: MIT
import { closeSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { throwIfAborted } from "../bytes/abort.ts";
import type { AbortOptions, Bytes } from "../bytes/bytes.ts";
import { toReadable } from "../bytes/streams/node-stream.ts";
import { OciError } from "../oci/errors.ts";
import { stdoutError, writing } from "./system-error.ts";
import { writeWhole } from "./regular-file.ts";
import { ownedName, sweepAbandoned } from "./owned-name.ts";

const STAGE = ".oci-kit.output";
const ABANDONED_AGE = 24 * 3600_000;

/**
 * Writes bytes to a file that is not there yet, and to the disk. When it fails, part of the file stays.
 * @throws OciError `unwritable`, `not-found` for its directory, `aborted`; what the bytes throw
 */
export async function writeNewFile(
  path: string,
  bytes: Bytes,
  { signal }: AbortOptions = {},
): Promise<void> {
  const fd = writing(path, () => openSync(path, "wx", 0o644));
  try {
    for await (const chunk of bytes) {
      throwIfAborted(signal, path);
      writing(path, () => writeWhole(fd, chunk));
    }
    writing(path, () => fsyncSync(fd));
  } finally {
    closeSync(fd);
  }
}

/**
 * Puts a file in place whole, or leaves what was there: it is written beside its place first.
 * @throws OciError `unwritable`, `not-found` for its directory, `aborted`; what the bytes throw
 */
export async function replaceFile(
  path: string,
  bytes: Bytes,
  options: AbortOptions = {},
): Promise<void> {
  const beside = dirname(path);
  const temporary = join(beside, ownedName(STAGE));
  try {
    writing(beside, () => sweepAbandoned(beside, STAGE, ABANDONED_AGE));
    await writeNewFile(temporary, bytes, options);
    writing(path, () => renameSync(temporary, path));
  } finally {
    rmSync(temporary, { force: true });
  }
}

/**
 * Writes bytes to the standard output, which stays open.
 * @throws OciError `unwritable`; what the bytes throw
 */
export async function writeStandardOutput(bytes: Bytes): Promise<void> {
  try {
    await pipeline(toReadable(bytes), process.stdout, { end: false });
  } catch (error) {
    throw error instanceof OciError ? error : stdoutError(error);
  }
}
