// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import type { Bytes } from "../bytes.ts";

/**
 * All the bytes in memory, for documents of a bounded size. Reading stops, and `bytes` is closed,
 * as soon as there are more than `limit` of them.
 * @throws OciError `limit-exceeded`
 */
export async function readAll(bytes: Bytes, limit: number, what: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of bytes) {
    length += chunk.length;
    if (length > limit) {
      throw new OciError("limit-exceeded", `${what}: expected at most ${limit} bytes, got more`, {
        details: { limit },
      });
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

/** Reads to the end, so that whatever verifies on the way has its say. Returns how many bytes there were. */
export async function drain(bytes: Bytes): Promise<number> {
  let length = 0;
  for await (const chunk of bytes) length += chunk.length;
  return length;
}
