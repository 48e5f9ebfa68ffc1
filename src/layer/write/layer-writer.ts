// SPDX-License-Identifier: MIT
import { toText } from "../../bytes/byte-string.ts";
import { OciError } from "../../oci/errors.ts";
import { withLimits, type Limits } from "../../oci/limits.ts";
import { checkEntry } from "./check-entry.ts";
import { checkReadable } from "./check-readable.ts";
import { encodeHeaders } from "./encode-headers.ts";
import type { Entry } from "../entry.ts";
import { BLOCK, paddingOf } from "../format/header-layout.ts";

/** Writes a layer, entry by entry. It can't be used after an error. */
export interface LayerWriter {
  /**
   * Starts an entry.
   * @throws OciError `size-mismatch` when content of the entry before is missing; `invalid-argument` for what
   *   a tar can't hold, and for content of anything but a file, where readers of layers expect none;
   *   `limit-exceeded` for what this library's parser would refuse with the same limits
   */
  entry(entry: Entry): void;
  /**
   * The next content of the last entry. The sink gets the same chunk. @throws OciError `size-mismatch` for
   * more than its size
   */
  data(chunk: Uint8Array): void;
  /** Ends the layer with two blocks of zeros. @throws OciError `size-mismatch` */
  end(): void;
}

export interface LayerWriterOptions {
  /** Those that the layer is to be read with: nothing is written beyond them. */
  readonly limits?: Partial<Limits> | undefined;
}

/**
 * Creates a writer. It uses the PAX format where plain ustar can't hold an entry. Deterministic: the same
 * entries and contents give the same bytes. The sink may keep the chunks that it gets, except those of
 * content, which are the caller's.
 */
export function createLayerWriter(
  sink: (chunk: Uint8Array) => void,
  options: LayerWriterOptions = {},
): LayerWriter {
  const limits = withLimits(options.limits);
  let current: Entry | undefined;
  let missing = 0;
  let entries = 0;
  const checkComplete = (): void => {
    if (missing === 0) return;
    const size = current?.size ?? 0;
    throw sizeMismatch(current, `${size} bytes of content`, `${size - missing}`);
  };
  return {
    entry(entry) {
      checkComplete();
      checkEntry(entry);
      const headers = encodeHeaders(entry, paddingOf(current?.size ?? 0));
      checkReadable(entry, { entries: entries + 1, extended: headers.extended }, limits);
      entries += 1;
      current = entry;
      missing = entry.size;
      sink(headers.bytes);
    },
    data(chunk) {
      if (chunk.length > missing) {
        const more = chunk.length - missing;
        throw sizeMismatch(current, `${current?.size ?? 0} bytes of content`, `${more} more`);
      }
      missing -= chunk.length;
      if (chunk.length > 0) sink(chunk);
    },
    end() {
      checkComplete();
      sink(new Uint8Array(paddingOf(current?.size ?? 0) + 2 * BLOCK));
    },
  };
}

function sizeMismatch(entry: Entry | undefined, expected: string, got: string): OciError {
  const path = entry === undefined ? "before the first entry" : `"${toText(entry.path)}"`;
  return new OciError(
    "size-mismatch",
    `entry ${path} of a new layer: expected ${expected}, got ${got}`,
    {
      details: entry === undefined ? {} : { path: entry.path, size: entry.size },
      hint: "the source changed while it was read, or its size was wrong",
    },
  );
}
