// SPDX-License-Identifier: MIT
import type { DigestAlgorithm } from "../oci/digest.ts";
import type { Bytes } from "./bytes.ts";
import { explainCodecError } from "./decoder-error.ts";
import { openGunzip, type GunzipStream } from "./gunzip-thread.ts";

/** Options of {@link gunzip}. */
export interface GunzipOptions {
  readonly what: string;
  /** Hashes the uncompressed bytes beside it, and is told the digest, as hex, when all are read. */
  readonly hash?:
    { readonly algorithm: DigestAlgorithm; readonly done: (hex: string) => void } | undefined;
}

/**
 * Decompresses every member of a gzip stream (RFC 1952, section 2.2) and the zeros between and after
 * them, in a thread. The stream is read ahead of what is decompressed.
 * @throws OciError while reading: `truncated`; `invalid-compression` for anything that is no
 *   member, and for a checksum or a length that is wrong
 */
export async function* gunzip(
  bytes: Bytes,
  { what, hash }: GunzipOptions,
): Bytes & AsyncGenerator<Uint8Array> {
  const stream = openGunzip(hash?.algorithm);
  const state = { isLeft: false };
  const feeding = feed(bytes, stream, state);
  try {
    yield* stream.read();
    hash?.done(stream.hex()!);
  } catch (error) {
    throw explainCodecError(error, "gzip", what);
  } finally {
    state.isLeft = true;
    stream.close();
    await feeding;
  }
}

/** Writes every chunk until the reader has left. What goes wrong is told to the reader. */
async function feed(
  bytes: Bytes,
  stream: GunzipStream,
  state: { readonly isLeft: boolean },
): Promise<void> {
  try {
    for await (const chunk of bytes) {
      if (state.isLeft) return;
      await stream.write(chunk);
    }
    stream.end();
  } catch (error) {
    stream.fail(error);
  }
}
