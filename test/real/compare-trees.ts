// SPDX-License-Identifier: MIT
import { lstatSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../interop/tree-facts.ts";

/** What is compared for one path. */
export interface Fact {
  readonly kind: string;
  readonly mode: string;
  readonly owner: string;
  readonly mtime: number;
  readonly content: string;
}

/** Every path of a tree, with all that a layer keeps of it. The directory itself is `""`. */
export function factsOf(directory: string): Map<string, Fact> {
  const facts = new Map<string, Fact>();
  const visit = (path: string): void => {
    const full = join(directory, path);
    const stat = lstatSync(full);
    const kind = stat.isDirectory() ? "directory" : stat.isSymbolicLink() ? "symlink" : "file";
    const content =
      kind === "symlink"
        ? readlinkSync(full)
        : kind === "file"
          ? `${stat.size} ${sha256(full)}`
          : "";
    facts.set(path, {
      kind,
      mode: (stat.mode & 0o7777).toString(8),
      owner: `${stat.uid}:${stat.gid}`,
      mtime: Math.floor(stat.mtimeMs / 1000),
      content,
    });
    if (kind === "directory") {
      for (const name of readdirSync(full).sort()) visit(path === "" ? name : `${path}/${name}`);
    }
  };
  visit("");
  return facts;
}
