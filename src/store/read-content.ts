// SPDX-License-Identifier: MIT
import type { AbortOptions, Bytes, Source } from "../bytes/bytes.ts";
import { exactly } from "../bytes/streams/cut-bytes.ts";
import { openLater } from "../bytes/streams/open-later.ts";
import { sizeMismatch, verify } from "../bytes/verify.ts";
import { knownAlgorithm } from "../oci/digest.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { OciError } from "../oci/errors.ts";
import type { ContentRange, ReadableStore } from "./store.ts";

/** A part of content: not empty, and inside it. */
export type Part = Required<{ [K in keyof ContentRange]: number }>;

/**
 * Opens all or a part of what a store holds. The bytes need not be verified. Called at the first `next()`.
 */
export type OpenContent = (
  descriptor: Descriptor,
  part: Part | undefined,
  abort: AbortOptions,
) => Bytes | Promise<Bytes>;

/**
 * Builds `fetch` and `fetchRange` of a store from its way of opening content.
 * @param name what messages call the content
 */
export function readContent(
  name: (descriptor: Descriptor) => string,
  open: OpenContent,
): Pick<ReadableStore, "fetch" | "fetchRange"> {
  const opened = (descriptor: Descriptor, part: Part | undefined, abort: AbortOptions): Bytes =>
    openLater(() => {
      knownAlgorithm(descriptor.digest);
      return open(descriptor, part, abort);
    });
  return {
    fetch: (descriptor, abort = {}) =>
      verify(opened(descriptor, undefined, abort), descriptor, { what: name(descriptor) }),
    async *fetchRange(descriptor, range, abort = {}) {
      const what = name(descriptor);
      const part = partOf(descriptor, range, what);
      if (part.length > 0) yield* exactly(opened(descriptor, part, abort), part.length, what);
    },
  };
}

function partOf(descriptor: Descriptor, range: ContentRange, what: string): Part {
  const { size } = descriptor;
  const { offset, length = size - offset } = range;
  const isPart =
    Number.isSafeInteger(offset) && offset >= 0 && Number.isSafeInteger(length) && length >= 0;
  if (isPart && offset + length <= size) return { offset, length };
  throw new OciError(
    "invalid-argument",
    `${what}: expected a part of its ${size} bytes, got ${length} from ${offset} on`,
    { details: { offset, length, descriptor } },
  );
}

/** @throws OciError `size-mismatch` when a store holds content of another size than its descriptor says */
export function checkSize(what: string, descriptor: Descriptor, size: number): void {
  if (size !== descriptor.size) throw sizeMismatch(what, descriptor, `${size} bytes`, size);
}

/** The content of a store as a source. Reading from the start is verified; reading from an offset is not. */
export function storedContent(store: ReadableStore, descriptor: Descriptor): Source {
  return {
    size: descriptor.size,
    open: ({ offset = 0, signal } = {}) =>
      offset === 0
        ? store.fetch(descriptor, { signal })
        : store.fetchRange(descriptor, { offset }, { signal }),
  };
}
