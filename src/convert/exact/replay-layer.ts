// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { join } from "node:path";
import { toText } from "../../bytes/byte-string.ts";
import type { AbortOptions, Bytes } from "../../bytes/bytes.ts";
import type { DiffId } from "../../oci/digest.ts";
import { OciError } from "../../oci/errors.ts";
import type { RootFilesystem } from "../../rootfs/root-filesystem.ts";
import { readFileBytes } from "../../files/regular-file.ts";
import { fileError } from "../../files/system-error.ts";
import { parseContents } from "./content-table.ts";
import { CONTENTS, KEPT, LAYERS, RAW, type ContentRecord } from "./layer-record.ts";

/** A recorded layer, which can be reproduced. */
export interface RecordedLayer {
  readonly diffId: DiffId;
  /** The number of files whose content comes from the directory or from beside the record. */
  readonly contents: number;
  /** The total size of those contents. */
  readonly contentBytes: number;
  /**
   * The layer's original tar, provided that the files in `root` are still as unpacked. To verify that,
   * compare the digest of the bytes with the diffID.
   * @throws OciError `invalid-sidecar` if the record is damaged; `unreadable` for a file that changed; what
   * reading from `root` throws
   */
  tar(root: RootFilesystem, options?: AbortOptions): Bytes;
}

/** Reads the record of a layer. @throws OciError `not-found` if there is none, `invalid-sidecar`, `unreadable` */
export function readRecordedLayer(sidecar: string, layer: number): RecordedLayer {
  const directory = join(sidecar, LAYERS, `${layer}`);
  const file = join(directory, CONTENTS);
  const { diffId, contents, rest } = parseContents(readText(file), file);
  return {
    diffId,
    contents: contents.length,
    contentBytes: contents.reduce((sum, { size }) => sum + size, 0),
    async *tar(root, options) {
      const raw = openRaw(join(directory, RAW));
      try {
        for (const content of contents) {
          yield* raw.take(content.rawBefore);
          yield* readContent(directory, root, content, options);
        }
        yield* raw.take(rest);
        raw.checkEnd();
      } finally {
        raw.close();
      }
    },
  };
}

function readText(file: string): string {
  try {
    return fs.readFileSync(file, "latin1");
  } catch (error) {
    throw fileError("unreadable", file, error);
  }
}

interface RawReader {
  /** The next bytes. Each chunk is valid only until the next one. */
  take(length: number): Iterable<Uint8Array>;
  checkEnd(): void;
  close(): void;
}

const BUFFER = 256 * 1024;

/** Reads a file from its start, in large pieces. */
function openRaw(path: string): RawReader {
  const fd = openForReading(path);
  const buffer = new Uint8Array(BUFFER);
  let [at, end] = [0, 0];
  return {
    *take(length) {
      for (let left = length; left > 0;) {
        if (at === end) [at, end] = [0, fs.readSync(fd, buffer)];
        if (end === 0) throw damaged(path, `${left} bytes more`, "its end");
        const piece = buffer.subarray(at, Math.min(at + left, end));
        at += piece.length;
        left -= piece.length;
        yield piece;
      }
    },
    checkEnd() {
      if (at < end || fs.readSync(fd, buffer) > 0) throw damaged(path, "its end", "more");
    },
    close: () => fs.closeSync(fd),
  };
}

function openForReading(path: string): number {
  try {
    return fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
  } catch (error) {
    throw fileError("unreadable", path, error);
  }
}

async function* readContent(
  directory: string,
  root: RootFilesystem,
  { size, place, extents }: ContentRecord,
  options?: AbortOptions,
): Bytes {
  const [bytes, what] =
    "path" in place
      ? [root.read(place.path, options), `${root.name}: ${toText(place.path)}`]
      : [readFileBytes(join(directory, KEPT, place.kept), options), `${directory}: ${place.kept}`];
  let written = 0;
  for await (const chunk of extents === undefined ? bytes : selectExtents(bytes, extents)) {
    written += chunk.length;
    if (written > size) break;
    yield chunk;
  }
  if (written === size) return;
  throw new OciError(
    "unreadable",
    `${what}: expected ${size} bytes that the layer holds, got ${written > size ? "more" : written}`,
    { hint: "It changed since it was unpacked: pack it without --exact." },
  );
}

/** The parts of a file that a sparse entry holds: offset, length, offset, length… in ascending order. */
async function* selectExtents(bytes: Bytes, extents: readonly number[]): Bytes {
  let position = 0;
  let part = 0;
  for await (const chunk of bytes) {
    const end = position + chunk.length;
    for (; part < extents.length; part += 2) {
      const start = extents[part]!;
      const stop = start + extents[part + 1]!;
      if (start >= end) break;
      yield chunk.subarray(Math.max(start - position, 0), stop - position);
      if (stop > end) break;
    }
    if (part === extents.length) return;
    position = end;
  }
}

function damaged(file: string, expected: string, got: string): OciError {
  return new OciError(
    "invalid-sidecar",
    `${JSON.stringify(file)}: expected ${expected}, got ${got}`,
    { details: { file }, hint: "Unpack the image again with --exact." },
  );
}
