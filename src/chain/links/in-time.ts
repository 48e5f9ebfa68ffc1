// SPDX-License-Identifier: MIT
import { setMaxListeners } from "node:events";
import { OciError } from "../../oci/errors.ts";

/**
 * Runs work with a signal that fires when the caller's does, or after so many milliseconds. Work that then ends
 * with whatever it has is returned; the caller's own abort is thrown.
 * @throws OciError `aborted` when the caller aborted; what `work` throws
 */
export async function inTime<T>(
  milliseconds: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = AbortSignal.timeout(milliseconds);
  const either = signal === undefined ? late : AbortSignal.any([signal, late]);
  setMaxListeners(0, either); // every request listens to it
  try {
    const done = await work(either);
    if (signal?.aborted !== true) return done;
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  }
  throw new OciError("aborted", "chain: stopped, as was asked", { cause: signal.reason });
}
