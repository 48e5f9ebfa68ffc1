// SPDX-License-Identifier: MIT
import type { Bytes } from "../bytes.ts";
import { explainCodecError } from "../codec-error.ts";
import type { GunzipInThreadOptions } from "../codecs.ts";
import { openGunzip, type GunzipStream } from "./thread-handle.ts";

/**
 * As `gunzip`, but decompresses and hashes in another thread, which works ahead of the reader. This pays for
 * a reader that does much with the bytes, since both run at once; it takes more processor time in all, and 30
 * MB of memory.
 * @throws OciError while reading, as `gunzip`
 */
export async function* gunzipInThread(
  bytes: Bytes,
  { what, algorithm, done }: GunzipInThreadOptions,
): Bytes & AsyncGenerator<Uint8Array> {
  const stream = openGunzip(algorithm);
  const state = { isLeft: false };
  const feeding = feed(bytes, stream, state);
  try {
    yield* stream.read();
    done(stream.hex());
  } catch (error) {
    throw explainCodecError(error, "gzip", what);
  } finally {
    state.isLeft = true;
    stream.close();
    await feeding;
  }
}

/** Writes every chunk until the reader has left. The reader gets the errors of the source. */
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
