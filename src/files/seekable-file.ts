// SPDX-License-Identifier: MIT
import { closeSync, createReadStream, openSync, readSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { AbortOptions, Bytes } from "../bytes/bytes.ts";
import { abortable } from "../bytes/abort.ts";
import { decompress, detectCompression } from "../bytes/compression.ts";
import { fromReadable } from "../bytes/streams/node-stream.ts";
import { OciError } from "../oci/errors.ts";
import type { Limits } from "../oci/limits.ts";
import { fileError, writing } from "./system-error.ts";
import { readFileBytes, writeWhole } from "./regular-file.ts";
import { makeDirectories } from "./make-directories.ts";
import { ownedName } from "./owned-name.ts";

/** Options of {@link openSeekable}. */
export interface OpenSeekableOptions extends AbortOptions {
  /** What `-` reads in place of the standard input. */
  readonly input?: Bytes | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /**
   * The directory for a temporary file, used when the input can't be read in place; it is made if it is
   * missing. The file is as large as the uncompressed input, so the directory should be on a disk: a tmpfs
   * takes memory.
   */
  readonly spoolDirectory: string;
  /** The way of the uncompressed bytes to the temporary file: it may refuse them. */
  readonly through?: ((bytes: Bytes) => Bytes) | undefined;
  /** Reports the size of the temporary file, every 16 MiB and at its end. Never awaited. */
  readonly onSpool?: ((event: SpoolProgress) => void) | undefined;
}

/** The size of a temporary file that exists until the input is closed. */
export interface SpoolProgress {
  readonly kind: "spooling" | "spooled";
  readonly directory: string;
  readonly bytes: number;
}

const HEAD = 16;
const REPORT_EVERY = 16 * 1024 * 1024;

/**
 * Opens a file so that its uncompressed content can be read at any offset. A plain file is read in place. A
 * compressed file (gzip, zstd), a pipe or the standard input (`-`) is first written to a temporary file in
 * the spool directory. That file has no name, so it disappears however the process ends. The caller closes
 * the descriptor.
 * @throws OciError `not-found`, `unreadable`; `invalid-archive` for a directory; `unsupported-compression`
 * for xz and bzip2
 */
export async function openSeekable(file: string, options: OpenSeekableOptions): Promise<number> {
  const { signal } = options;
  if (file === "-") {
    const input = options.input ?? fromReadable(process.stdin, { signal, what: "stdin" });
    return spool(input, "-", options);
  }
  const stats = stat(file);
  if (stats.isDirectory()) {
    throw new OciError(
      "invalid-archive",
      `${JSON.stringify(file)}: expected an archive, got a directory`,
      { details: { file }, hint: "A layout directory is named oci:DIR." },
    );
  }
  if (!stats.isFile()) {
    return spool(fromReadable(createReadStream(file), { signal, what: file }), file, options);
  }
  const fd = open(file);
  try {
    if (compressionOf(headOf(fd), file) === undefined) return fd;
    const spooled = await spool(readFileBytes(fd), file, options);
    closeSync(fd);
    return spooled;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function stat(file: string): ReturnType<typeof statSync> & object {
  try {
    return statSync(file);
  } catch (error) {
    throw fileError("unreadable", file, error);
  }
}

function open(file: string): number {
  try {
    return openSync(file, "r");
  } catch (error) {
    throw fileError("unreadable", file, error);
  }
}

function headOf(fd: number): Uint8Array {
  const head = new Uint8Array(HEAD);
  return head.subarray(0, readSync(fd, head, 0, HEAD, 0));
}

function compressionOf(head: Uint8Array, file: string): "gzip" | "zstd" | undefined {
  const found = detectCompression(head);
  if (found === "xz" || found === "bzip2") {
    throw new OciError(
      "unsupported-compression",
      `${JSON.stringify(file)}: expected a tar archive, plain or compressed with gzip or zstd, got ${found}`,
      { details: { file, compression: found }, hint: `Decompress it first.` },
    );
  }
  return found;
}

async function spool(bytes: Bytes, file: string, options: OpenSeekableOptions): Promise<number> {
  const { limits, signal, spoolDirectory: directory, onSpool, through } = options;
  const path = join(directory, ownedName(".oci-kit.spool"));
  const purpose = `the content of ${JSON.stringify(file)}, which is kept until it was read`;
  const open = (): number => {
    makeDirectories(directory);
    return openSync(path, "wx+", 0o600);
  };
  const fd = writing(path, open, purpose);
  rmSync(path, { force: true });
  try {
    const whole = await peek(bytes);
    const compression = compressionOf(whole.head, file) ?? "none";
    const plain = decompress(whole.bytes, compression, { limits, signal, what: file });
    let [size, told] = [0, 0];
    for await (const chunk of abortable(through?.(plain) ?? plain, signal, file)) {
      writing(path, () => writeWhole(fd, chunk), purpose);
      size += chunk.length;
      if (size - told < REPORT_EVERY) continue;
      told = size;
      onSpool?.({ kind: "spooling", directory, bytes: size });
    }
    onSpool?.({ kind: "spooled", directory, bytes: size });
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Reads the first bytes, and returns them together with a stream of all bytes. */
async function peek(bytes: Bytes): Promise<{ head: Uint8Array; bytes: Bytes }> {
  const iterator = bytes[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  for (let seen = 0; seen < HEAD;) {
    const next = await iterator.next();
    if (next.done === true) break;
    first.push(new Uint8Array(next.value));
    seen += next.value.length;
  }
  const head = Uint8Array.from(first.flatMap((chunk) => [...chunk.subarray(0, HEAD)]));
  return { head: head.subarray(0, HEAD), bytes: resume(first, iterator) };
}

async function* resume(first: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>): Bytes {
  try {
    yield* first;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
      yield next.value;
    }
  } finally {
    await rest.return?.();
  }
}
