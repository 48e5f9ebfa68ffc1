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
  /** At this path of the directory (`/usr/bin/cc`). */
  | { readonly path: ByteString }
  /** At no path: in this file on the same machine, which the recorder takes over. */
  | { readonly staged: string };

/** Keeps what a directory can't hold of a layer's tar, while the layer is unpacked. */
export interface LayerRecorder {
  /**
   * To be told all of the layer while it is read; keeps no view of it. Its `abandon` gives up: nothing stays.
   * That is idempotent, and nothing after `finish`. @throws OciError `unwritable` from its methods
   */
  readonly listener: Required<Pick<LayerListener, "entry" | "data" | "hole" | "tar" | "abandon">>;
  /**
   * Ends the record; before this nothing of it is there, and an earlier one of the same layer still is.
   * `contentOf` is asked for every entry that is a regular file with stored content, whiteouts left out,
   * by the ordinal that the parser gave it.
   * @throws OciError `unwritable`
   */
  finish(contentOf: (ordinal: number) => RecordedContent): void;
}

const BUFFER = 256 * 1024;
const ABANDONED_AGE = 24 * 3600_000;

/**
 * Starts the record of one layer in `<sidecar>/layers/<layer>`. The content of regular files is not
 * kept, only where it is; all other bytes of the tar are.
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
  /** Says of a content before its first bytes come. */
  content(range: ContentRange): void;
  tar(chunk: Uint8Array): void;
  /** How many raw bytes there were since the last content. */
  rest(): number;
}

/** Parts a tar into contents of files, which it passes over, and all else. */
function createSplitter(
  write: (bytes: Uint8Array) => void,
  add: (ordinal: number, size: number, rawBefore: number) => void,
): Splitter {
  /** Announced, and not yet reached, or not yet passed. */
  const ahead: ContentRange[] = [];
  let offset = 0;
  /** The content that is being passed over ends here. */
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
  /** Writes what is left, and sees to it that it stays. */
  readonly finish: () => void;
  /** Idempotent. */
  readonly close: () => void;
}

/** A file that small pieces are written to, gathered. */
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
 * Also to another file system: the directory may be a mount point, and the sidecar beside it is not in it.
 * Its mode was the image's, 000 or setuid.
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

/** In place of an earlier record of the layer, which is gone first: a record is whole or not there. */
function publish(fresh: string, path: string): void {
  fs.rmSync(path, { recursive: true, force: true });
  fs.renameSync(fresh, path);
}
