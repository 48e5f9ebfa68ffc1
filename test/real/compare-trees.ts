// SPDX-License-Identifier: MIT
import { createHash } from "node:crypto";
import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync } from "node:fs";
import { join } from "node:path";

/** What is compared of one path. */
export interface Fact {
  readonly kind: string;
  readonly mode: string;
  readonly owner: string;
  readonly mtime: number;
  readonly content: string;
}

/** Every path of a tree below a directory (itself with `""`), with all that a layer keeps of it. */
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

function sha256(path: string): string {
  const hash = createHash("sha256");
  const file = openSync(path, "r");
  const chunk = Buffer.allocUnsafe(1 << 20);
  try {
    for (;;) {
      const length = readSync(file, chunk);
      if (length === 0) return hash.digest("hex");
      hash.update(chunk.subarray(0, length));
    }
  } finally {
    closeSync(file);
  }
}
