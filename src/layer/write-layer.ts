// SPDX-License-Identifier: MIT
import type { Bytes } from "../bytes/bytes.ts";
import type { Entry } from "./entry.ts";
import { createLayerWriter, type LayerWriterOptions } from "./write/layer-writer.ts";

/** An entry to write. Its content is needed if `entry.size` is not 0. */
export interface LayerInput {
  readonly entry: Entry;
  readonly content?: Bytes | undefined;
}

/** Headers and small contents are joined to chunks of this many bytes. */
const PACK = 128 * 1024;

/**
 * Writes a layer's uncompressed tar, with the entries in the order given. A content is read when its entry is
 * written. The bytes depend only on the entries and contents, not on how the contents are cut into chunks.
 * @throws OciError as {@link createLayerWriter}
 */
export async function* writeLayer(
  items: AsyncIterable<LayerInput> | Iterable<LayerInput>,
  options: LayerWriterOptions = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  const written: Uint8Array[] = [];
  const writer = createLayerWriter((chunk) => written.push(chunk), options);
  const pack = createPack();
  for await (const { entry, content } of items) {
    writer.entry(entry);
    yield* pack.add(written);
    if (content === undefined) continue;
    for await (const chunk of content) {
      writer.data(chunk);
      yield* pack.add(written);
    }
  }
  writer.end();
  yield* pack.add(written);
  yield* pack.flush();
}

interface Pack {
  /** Takes the chunks out of the array. Yields what is ready to be written. */
  add(chunks: Uint8Array[]): Iterable<Uint8Array>;
  flush(): Iterable<Uint8Array>;
}

/** Joins small chunks in a buffer, which is reused after each yield; large chunks are passed on as they are. */
function createPack(): Pack {
  const buffer = new Uint8Array(PACK);
  let length = 0;
  function* flush(): Generator<Uint8Array> {
    if (length > 0) yield buffer.subarray(0, length);
    length = 0;
  }
  function* add(chunks: Uint8Array[]): Generator<Uint8Array> {
    for (const chunk of chunks) {
      if (length + chunk.length > PACK) yield* flush();
      if (chunk.length >= PACK / 2) {
        yield* flush();
        yield chunk;
      } else {
        buffer.set(chunk, length);
        length += chunk.length;
      }
    }
    chunks.length = 0;
  }
  return { add, flush };
}
