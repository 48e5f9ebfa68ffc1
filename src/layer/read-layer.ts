// SPDX-License-Identifier: MIT
import { throwIfAborted } from "../bytes/abort.ts";
import type { AbortOptions, Bytes } from "../bytes/bytes.ts";
import { OciError } from "../oci/errors.ts";
import { limitExceeded, withLimits } from "../oci/limits.ts";
import type { Entry } from "./entry.ts";
import { createLayerParser, type LayerParserOptions } from "./parse/layer-parser.ts";
import type { EntryPosition } from "./parse/layer-handler.ts";

/** One entry of a layer that is being read. */
export interface LayerItem {
  readonly entry: Entry;
  readonly position: EntryPosition;
  /**
   * The content. It can be read until the next item is asked for; what was not read by then is skipped.
   * @throws OciError `invalid-argument` when read later
   */
  readonly content: Bytes;
}

/** Something that the parser found. */
type LayerEvent =
  | { readonly kind: "entry"; readonly entry: Entry; readonly position: EntryPosition }
  | { readonly kind: "data"; readonly chunk: Uint8Array }
  | { readonly kind: "hole"; readonly length: number };

/** Longer chunks are parsed in parts, so that few events wait at a time. */
const LONGEST_FEED = 1024 * 1024;
const ZEROS = new Uint8Array(65_536);

/**
 * Reads a layer's uncompressed tar entry by entry. Leaving the loop early closes the source; a loop to the
 * end reads every byte of it, also those after the archive's end.
 * @throws OciError as {@link createLayerParser}; `limit-exceeded` for holes whose zeros are asked for;
 * `aborted`
 */
export async function* readLayer(
  bytes: Bytes,
  options: LayerParserOptions & AbortOptions = {},
): AsyncGenerator<LayerItem, void, undefined> {
  const source = bytes[Symbol.asyncIterator]();
  const events = createEventQueue(source, options);
  let current: EntryPosition | undefined;
  let holes = 0;
  const { holeBytes, expansionRatio } = withLimits(options.limits);
  const countHole = (length: number, { ordinal, contentOffset }: EntryPosition): void => {
    holes += length;
    const allowed = holeBytes + expansionRatio * contentOffset;
    if (holes <= allowed) return;
    const what = `${options.what ?? "layer"}: entry ${ordinal}`;
    const unit = "bytes of holes to be written as zeros";
    const instead = "Unpacking keeps holes as they are.";
    throw limitExceeded({ what, limit: "holeBytes", allowed, got: holes, unit, instead });
  };
  async function* readContent(
    { size }: Entry,
    position: EntryPosition,
  ): AsyncGenerator<Uint8Array> {
    for (let left = size; left > 0;) {
      if (current !== position) throw readTooLate();
      const event = events.take() ?? (await events.wait());
      if (event === undefined) return;
      if (event.kind === "data") {
        left -= event.chunk.length;
        yield event.chunk;
      } else if (event.kind === "hole") {
        left -= event.length;
        countHole(event.length, position);
        yield* zeros(event.length);
      }
    }
  }
  try {
    for (;;) {
      const event = events.take() ?? (await events.wait());
      if (event === undefined) return;
      if (event.kind !== "entry") continue;
      const { entry, position } = event;
      current = position;
      yield { entry, position, content: readContent(entry, position) };
    }
  } finally {
    current = undefined;
    await source.return?.();
  }
}

/** The events of a parser, to be taken one by one. */
interface EventQueue {
  /** The next event, if the parser has found one already. */
  take(): LayerEvent | undefined;
  /** The next event, for which more is parsed; undefined at the end of the layer. */
  wait(): Promise<LayerEvent | undefined>;
}

function createEventQueue(
  source: AsyncIterator<Uint8Array>,
  options: LayerParserOptions & AbortOptions,
): EventQueue {
  let events: LayerEvent[] = [];
  let taken = 0;
  let rest = new Uint8Array(0) as Uint8Array;
  let isAtEnd = false;
  const handler = {
    entry: (entry: Entry, position: EntryPosition) =>
      events.push({ kind: "entry", entry, position }),
    data: (chunk: Uint8Array) => events.push({ kind: "data", chunk }),
    hole: (length: number) => events.push({ kind: "hole", length }),
  };
  const parser = createLayerParser(handler, options);
  const parseMore = async (): Promise<void> => {
    throwIfAborted(options.signal, options.what ?? "layer");
    if (rest.length === 0) {
      const next = await source.next();
      if (next.done === true) {
        parser.end();
        isAtEnd = true;
        return;
      }
      rest = next.value;
    }
    parser.feed(rest.subarray(0, LONGEST_FEED));
    rest = rest.subarray(LONGEST_FEED);
  };
  const take = (): LayerEvent | undefined => events[taken++];
  const wait = async (): Promise<LayerEvent | undefined> => {
    for (;;) {
      events = [];
      taken = 0;
      if (isAtEnd) return undefined;
      await parseMore();
      const event = take();
      if (event !== undefined) return event;
    }
  };
  return { take, wait };
}

function* zeros(length: number): Generator<Uint8Array> {
  for (let left = length; left > 0; left -= ZEROS.length) {
    yield left < ZEROS.length ? ZEROS.subarray(0, left) : ZEROS;
  }
}

function readTooLate(): OciError {
  return new OciError(
    "invalid-argument",
    "content of a layer's entry: expected to be read before the next entry is asked for",
  );
}
