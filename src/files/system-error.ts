// SPDX-License-Identifier: MIT
import { dirname } from "node:path";
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
  const reason = cause instanceof Error ? cause.message : String(cause);
  const absent = systemCode(cause) === "ENOENT";
  const hint = hintFor(code, path, systemCode(cause));
  const verb = code === "unreadable" ? "readable" : "writable";
  return new OciError(
    absent ? "not-found" : code,
    `${JSON.stringify(path)}: expected a ${verb} file${purpose === undefined ? "" : ` for ${purpose}`}, got ${reason}`,
    {
      details: { path, errno: systemCode(cause) },
      ...(hint !== undefined && { hint }),
      cause,
    },
  );
}

function hintFor(
  code: "unreadable" | "unwritable",
  path: string,
  errno: string | undefined,
): string | undefined {
  if (FULL.has(errno)) return hintForFull(path);
  if (errno !== "EACCES") return undefined;
  return `Run as a user who may ${code === "unreadable" ? "read" : "write"} there, or change the permissions.`;
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
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new OciError("unwritable", `stdout: expected to write to it, got ${reason}`, {
    details: { errno: systemCode(cause) },
    cause,
  });
}
