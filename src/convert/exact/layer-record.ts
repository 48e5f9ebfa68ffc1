// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";

/** In the sidecar: a directory with one subdirectory for each recorded layer, named by the layer's number. */
export const LAYERS = "layers";
/** Start of the name of a directory that is still being filled. */
export const NEW = ".new";
/** In a layer's directory: all bytes of the tar that are not file content, one after the other. */
export const RAW = "raw";
/** In a layer's directory: which contents belong between the raw bytes, and where they are; see content-table.ts. */
export const CONTENTS = "contents";
/** In a layer's directory: the directory of contents that are at no path, each named by its ordinal. */
export const KEPT = "kept";

/** One content of a recorded layer, and the raw bytes in front of it. */
export interface ContentRecord {
  readonly rawBefore: number;
  /** Size in the tar, in bytes. */
  readonly size: number;
  readonly place: { readonly path: ByteString } | { readonly kept: string };
  /** For a sparse file: the parts of the file that the tar holds, as offset, length, offset, length… */
  readonly extents: readonly number[] | undefined;
}
