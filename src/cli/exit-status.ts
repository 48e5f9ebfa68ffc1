// SPDX-License-Identifier: MIT
import { OciError, type ErrorCode } from "../oci/errors.ts";

/** The command did its work, or the check passed. */
export const DONE = 0;
/** The command failed, was called wrongly, could not make its check, or found nothing to check. */
export const FAILED = 1;
/** The check was made and did not pass. */
export const DOES_NOT_HOLD = 2;
/** A signal stopped the command: 128 plus the number of the signal, as in shells. */
export const STOPPED_BY = Object.freeze({ SIGINT: 130, SIGTERM: 143 });

/** The error codes that mean a check was made and did not pass, rather than a failure. */
const ANSWERS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["wrong-architecture", "gate-refused"]);

/** The exit status of a command that ended with this error. No other place maps errors to statuses. */
export function exitStatusOf(error: unknown): number {
  if (!(error instanceof OciError)) return FAILED;
  if (error.code === "aborted") {
    return error.details["signal"] === "SIGTERM" ? STOPPED_BY.SIGTERM : STOPPED_BY.SIGINT;
  }
  return ANSWERS.has(error.code) ? DOES_NOT_HOLD : FAILED;
}
