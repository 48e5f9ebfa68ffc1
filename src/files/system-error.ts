// SPDX-License-Identifier: MIT
import { dirname, isAbsolute } from "node:path";
import { isOciError, OciError } from "../oci/errors.ts";
import { findBrokenLink } from "./links/broken-link.ts";
import { directoryOfOwned } from "./owned-name.ts";

/** The code of a failed system call, such as `ENOENT`; undefined for any other error. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error &&
    !isOciError(error) &&
    "code" in error &&
    typeof error.code === "string"
    ? error.code
    : undefined;
}

/** What the system answers where a link leads to nothing: to open, to make a directory, in a circle. */
const AT_LINKS: ReadonlySet<string> = new Set(["ENOENT", "EEXIST", "ELOOP"]);

/**
 * The error for a failed system call on a path: `not-found` when there is no such file, else `code`. If a temporary
 * file can't be written, it names the directory that this is in.
 * @param purpose what the file is for, if its name does not say it: "the layer that is uploaded"
 */
export function fileError(
  code: "unreadable" | "unwritable",
  path: string,
  cause: unknown,
  purpose?: string,
): OciError {
  const errno = systemCode(cause);
  const above = code === "unwritable" ? directoryOfOwned(path) : undefined;
  const shown = above ?? path;
  const link = errno !== undefined && AT_LINKS.has(errno) ? findBrokenLink(shown) : undefined;
  const said =
    code === "unwritable" ? hintToWrite(above ?? dirname(path), errno) : hintToRead(path, errno);
  const hint = link?.hint ?? said;
  const what = `${code === "unreadable" ? "readable" : "writable"} ${above === undefined ? "file" : "directory"}`;
  return new OciError(
    errno === "ENOENT" ? "not-found" : code,
    `${JSON.stringify(shown)}: expected a ${what}${purpose === undefined ? "" : ` for ${purpose}`}, got ${link?.words ?? systemReason(cause)}`,
    {
      details: { path: shown, errno },
      ...(hint !== undefined && { hint }),
      cause,
    },
  );
}

/**
 * What failed, in words: `no such file or directory (ENOENT)`. Node's own message repeats the path, and names a
 * system call that says nothing to most people.
 */
export function systemReason(cause: unknown): string {
  const said = cause instanceof Error ? cause.message : String(cause);
  const [, code, words] = /^([A-Z][A-Z\d]+): ([^,]+)(?:,|$)/.exec(said) ?? [];
  return code === undefined ? said : `${String(words)} (${code})`;
}

function hintToWrite(directory: string, errno: string | undefined): string | undefined {
  switch (errno) {
    case "ENOSPC":
    case "EDQUOT": // no blocks or no inodes are left, or none for this user
      return (
        `Make room on the disk that holds ${directory}, or write elsewhere: to another target; or, what ` +
        "lies in the cache directory, to the one that OCI_KIT_CACHE names (oci-kit cache prune makes room in it)."
      );
    case "ENOENT":
      return `Is there a directory ${directory}? If not, make it first.`;
    case "EROFS":
      return `The disk that holds ${directory} is mounted read-only: write elsewhere, or mount it for writing.`;
    case "EACCES":
      return "Run as a user who may write there, or change the permissions.";
    default:
      return undefined;
  }
}

function hintToRead(path: string, errno: string | undefined): string | undefined {
  if (errno === "EACCES") return "Run as a user who may read there, or change the permissions.";
  if (errno !== "ENOENT") return undefined;
  const from = isAbsolute(path) ? "" : ` It was looked for from ${process.cwd()}.`;
  return `Is the path right?${from}`;
}

/**
 * Does work that writes to a path.
 * @param purpose see {@link fileError}
 * @throws OciError `unwritable`, `not-found` for a failed system call
 */
export function writing<T>(path: string, work: () => T, purpose?: string): T {
  try {
    return work();
  } catch (error) {
    throw systemCode(error) === undefined ? error : fileError("unwritable", path, error, purpose);
  }
}

/**
 * Does work that reads from a path.
 * @throws OciError `unreadable`, `not-found` for a failed system call
 */
export function reading<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw systemCode(error) === undefined ? error : fileError("unreadable", path, error);
  }
}

/** What a standard output that takes no more means: nobody reads it, or its disk is full. */
export function stdoutError(cause: unknown): OciError {
  return new OciError("unwritable", `stdout: expected to write to it, got ${systemReason(cause)}`, {
    details: { errno: systemCode(cause) },
    cause,
  });
}
