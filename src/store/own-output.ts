// SPDX-License-Identifier: MIT
import { realpathSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { OciError } from "../oci/errors.ts";
import { quote } from "../oci/quote.ts";
import type { ReadableStore } from "./store.ts";

/**
 * Refuses a target store that lies inside the directory being read: the store's own files, including
 * temporary ones, would become part of the result.
 * @param what the operation, for the message: `pack`
 * @throws OciError `invalid-argument`
 */
export function refuseOutputInside(directory: string, target: ReadableStore, what: string): void {
  const { directory: output } = target as { readonly directory?: unknown };
  if (typeof output !== "string" || !isInside(realPath(directory), realPath(output))) return;
  throw new OciError(
    "invalid-argument",
    `${what}: expected an output outside ${quote(directory)}, got ${target.name}: it would become content of itself`,
    { details: { directory, output }, hint: "Write it beside the directory, or somewhere else." },
  );
}

function isInside(directory: string, path: string): boolean {
  const way = relative(directory, path);
  return way !== ".." && !way.startsWith(`..${sep}`);
}

/** The path with its links resolved, as far as it exists. */
function realPath(path: string): string {
  const absolute = resolve(path);
  try {
    return realpathSync(absolute);
  } catch {
    const parent = dirname(absolute);
    return parent === absolute ? absolute : join(realPath(parent), basename(absolute));
  }
}
