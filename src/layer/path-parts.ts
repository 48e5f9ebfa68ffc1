// SPDX-License-Identifier: MIT
import type { ByteString } from "../bytes/byte-string.ts";

/** The directory that a normalised path is in; `/` for what is right below the root, and for the root. */
export function parentOf(path: ByteString): ByteString {
  return (path.slice(0, path.lastIndexOf("/")) || "/") as ByteString;
}

/** The last component of a normalised path; empty for the root. */
export function nameOf(path: ByteString): ByteString {
  return path.slice(path.lastIndexOf("/") + 1) as ByteString;
}
