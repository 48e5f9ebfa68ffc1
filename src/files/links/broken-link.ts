// SPDX-License-Identifier: MIT
import { lstatSync, readlinkSync, statSync } from "node:fs";
import { quote } from "../../oci/quote.ts";

/** A symbolic link that leads to nothing. */
export interface BrokenLink {
  /** For a message, after "got": where the link is and what it names. */
  readonly words: string;
  readonly hint: string;
}

/**
 * The first link on a path that leads to nothing, or in a circle. The system reports one as a file that is there
 * already or as one that is not, and neither helps whoever sees the name in the directory. Undefined when there is none.
 */
export function findBrokenLink(path: string): BrokenLink | undefined {
  const parts = path.split("/");
  for (let depth = 1; depth <= parts.length; depth += 1) {
    const at = parts.slice(0, depth).join("/");
    if (at !== "" && isBroken(at)) return describeLink(at, at === path);
  }
  return undefined;
}

function isBroken(path: string): boolean {
  try {
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return false;
    return statSync(path, { throwIfNoEntry: false }) === undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ELOOP";
  }
}

function describeLink(path: string, isAll: boolean): BrokenLink {
  const link = isAll ? "a link" : `the link ${quote(path)}`;
  return {
    words: `${link} to ${quote(targetOf(path))}, where nothing is`,
    hint: "Make what the link leads to, remove the link, or name another place.",
  };
}

function targetOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "something else by now";
  }
}
