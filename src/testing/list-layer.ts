// SPDX-License-Identifier: MIT
import { fromBytes, type ByteString } from "../bytes/byte-string.ts";
import type { Entry } from "../layer/entry.ts";
import { createLayerParser, type LayerParserOptions } from "../layer/parse/layer-parser.ts";
import type { EntryPosition } from "../layer/parse/layer-handler.ts";
import { createLayerWriter, type LayerWriterOptions } from "../layer/write/layer-writer.ts";
import { isOciError, type OciError } from "../oci/errors.ts";
import { joinBytes } from "./raw-tar.ts";

/** An entry with all of its content, for tests of small layers. */
export interface ListedEntry {
  readonly entry: Entry;
  readonly content: ByteString;
  readonly position: EntryPosition;
}

export interface ListLayerOptions extends LayerParserOptions {
  /** Feeds the bytes in chunks of these lengths, which are repeated. Default: all bytes at once. */
  readonly chunks?: readonly number[] | undefined;
}

/**
 * Parses a layer that fits in memory. Each chunk is overwritten after it was fed, as a caller is allowed to
 * do.
 */
export function listLayer(tar: Uint8Array, options: ListLayerOptions = {}): ListedEntry[] {
  const listed: ListedEntry[] = [];
  const parser = createLayerParser(
    {
      entry: (entry, position) => listed.push({ entry, position, content: "" as ByteString }),
      data(chunk) {
        const last = listed.pop()!;
        listed.push({ ...last, content: (last.content + fromBytes(chunk)) as ByteString });
      },
    },
    options,
  );
  const lengths = options.chunks ?? [Math.max(tar.length, 1)];
  for (let at = 0, turn = 0; at < tar.length; turn += 1) {
    const chunk = tar.slice(at, at + lengths[turn % lengths.length]!);
    at += chunk.length;
    parser.feed(chunk);
    chunk.fill(0xee);
  }
  parser.end();
  return listed;
}

/**
 * Returns the OciError with which a layer is refused. Throws any other error, and throws if the layer is
 * accepted.
 */
export function refusalOf(tar: Uint8Array, options?: ListLayerOptions): OciError {
  try {
    listLayer(tar, options);
  } catch (error) {
    if (isOciError(error)) return error;
    throw error;
  }
  throw new Error("expected the layer to be refused, and it was read");
}

/** Writes a layer that fits in memory. */
export function layerOf(
  items: readonly { readonly entry: Entry; readonly content?: Uint8Array }[],
  options: LayerWriterOptions = {},
): Uint8Array<ArrayBuffer> {
  const chunks: Uint8Array[] = [];
  const writer = createLayerWriter((chunk) => chunks.push(chunk), options);
  for (const { entry, content } of items) {
    writer.entry(entry);
    if (content !== undefined) writer.data(content);
  }
  writer.end();
  return joinBytes(...chunks);
}
