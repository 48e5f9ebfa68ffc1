// SPDX-License-Identifier: MIT
import { createGunzip } from "node:zlib";
import type { Bytes } from "../bytes.ts";
import { explainCodecError } from "../codec-error.ts";
import { through } from "../streams/node-stream.ts";

/** Bytes of one decompressed chunk. Node's default of 16 KiB is 2.4 times slower. */
export const CHUNK_SIZE = 256 * 1024;
// By default a decoder makes one chunk and waits until it is taken, so decoder and reader never work at the
// same time. With four chunks ahead, unpacking four layers at once took 0.92 of the time.
const DECODER = { chunkSize: CHUNK_SIZE, readableHighWaterMark: 4 * CHUNK_SIZE };

/**
 * Decompresses every member of a gzip stream (RFC 1952, section 2.2); zeros between and after members are
 * skipped. One Gunzip of Node's reads all members up to the first zero, and silently drops what follows it.
 * So the zeros are skipped here, and another Gunzip reads on.
 * @throws OciError while reading: `truncated`; `invalid-compression` for anything that is not a member, and
 *   for a wrong checksum or length
 */
export async function* gunzip(bytes: Bytes, what: string): Bytes & AsyncGenerator<Uint8Array> {
  const input = createInput(bytes);
  try {
    do {
      const decoder = createGunzip(DECODER);
      const start = input.given();
      const taken = (): number => start + decoder.bytesWritten;
      yield* through(input.bytes(taken), decoder);
      input.takeBack(taken());
    } while (await input.skipZeros());
  } catch (error) {
    throw explainCodecError(error, "gzip", what);
  } finally {
    await input.close();
  }
}

/** A stream that several decoders read one after the other. None knows beforehand where its part ends. */
interface Input {
  /**
   * The bytes that no decoder has taken yet. They end when the decoder has taken only a part of the last
   * chunk: `taken()` tells how many bytes of the whole stream have been taken. Leaving them early does not
   * close the stream.
   */
  bytes(taken: () => number): Bytes;
  /** Bytes given so far. */
  given(): number;
  /** Sets the number of bytes given so far back to `count`, a position within the last chunk. */
  takeBack(count: number): void;
  /** Skips zeros. Whether anything follows them. */
  skipZeros(): Promise<boolean>;
  close(): Promise<void>;
}

function createInput(bytes: Bytes): Input {
  const iterator = bytes[Symbol.asyncIterator]();
  let chunk: Uint8Array = new Uint8Array();
  let at = 0;
  let given = 0;

  /** Makes `chunk[at]` the next byte of the stream; false at its end. */
  async function fill(): Promise<boolean> {
    while (at === chunk.length) {
      const result = await iterator.next();
      if (result.done === true) return false;
      chunk = result.value;
      at = 0;
    }
    return true;
  }

  return {
    async *bytes(taken) {
      while (taken() === given && (await fill())) {
        const rest = chunk.subarray(at);
        at = chunk.length;
        given += rest.length;
        yield rest;
      }
    },
    given: () => given,
    takeBack(count) {
      at -= given - count;
      given = count;
    },
    async skipZeros() {
      while (await fill()) {
        const zeros = chunk.subarray(at).findIndex((byte) => byte !== 0);
        const step = zeros === -1 ? chunk.length - at : zeros;
        at += step;
        given += step;
        if (zeros !== -1) return true;
      }
      return false;
    },
    async close() {
      await iterator.return?.();
    },
  };
}
