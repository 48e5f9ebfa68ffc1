// SPDX-License-Identifier: MIT
import { OciError } from "../../../oci/errors.ts";
import { parseSize } from "./size.ts";

/** Parses a rate that a user typed into bytes a second: a size with `/s` behind it. @throws OciError `invalid-argument` */
export function parseRate(option: string, text: string): number {
  const size = text.endsWith("/s") ? parseSize(option, text.slice(0, -2)) : 0;
  if (size > 0) return size;
  throw new OciError(
    "invalid-argument",
    `${option}: expected a rate as 4.5MB/s or 800kB/s, got ${JSON.stringify(text)}`,
  );
}
