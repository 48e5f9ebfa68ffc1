// SPDX-License-Identifier: MIT
import { OciError } from "../oci/errors.ts";

/** The code of a failed system call, such as `ENOENT`; undefined for any other error. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}

/** The error for a failed system call on a path: `not-found` when there is no such file, else `code`. */
export function fileError(
  code: "unreadable" | "unwritable",
  path: string,
  cause: unknown,
): OciError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const absent = systemCode(cause) === "ENOENT";
  const verb = code === "unreadable" ? "readable" : "writable";
  return new OciError(
    absent ? "not-found" : code,
    `${JSON.stringify(path)}: expected a ${verb} file, got ${reason}`,
    { details: { path, errno: systemCode(cause) }, cause },
  );
}

/** Does work that writes to a path. @throws OciError `unwritable`, `not-found` for a failed system call */
export function writing<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw systemCode(error) === undefined ? error : fileError("unwritable", path, error);
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
