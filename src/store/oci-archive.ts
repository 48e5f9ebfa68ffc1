// SPDX-License-Identifier: MIT
import type { AbortOptions, Bytes } from "../bytes/bytes.ts";
import { OciError } from "../oci/errors.ts";
import type { Limits } from "../oci/limits.ts";
import type { ContentStore, ReadableStore } from "./store.ts";

/** An archive opened for reading. */
export interface ArchiveReader extends ReadableStore {
  /** Frees the file. Idempotent. */
  close(): Promise<void>;
}

/** An archive being made: it appears under its name, whole, at {@link ArchiveWriter.close}. */
export interface ArchiveWriter extends ContentStore {
  /** Writes the archive and puts it in place, replacing what was there. Idempotent. */
  close(): Promise<void>;
  /** Gives up: nothing was written. Idempotent, and does nothing after {@link ArchiveWriter.close}. */
  discard(): Promise<void>;
}

export interface OpenArchiveOptions extends AbortOptions {
  readonly limits?: Partial<Limits> | undefined;
  /** What `-` reads, instead of the standard input. */
  readonly input?: Bytes | undefined;
}

export interface CreateArchiveOptions extends AbortOptions {
  readonly limits?: Partial<Limits> | undefined;
}

export function openOciArchive(
  file: string,
  options: OpenArchiveOptions = {},
): Promise<ArchiveReader> {
  throw new OciError("invalid-archive", file, { details: { options } });
}

export function createOciArchive(
  file: string,
  options: CreateArchiveOptions = {},
): Promise<ArchiveWriter> {
  throw new OciError("invalid-archive", file, { details: { options } });
}
