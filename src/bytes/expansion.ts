// SPDX-License-Identifier: MIT
import { OciError } from "../oci/errors.ts";
import type { Limits } from "../oci/limits.ts";
import type { Bytes } from "./bytes.ts";

/** Counts what goes into a decoder and what comes out, and stops it when that is a bomb. */
export interface ExpansionGuard {
  /** The compressed bytes, counted on their way. */
  input(bytes: Bytes): Bytes;
  /** The uncompressed bytes. @throws OciError `limit-exceeded` while reading */
  output(bytes: Bytes): Bytes;
}

/** Creates a guard for one stream: {@link Limits.expansionRatio} beyond {@link Limits.expansionFloor}. */
export function createExpansionGuard(limits: Limits, what: string): ExpansionGuard {
  let read = 0;
  let written = 0;
  return {
    async *input(bytes) {
      for await (const chunk of bytes) {
        read += chunk.length;
        yield chunk;
      }
    },
    async *output(bytes) {
      for await (const chunk of bytes) {
        written += chunk.length;
        if (written > limits.expansionFloor && written > read * limits.expansionRatio) {
          throw bomb(limits, what, read, written);
        }
        yield chunk;
      }
    },
  };
}

function bomb(limits: Limits, what: string, read: number, written: number): OciError {
  return new OciError(
    "limit-exceeded",
    `${what}: expected at most ${limits.expansionRatio} bytes out of each compressed byte, got ${written} out of ${read}`,
    {
      details: {
        limit: "expansionRatio",
        allowed: limits.expansionRatio,
        compressed: read,
        uncompressed: written,
      },
      hint: `if the content is to be trusted, raise the limit: --limit expansionFloor=${written * 2} or more`,
    },
  );
}
