// SPDX-License-Identifier: MIT
import { OciError, type ErrorCode } from "../oci/errors.ts";

/** It holds, or it is done. */
export const DONE = 0;
/** It failed, was asked wrongly, could not tell, or found nothing to check. */
export const FAILED = 1;
/** It was checked, and does not hold. */
export const DOES_NOT_HOLD = 2;
/** It was stopped: 128 and the number of the signal, as shells have it. */
export const STOPPED_BY = Object.freeze({ SIGINT: 130, SIGTERM: 143 });

/** The codes that are an answer, not a failure: the evidence was good, and says no. */
const ANSWERS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["wrong-architecture", "gate-refused"]);

/** The exit status of a command that ended with this error. The one table of the command line. */
export function exitStatusOf(error: unknown): number {
  if (!(error instanceof OciError)) return FAILED;
  if (error.code === "aborted") {
    return error.details["signal"] === "SIGTERM" ? STOPPED_BY.SIGTERM : STOPPED_BY.SIGINT;
  }
  return ANSWERS.has(error.code) ? DOES_NOT_HOLD : FAILED;
}
