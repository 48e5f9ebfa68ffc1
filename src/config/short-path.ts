// SPDX-License-Identifier: MIT
import { isAbsolute, relative, resolve, sep } from "node:path";

/**
 * A path taken from a directory, said as short as it can be from where the process is: relative when it
 * is below, so that messages name it as people type it, else absolute.
 */
export function shortPathFrom(directory: string, path: string): string {
  const absolute = resolve(directory, path);
  const short = relative(process.cwd(), absolute);
  if (short === "") return ".";
  const isBelow = short !== ".." && !short.startsWith(`..${sep}`) && !isAbsolute(short);
  return isBelow ? short : absolute;
}
