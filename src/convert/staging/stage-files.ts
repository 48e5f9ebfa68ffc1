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
 * of its inode, whatever names it gets. Holes stay holes.
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
      guard(() => writeAll(fd, chunk, isSparse ? position : null));
      position += chunk.length;
      endsInHole = false;
    },
    hole(length) {
      position += length;
      isSparse = endsInHole = true;
    },
    finish: () => guard(finishFile),
    abandon() {
      if (fd >= 0) fs.closeSync(fd);
      fd = -1;
    },
  };
}

function writeAll(fd: number, chunk: Uint8Array, position: number | null): void {
  let at = 0;
  while (at < chunk.length) {
    const where = position === null ? null : position + at;
    at += fs.writeSync(fd, chunk, at, chunk.length - at, where);
  }
}
