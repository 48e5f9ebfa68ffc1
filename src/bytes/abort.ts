// SPDX-License-Identifier: MIT
import { OciError } from "../oci/errors.ts";
import type { Bytes } from "./bytes.ts";

/** @throws OciError `aborted` when the signal has fired; the signal's reason is its cause. */
export function throwIfAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted === true) {
    throw new OciError("aborted", `${what}: stopped, as was asked`, { cause: signal.reason });
  }
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
