// SPDX-License-Identifier: MIT
import { OciError } from "../oci/errors.ts";
import type { Bytes } from "./bytes.ts";

/** The error for work that was stopped by its signal: `aborted`, with the signal's reason as its cause. */
export function abortedError({ reason }: AbortSignal, what: string): OciError {
  return new OciError("aborted", `${what}: stopped, as was asked`, { cause: reason });
}

/** @throws OciError `aborted` when the signal has fired */
export function throwIfAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted === true) throw abortedError(signal, what);
}

/** The same bytes. The signal is checked before every chunk. @throws OciError `aborted` */
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
