// SPDX-License-Identifier: MIT
import { fromText, type ByteString } from "../../bytes/byte-string.ts";
import { normalisePath } from "../../layer/normalise-path.ts";
import { OciError } from "../../oci/errors.ts";
import { compileGlob, type Glob } from "../../rootfs/glob.ts";

/** Files that belong together because the caller says so. */
export interface DeclaredComponent {
  readonly name: string;
  /** Globs of `compileGlob`. What is below a directory that matches belongs to it too. */
  readonly paths: readonly string[];
}

/** The declared component of a path; undefined for a path that none names. */
export type DeclaredFinder = (path: ByteString) => string | undefined;

/**
 * Prepares declarations. Where several name a path, the first of them has it.
 * @throws OciError `invalid-argument` for a malformed glob, an empty name, and a component without paths
 */
export function findDeclared(declared: readonly DeclaredComponent[]): DeclaredFinder {
  const compiled = declared.map(({ name, paths }) => {
    if (name !== "" && paths.length > 0) return { name, globs: paths.flatMap(globsOf) };
    throw new OciError(
      "invalid-argument",
      `component ${JSON.stringify(name)}: expected a name and at least one path, got ${paths.length} paths`,
    );
  });
  const known = new Map<ByteString, string | undefined>();
  const find = (path: ByteString): string | undefined =>
    compiled.find(({ globs }) => globs.some((glob) => glob.matches(path)))?.name;
  /** By the path itself, or else by the nearest directory above it that is named. */
  const lookUp = (path: ByteString): string | undefined => {
    const own = find(path);
    const slash = path.lastIndexOf("/");
    if (own !== undefined || slash <= 0) return own;
    const parent = path.slice(0, slash) as ByteString;
    if (!known.has(parent)) known.set(parent, lookUp(parent));
    return known.get(parent);
  };
  return compiled.length === 0 ? () => undefined : lookUp;
}

function globsOf(path: string): readonly Glob[] {
  return compileGlob(normalisePath(fromText(path)));
}
