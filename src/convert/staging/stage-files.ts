// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import type { ByteString } from "../../bytes/byte-string.ts";
import type { ContentConsumer, FileEntry } from "../../rootfs/contents/hand-out-contents.ts";
import { applyMetadata } from "../../disk/inode/apply-metadata.ts";
import type { XattrBatch } from "../../disk/xattrs/xattr-batch.ts";
import type { MetadataPolicy } from "../../disk/metadata-policy.ts";
import { createFileMaker } from "./make-file.ts";
import { stagedName, type Staging } from "./staging.ts";
import { unwritableAt } from "./unwritable-at.ts";

/** The input of {@link createFileStager}. */
export interface StageFilesOptions {
  readonly staging: Staging;
  readonly layer: number;
  readonly policy: MetadataPolicy;
  readonly batch: XattrBatch;
  /** Names the image in messages. */
  readonly what: string;
}

/** Writes files of a layer to the staging directory as a reader delivers them, each named by its number. */
export interface FileStager extends ContentConsumer<unknown> {
  /** The number of files staged so far. */
  readonly staged: { files: number };
}

/**
 * Creates a stager for files of one layer. A file also gets its metadata, because its entry fully describes
 * the inode, whatever names it gets later. Holes stay holes, and a chunk of zeros becomes a hole too, so a
 * disk image that the layer stores with all its zeros takes no more space than its data.
 * @throws OciError from its methods: `unwritable`
 */
export function createFileStager(options: StageFilesOptions): FileStager {
  const { staging, layer, policy, batch, what } = options;
  const staged = { files: 0 };
  const makeFile = createFileMaker();
  let fd = -1;
  let mode: number | undefined;
  let place = "";
  let current: FileEntry;
  let position = 0;
  let isSparse = false;
  let endsInHole = false;

  const skip = (length: number): void => {
    position += length;
    isSparse = endsInHole = true;
  };
  const guard = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      throw unwritableAt(what, `/${current.path}` as ByteString, error);
    }
  };
  const finishFile = (): void => {
    if (endsInHole) fs.ftruncateSync(fd, position);
    applyMetadata({ path: place, fd, mode }, current, policy, batch);
    fs.closeSync(fd);
    fd = -1;
    staged.files += 1;
  };
  return {
    staged,
    start(entry, { ordinal }) {
      current = entry;
      position = 0;
      isSparse = endsInHole = false;
      place = `${staging.base}/${stagedName({ layer, entry: ordinal })}`;
      guard(() => ({ fd, mode } = makeFile(place, entry.mode)));
    },
    data(chunk) {
      if (chunk.length >= SPARSE_CHUNK && isZero(chunk)) {
        skip(chunk.length);
        return;
      }
      guard(() => writeAll(fd, chunk, isSparse ? position : null));
      position += chunk.length;
      endsInHole = false;
    },
    hole(length) {
      skip(length);
    },
    finish: () => guard(finishFile),
    abandon() {
      if (fd >= 0) fs.closeSync(fd);
      fd = -1;
    },
  };
}

/** How many bytes of zeros are worth a hole: several blocks of the usual size. */
const SPARSE_CHUNK = 16 * 1024;
const ZEROS = new Uint8Array(64 * 1024);

function isZero(chunk: Uint8Array): boolean {
  if (chunk[0] !== 0) return false;
  for (let at = 0; at < chunk.length; at += ZEROS.length) {
    const part = chunk.subarray(at, at + ZEROS.length);
    if (Buffer.compare(part, ZEROS.subarray(0, part.length)) !== 0) return false;
  }
  return true;
}

function writeAll(fd: number, chunk: Uint8Array, position: number | null): void {
  let at = 0;
  while (at < chunk.length) {
    const where = position === null ? null : position + at;
    at += fs.writeSync(fd, chunk, at, chunk.length - at, where);
  }
}
