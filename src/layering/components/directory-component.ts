// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";

/** `/usr/lib/python3/dist-packages` has four; below that, one directory is one component. */
const DEPTH = 4;

/** The component of a path that no record and no declaration names: its directory, cut after a few levels. */
export function directoryComponent(path: ByteString): ByteString {
  let end = 0;
  for (let level = 0; level < DEPTH; level += 1) {
    const slash = path.indexOf("/", end + 1);
    if (slash < 0) break;
    end = slash;
  }
  return (path.slice(0, end) || "/") as ByteString;
}
