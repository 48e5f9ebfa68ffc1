// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { Digest } from "../../oci/digest.ts";
import type { LoadedFile } from "../closure/read-object.ts";

/** What is kept of the contents of one layer, by the digests of the contents. */
export interface LayerFacts {
  readonly objects: ReadonlyMap<Digest, LoadedFile>;
  /** Small files whole: settings of loaders, users and groups. */
  readonly texts: ReadonlyMap<Digest, ByteString>;
}

/** In bytes. A larger text is read when it is asked for. */
export const LARGEST_TEXT = 4 * 1024 * 1024;
