// SPDX-License-Identifier: MIT
import { posix } from "node:path";

/**
 * The shortest path with the same meaning: no `.`, no `//`, no `/` at the end, `..` taken back where that is
 * possible. The empty path is `.`.
 */
export function cleanPath(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith("/") ? normal.slice(0, -1) : normal;
}
