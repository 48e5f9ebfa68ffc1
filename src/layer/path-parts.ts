// SPDX-License-Identifier: MIT
import type { ByteString } from "../bytes/byte-string.ts";

/** The directory of a normalised path. For the root it is the root itself. */
export function parentOf(path: ByteString): ByteString {
  return (path.slice(0, path.lastIndexOf("/")) || "/") as ByteString;
}

/** The last component of a normalised path; empty for the root. */
export function nameOf(path: ByteString): ByteString {
  return path.slice(path.lastIndexOf("/") + 1) as ByteString;
}
