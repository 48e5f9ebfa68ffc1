// SPDX-License-Identifier: MIT
import { dirname, isAbsolute } from "node:path";
import { isOciError, OciError } from "../oci/errors.ts";

/** The code of a failed system call, such as `ENOENT`; undefined for any other error. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error &&
    !isOciError(error) &&
    "code" in error &&
    typeof error.code === "string"
    ? error.code
    : undefined;
}

/** No blocks or no inodes are left, or none for this user. */
const FULL: ReadonlySet<string | undefined> = new Set(["ENOSPC", "EDQUOT"]);

/**
 * The error for a failed system call on a path: `not-found` when there is no such file, else `code`.
 * @param purpose what the file is for, if its name does not say it: "the layer that is uploaded"
 */
export function fileError(
  code: "unreadable" | "unwritable",
  path: string,
  cause: unknown,
  purpose?: string,
): OciError {
  const absent = systemCode(cause) === "ENOENT";
  const hint = hintFor(code, path, systemCode(cause));
  const verb = code === "unreadable" ? "readable" : "writable";
  return new OciError(
    absent ? "not-found" : code,
    `${JSON.stringify(path)}: expected a ${verb} file${purpose === undefined ? "" : ` for ${purpose}`}, got ${systemReason(cause)}`,
    {
      details: { path, errno: systemCode(cause) },
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

function hintFor(
  code: "unreadable" | "unwritable",
  path: string,
  errno: string | undefined,
): string | undefined {
  if (FULL.has(errno)) return hintForFull(path);
  if (errno === "ENOENT") return hintForAbsent(code, path);
  if (errno !== "EACCES") return undefined;
  return `Run as a user who may ${code === "unreadable" ? "read" : "write"} there, or change the permissions.`;
}

function hintForAbsent(code: "unreadable" | "unwritable", path: string): string {
  if (code === "unwritable") return `Is there a directory ${dirname(path)}? If not, make it first.`;
  const from = isAbsolute(path) ? "" : ` It was looked for from ${process.cwd()}.`;
  return `Is the path right?${from}`;
}

function hintForFull(path: string): string {
  return (
    `Make room on the disk that holds ${dirname(path)}, or write elsewhere: to another target; or, what ` +
    "lies in the cache directory, to the one that OCI_KIT_CACHE names (oci-kit cache prune makes room in it)."
  );
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

/** What a standard output that takes no more means: nobody reads it, or its disk is full. */
export function stdoutError(cause: unknown): OciError {
  return new OciError("unwritable", `stdout: expected to write to it, got ${systemReason(cause)}`, {
    details: { errno: systemCode(cause) },
    cause,
  });
}
