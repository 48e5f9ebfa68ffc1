// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import type { Compression } from "../../oci/media-types.ts";

const COMPRESSIONS: readonly string[] = ["gzip", "zstd", "none"] satisfies Compression[];

/** Parses the value of `--compression`. @throws OciError `invalid-argument` */
export function compressionOf(text: string | undefined): Compression | undefined {
  if (text === undefined || COMPRESSIONS.includes(text)) return text as Compression | undefined;
  throw new OciError(
    "invalid-argument",
    `--compression: expected gzip, zstd or none, got ${JSON.stringify(text)}`,
  );
}
