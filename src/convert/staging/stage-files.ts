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

/** What {@link createFileStager} works with. */
export interface StageFilesOptions {
  readonly staging: Staging;
  readonly layer: number;
  readonly policy: MetadataPolicy;
  readonly batch: XattrBatch;
  /** Names the image in messages. */
  readonly what: string;
}

/** Writes files of a layer to the staging directory, each under its number, as a reader hands them out. */
export interface FileStager extends ContentConsumer<unknown> {
  /** Files staged so far. */
  readonly staged: { files: number };
}

/**
 * Creates what stages files of one layer. A file gets its metadata, too: its entry is the whole truth
 * of its inode, whatever names it gets. Holes stay holes, and a whole chunk of zeros becomes one: a disk
 * image of which a layer holds every zero takes no more than its data.
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

/** Bytes of zeros that are worth a hole: blocks of the usual size, several. */
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
