// SPDX-License-Identifier: MIT
import { isAbsolute, relative, resolve, sep } from "node:path";

/**
 * A path, taken from a directory, for messages. It is relative to the working directory if it is below that,
 * because people type it so. Otherwise it is absolute.
 */
export function shortPathFrom(directory: string, path: string): string {
  const absolute = resolve(directory, path);
  const short = relative(process.cwd(), absolute);
  if (short === "") return ".";
  const isBelow = short !== ".." && !short.startsWith(`..${sep}`) && !isAbsolute(short);
  return isBelow ? short : absolute;
}
