// SPDX-License-Identifier: MIT
import { limitExceeded, type Limits } from "../../oci/limits.ts";
import type { Bytes } from "../bytes.ts";

/**
 * Reads all the bytes into memory, for documents of a bounded size. Stops, and closes `bytes`, as soon as
 * there are more than `most`. `limit` is the name of the limit that `most` comes from, if it comes from one.
 * @throws OciError `limit-exceeded`
 */
export async function readAll(
  bytes: Bytes,
  most: number,
  what: string,
  limit?: keyof Limits,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of bytes) {
    length += chunk.length;
    if (length > most) {
      throw limitExceeded({ what, limit, allowed: most, unit: "bytes" });
    }
    chunks.push(new Uint8Array(chunk));
  }
  return concat(chunks, length);
}

function concat(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

/** Reads to the end, so that a verifying stream is verified. Returns the number of bytes. */
export async function drain(bytes: Bytes): Promise<number> {
  let length = 0;
  for await (const chunk of bytes) length += chunk.length;
  return length;
}
