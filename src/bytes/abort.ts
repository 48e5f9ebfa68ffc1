// SPDX-License-Identifier: MIT
import { OciError } from "../oci/errors.ts";
import type { Bytes } from "./bytes.ts";

/** What everything that was stopped by its signal throws: `aborted`, its cause the signal's reason. */
export function abortedError({ reason }: AbortSignal, what: string): OciError {
  return new OciError("aborted", `${what}: stopped, as was asked`, { cause: reason });
}

/** @throws OciError `aborted` once the signal was given. */
export function throwIfAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted === true) throw abortedError(signal, what);
}

/** The same bytes, until the signal is given: looked at before every chunk. @throws OciError `aborted` */
export async function* abortable(
  bytes: Bytes,
  signal: AbortSignal | undefined,
  what: string,
): Bytes & AsyncGenerator<Uint8Array> {
  throwIfAborted(signal, what);
  for await (const chunk of bytes) {
    throwIfAborted(signal, what);
    yield chunk;
  }
}
