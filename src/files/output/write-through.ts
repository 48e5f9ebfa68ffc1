// SPDX-License-Identifier: MIT
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { Socket } from "node:net";
import { pipeline } from "node:stream/promises";
import { setTimeout } from "node:timers/promises";
import { throwIfAborted } from "../../bytes/abort.ts";
import type { AbortOptions, Bytes } from "../../bytes/bytes.ts";
import { toReadable } from "../../bytes/streams/node-stream.ts";
import { isOciError } from "../../oci/errors.ts";
import type { OutputPlace } from "./output-place.ts";
import { procPath } from "../proc-path.ts";
import { writeWhole } from "../regular-file.ts";
import { fileError, systemCode, writing } from "../system-error.ts";

const { O_WRONLY, O_NONBLOCK } = constants;
const WAIT_MS = 50;

/**
 * Writes bytes to an open descriptor or to a path that can be opened, without replacing a file. A fifo waits
 * for its reader.
 * @param name the path for messages
 * @throws OciError `unwritable`, `aborted`; any error of the bytes
 */
export async function writeThrough(
  place: Exclude<OutputPlace, { readonly kind: "file" }>,
  name: string,
  bytes: Bytes,
  options: AbortOptions,
): Promise<void> {
  if (place.kind === "stream") {
    if (place.isFifo) return writeFifo(place.path, name, bytes, options);
    const fd = writing(name, () => openSync(place.path, O_WRONLY));
    try {
      await writeOpen(fd, name, bytes, options);
      return;
    } finally {
      closeSync(fd);
    }
  }
  const { fd } = place;
  const isFifo = writing(name, () => fstatSync(fd).isFIFO());
  if (isFifo) return writeFifo(procPath(fd), name, bytes, options);
  return writeOpen(fd, name, bytes, options);
}

async function writeOpen(
  fd: number,
  name: string,
  bytes: Bytes,
  { signal }: AbortOptions,
): Promise<void> {
  for await (const chunk of bytes) {
    throwIfAborted(signal, name);
    writing(name, () => writeWhole(fd, chunk));
  }
}

/**
 * Opens the fifo without blocking and writes it as a stream, because a blocking system call could not be
 * aborted.
 */
async function writeFifo(
  path: string,
  name: string,
  bytes: Bytes,
  { signal }: AbortOptions,
): Promise<void> {
  const fd = await openFifo(path, name, signal);
  try {
    const fifo = new Socket({ fd, readable: false, writable: true });
    await pipeline(toReadable(bytes), fifo, { signal });
  } catch (error) {
    throwIfAborted(signal, name);
    throw isOciError(error) ? error : fileError("unwritable", name, error);
  }
}

async function openFifo(
  path: string,
  name: string,
  signal: AbortSignal | undefined,
): Promise<number> {
  for (;;) {
    throwIfAborted(signal, name);
    try {
      return openSync(path, O_WRONLY | O_NONBLOCK);
    } catch (error) {
      // ENXIO means that the fifo has no reader yet.
      if (systemCode(error) !== "ENXIO") throw fileError("unwritable", name, error);
    }
    await setTimeout(WAIT_MS);
  }
}
