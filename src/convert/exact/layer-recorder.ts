// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { join } from "node:path";
import type { ByteString } from "../../bytes/byte-string.ts";
import { classifyWhiteout } from "../../layer/whiteout.ts";
import type { DiffId } from "../../oci/digest.ts";
import { OciError } from "../../oci/errors.ts";
import type { LayerListener } from "../../rootfs/contents/read-layer-once.ts";
import { writeWhole } from "../../files/regular-file.ts";
import { systemCode, writing } from "../../files/system-error.ts";
import { makeDirectories } from "../../files/make-directories.ts";
import { ownedName, sweepAbandoned } from "../../files/owned-name.ts";
import { CONTENTS, KEPT, LAYERS, NEW, RAW } from "./layer-record.ts";
import { createContentTable } from "./content-table.ts";

/** Where the content of an entry is after unpacking. */
export type RecordedContent =
  /** At this path of the unpacked directory (`/usr/bin/cc`). */
  | { readonly path: ByteString }
  /** At no path, but in this file on the same machine. The recorder takes the file over. */
  | { readonly staged: string };

/** Records, while a layer is unpacked, whatever its tar holds that a directory can't. */
export interface LayerRecorder {
  /**
   * Must receive all of the layer while it is read; it keeps no reference to the chunks. Its `abandon`
   * discards the record; it is idempotent and does nothing after `finish`. @throws OciError `unwritable`
   * from its methods
   */
  readonly listener: Required<Pick<LayerListener, "entry" | "data" | "hole" | "tar" | "abandon">>;
  /**
   * Completes the record. Until then the new record does not exist, and an earlier one of the same layer is
   * still there. `contentOf` is called for every regular file with stored content, except whiteouts, with
   * the ordinal that the parser gave its entry.
   * @throws OciError `unwritable`
   */
  finish(contentOf: (ordinal: number) => RecordedContent): void;
}

const BUFFER = 256 * 1024;
const ABANDONED_AGE = 24 * 3600_000;

/**
 * Starts the record of one layer in `<sidecar>/layers/<layer>`. For regular files it stores where the
 * content is, not the content itself; it stores all other bytes of the tar.
 * @throws OciError `unwritable`
 */
export function createLayerRecorder(sidecar: string, layer: number, diffId: DiffId): LayerRecorder {
  const layers = join(sidecar, LAYERS);
  const fresh = join(layers, ownedName(NEW));
  writing(layers, () => makeDirectories(layers));
  sweepAbandoned(layers, NEW, ABANDONED_AGE);
  const raw = writing(fresh, () => {
    makeDirectories(join(fresh, KEPT), 0o700);
    return createRawFile(join(fresh, RAW));
  });
  const table = createContentTable();
  const splitter = createSplitter(raw.write, (...content) => table.add(...content));
  let isOpen = true;
  const abandon = (): void => {
    if (!isOpen) return;
    isOpen = false;
    raw.close();
    fs.rmSync(fresh, { recursive: true, force: true });
  };
  return {
    listener: {
      entry(entry, { ordinal, contentOffset, storedSize }) {
        const isContent =
          entry.type === "file" && storedSize > 0 && classifyWhiteout(entry.path) === undefined;
        table.entry(ordinal, isContent && storedSize !== entry.size);
        if (isContent) splitter.content({ ordinal, start: contentOffset, size: storedSize });
      },
      data: (chunk) => table.data(chunk.length),
      hole: (length) => table.hole(length),
      tar: (chunk) => writing(fresh, () => splitter.tar(chunk)),
      abandon,
    },
    finish(contentOf) {
      writing(fresh, () => {
        raw.finish();
        const pathOf = (ordinal: number): ByteString | undefined => {
          const content = contentOf(ordinal);
          if ("path" in content) return content.path;
          takeOver(content.staged, join(fresh, KEPT, `${ordinal}`));
          return undefined;
        };
        writeDurably(join(fresh, CONTENTS), table.format(diffId, splitter.rest(), pathOf));
        publish(fresh, join(layers, `${layer}`));
      });
      isOpen = false;
    },
  };
}

/** Where in the tar the content of a file lies. */
interface ContentRange {
  readonly ordinal: number;
  readonly start: number;
  readonly size: number;
}

interface Splitter {
  /** Announces a content before its first bytes arrive. */
  content(range: ContentRange): void;
  tar(chunk: Uint8Array): void;
  /** The number of raw bytes since the last content. */
  rest(): number;
}

/** Separates a tar into file contents, which it skips, and all other bytes. */
function createSplitter(
  write: (bytes: Uint8Array) => void,
  add: (ordinal: number, size: number, rawBefore: number) => void,
): Splitter {
  /** Contents that were announced and are not passed yet. */
  const ahead: ContentRange[] = [];
  let offset = 0;
  /** The end of the content that is being skipped. */
  let skippedTo = 0;
  let rawBefore = 0;
  const writeRaw = (bytes: Uint8Array): void => {
    rawBefore += bytes.length;
    if (bytes.length > 0) write(bytes);
  };
  return {
    content(range) {
      if (range.start < offset) {
        throw new OciError(
          "invalid-argument",
          "layer recorder: expected each chunk after the parser was fed it, got it before",
        );
      }
      ahead.push(range);
    },
    tar(chunk) {
      const base = offset;
      const end = base + chunk.length;
      let at = Math.min(Math.max(skippedTo, base), end);
      for (const { ordinal, start, size } of ahead.splice(0)) {
        writeRaw(chunk.subarray(at - base, start - base));
        add(ordinal, size, rawBefore);
        rawBefore = 0;
        skippedTo = start + size;
        at = Math.min(skippedTo, end);
      }
      writeRaw(chunk.subarray(at - base));
      offset = end;
    },
    rest: () => rawBefore,
  };
}

interface RawFile {
  readonly write: (bytes: Uint8Array) => void;
  /** Writes what is still buffered and makes it durable. */
  readonly finish: () => void;
  /** Idempotent. */
  readonly close: () => void;
}

/** A file for many small writes, which are buffered. */
function createRawFile(path: string): RawFile {
  const fd = fs.openSync(path, "wx", 0o600);
  const buffer = new Uint8Array(BUFFER);
  let used = 0;
  let isOpen = true;
  const flush = (): void => {
    writeWhole(fd, buffer.subarray(0, used));
    used = 0;
  };
  const close = (): void => {
    if (isOpen) fs.closeSync(fd);
    isOpen = false;
  };
  return {
    write(bytes) {
      if (used + bytes.length > BUFFER) flush();
      if (bytes.length >= BUFFER) {
        writeWhole(fd, bytes);
        return;
      }
      buffer.set(bytes, used);
      used += bytes.length;
    },
    finish() {
      flush();
      fs.fsyncSync(fd);
      close();
    },
    close,
  };
}

function writeDurably(path: string, chunks: Iterable<Uint8Array>): void {
  const fd = fs.openSync(path, "wx", 0o600);
  try {
    for (const chunk of chunks) writeWhole(fd, chunk);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * Moves a file, if necessary to another file system: the unpacked directory may be a mount point while the
 * sidecar beside it is not. The file's mode came from the image and may be 000 or setuid.
 */
function takeOver(from: string, to: string): void {
  fs.chmodSync(from, 0o600);
  try {
    fs.renameSync(from, to);
  } catch (error) {
    if (systemCode(error) !== "EXDEV") throw error;
    fs.copyFileSync(from, to, fs.constants.COPYFILE_EXCL);
    fs.unlinkSync(from);
  }
}

/**
 * Replaces an earlier record of the layer. That one is removed first, so that a record is either complete
 * or absent.
 */
function publish(fresh: string, path: string): void {
  fs.rmSync(path, { recursive: true, force: true });
  fs.renameSync(fresh, path);
}
