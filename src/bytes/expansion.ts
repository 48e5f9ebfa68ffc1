// SPDX-License-Identifier: MIT
import type { OciError } from "../oci/errors.ts";
import { limitExceeded } from "../oci/limits.ts";
import type { Limits } from "../oci/limits.ts";
import type { Bytes } from "./bytes.ts";

/** Counts the bytes that go into a decoder and that come out, and stops it when they grow too much (a bomb). */
export interface ExpansionGuard {
  /** Counts the compressed bytes as they pass. */
  input(bytes: Bytes): Bytes;
  /** Counts the uncompressed bytes as they pass. @throws OciError `limit-exceeded` while reading */
  output(bytes: Bytes): Bytes;
}

/**
 * Creates a guard for one stream. {@link Limits.expansionFloor} bytes may always come out; beyond them {@link
 * Limits.expansionRatio} counts.
 */
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
  return limitExceeded({
    what,
    limit: "expansionRatio",
    allowed: limits.expansionRatio,
    got: Math.ceil(written / Math.max(read, 1)),
    unit: "bytes out of each compressed byte",
    details: { compressed: read, uncompressed: written },
  });
}
