// SPDX-License-Identifier: MIT
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** A temporary directory that is removed after the file's tests. */
export interface Scratch {
  readonly directory: string;
  /** The path of a name in it; nothing is created. */
  path(...names: readonly string[]): string;
  /** Creates a directory in it. */
  make(name: string): string;
}

/** Makes a temporary directory. Call it where hooks may be declared: it removes the directory after the tests. */
export function makeScratch(): Scratch {
  const directory = mkdtempSync(join(tmpdir(), "oci-kit-interop-"));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  const path = (...names: readonly string[]): string => join(directory, ...names);
  return {
    directory,
    path,
    make: (name) => {
      mkdirSync(path(name), { recursive: true });
      return path(name);
    },
  };
}
