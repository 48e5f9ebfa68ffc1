// SPDX-License-Identifier: MIT
import { closeSync, readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { fromText, type ByteString } from "../../../bytes/byte-string.ts";
import { openDirectory } from "../../../disk/directory.ts";
import { OciError } from "../../../oci/errors.ts";
import { resolvePath } from "../../../rootfs/resolve-path.ts";
import { createIgnoreMatcher, type IgnoreMatcher } from "./ignore-matcher.ts";
import { readIgnoreFile } from "./read-ignore-file.ts";

const IGNORE_FILE = ".dockerignore";
/** In bytes. A Dockerfile or an ignore file of this size is a mistake. */
const LARGEST = 16 * 1024 * 1024;

/** Options of {@link openIgnoreFile}. */
export interface IgnoreFileOptions {
  /** The path of the Dockerfile. Left out for a named context, which has only its own `.dockerignore`. */
  readonly dockerfile?: string | undefined;
}

/**
 * The matcher of a context's ignore file: `<name of the Dockerfile>.dockerignore` beside the Dockerfile (even when it
 * is empty), else `.dockerignore` in the context. Without either, nothing is ignored. What they say also holds for
 * the Dockerfile and the ignore file themselves: they are left out of the context only if a pattern matches them, and
 * the build reads them all the same. Links are followed inside their directory, as BuildKit follows them.
 * @throws OciError `unreadable`; `invalid-argument`, `limit-exceeded` for what BuildKit refuses
 */
export function openIgnoreFile(
  context: string,
  { dockerfile }: IgnoreFileOptions = {},
): IgnoreMatcher {
  if (dockerfile !== undefined) {
    const name = `${basename(dockerfile)}${IGNORE_FILE}`;
    const bytes = readInside(dirname(dockerfile), name);
    if (bytes !== undefined) return createIgnoreMatcher(readIgnoreFile(bytes, name), name);
  }
  const bytes = readInside(context, IGNORE_FILE) ?? new Uint8Array();
  return createIgnoreMatcher(readIgnoreFile(bytes, IGNORE_FILE), IGNORE_FILE);
}

/**
 * The bytes of a Dockerfile. Links are followed inside its directory, as BuildKit follows them.
 * @throws OciError `not-found`, `unreadable`, `limit-exceeded`
 */
export function readDockerfileBytes(path: string): Uint8Array {
  const bytes = readInside(dirname(path), basename(path));
  if (bytes !== undefined) return bytes;
  throw new OciError("not-found", `${path}: expected a Dockerfile, got nothing`, {
    details: { path },
    hint: "A link that leads out of its directory leads nowhere, as in BuildKit.",
  });
}

/** A file of a directory; undefined when there is none, or something else than a file. */
function readInside(directory: string, name: string): Uint8Array | undefined {
  const root = openDirectory(directory);
  try {
    const { path, node } = resolvePath(root, `/${fromText(name)}` as ByteString);
    if (node?.type !== "file") return undefined;
    if (node.size > LARGEST) throw tooLarge(directory, name, node.size);
    const fd = root.open(path);
    try {
      return readFileSync(fd);
    } finally {
      closeSync(fd);
    }
  } finally {
    root.close();
  }
}

function tooLarge(directory: string, name: string, size: number): OciError {
  return new OciError(
    "limit-exceeded",
    `${directory}/${name}: expected at most ${LARGEST} bytes, got ${size}`,
    { details: { size } },
  );
}
