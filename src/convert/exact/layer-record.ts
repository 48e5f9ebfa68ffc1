// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";

/** The directory of the sidecar with one directory a recorded layer, named by its number. */
export const LAYERS = "layers";
/** How a directory begins that is being filled. */
export const NEW = ".new";
/** In a layer's directory: all bytes of the tar that are not content of files, one after the other. */
export const RAW = "raw";
/** In a layer's directory: which content goes between them, and where it is; see content-table.ts. */
export const CONTENTS = "contents";
/** In a layer's directory: the directory of contents that are at no path, each named by its ordinal. */
export const KEPT = "kept";

/** One content of a recorded layer, and the raw bytes in front of it. */
export interface ContentRecord {
  readonly rawBefore: number;
  /** Bytes in the tar. */
  readonly size: number;
  readonly place: { readonly path: ByteString } | { readonly kept: string };
  /** Of a sparse file: which parts of the file the tar holds, as offset, length, offset, length… */
  readonly extents: readonly number[] | undefined;
}
