// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { LayerHandler } from "../../layer/layer-parser.ts";
import type { DiffId } from "../../oci/digest.ts";
import { OciError } from "../../oci/errors.ts";

/** Where the content of an entry is after unpacking. */
export type RecordedContent =
  /** At this path of the directory (`/usr/bin/cc`). */
  | { readonly path: ByteString }
  /** At no path: in this file on the same machine, which the recorder takes over. */
  | { readonly staged: string };

/** Keeps what a directory can't hold of a layer's tar, while the layer is unpacked. */
export interface LayerRecorder {
  /** To be told all that the layer's parser tells, `hole` included. */
  readonly handler: Required<Pick<LayerHandler, "entry" | "data" | "hole">>;
  /** Takes each chunk of the uncompressed tar, in order, right AFTER the parser was fed it. Keeps no view of it. */
  tar(chunk: Uint8Array): void;
  /**
   * Ends the record; before this nothing of it is there, and an earlier one of the same layer still is.
   * `contentOf` is asked for every entry that is a regular file with stored content, whiteouts left out,
   * by the ordinal that the parser gave it.
   * @throws OciError `unwritable`
   */
  finish(contentOf: (ordinal: number) => RecordedContent): void;
  /** Gives up: nothing stays. Idempotent; nothing after `finish`. */
  discard(): void;
}

/**
 * Starts the record of one layer in `<sidecar>/layers/<layer>`. The content of regular files is not
 * kept, only where it is; all other bytes of the tar are.
 * @throws OciError `unwritable`
 */
export function createLayerRecorder(sidecar: string, layer: number, diffId: DiffId): LayerRecorder {
  throw new OciError("unsupported-operation", `${sidecar}: ${layer}: ${diffId}`);
}
