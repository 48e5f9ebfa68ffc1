// SPDX-License-Identifier: MIT
import { digestOf, knownAlgorithm } from "../oci/digest.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { OciError } from "../oci/errors.ts";
import type { Bytes } from "./bytes.ts";
import { createHasher, type Hasher } from "./hash.ts";
import { withStep, type ChunkStep } from "./streams/chunk-steps.ts";

/** What content is known by: what {@link verify} checks. */
export type ContentId = Pick<Descriptor, "digest" | "size">;

/** What the bytes are called in an error: a path, a URL, "layer 3 of …". */
export interface VerifyOptions {
  readonly what?: string | undefined;
}

/** Called for each chunk that passes, and for the error that ends the bytes. */
export interface BytesObserver {
  readonly onChunk?: ((length: number) => void) | undefined;
  readonly onFailure?: ((error: unknown) => void) | undefined;
}

// Access to the private parts of the class below, for this file only.
let create: (chunks: Bytes, id: ContentId) => VerifiedBytes;
let isUnread: (bytes: object) => boolean;
let take: (bytes: VerifiedBytes) => Bytes;

/**
 * Bytes that end normally only if they are the content with this digest and size. Only {@link verify} and
 * {@link observe} make them, so whoever gets them need not hash them again. They can be read once, from their
 * start.
 */
export class VerifiedBytes implements AsyncIterable<Uint8Array> {
  readonly digest: Digest;
  readonly size: number;
  #chunks: Bytes | undefined;

  static {
    create = (chunks, id) => new VerifiedBytes(chunks, id);
    isUnread = (bytes) => #chunks in bytes && bytes.#chunks !== undefined;
    take = (bytes) => bytes.#take();
  }

  private constructor(chunks: Bytes, { digest, size }: ContentId) {
    this.digest = digest;
    this.size = size;
    this.#chunks = chunks;
  }

  /** @throws TypeError when called again: the rest of bytes that were partly read is not verified content */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this.#take()[Symbol.asyncIterator]();
  }

  #take(): Bytes {
    const chunks = this.#chunks;
    if (chunks === undefined) throw new TypeError("verified bytes can be read once");
    this.#chunks = undefined;
    return chunks;
  }
}

/**
 * The same bytes, checked against a descriptor as they pass. Nothing past `size` is yielded, and the stream
 * ends normally only when size and digest agree: a reader that reaches the end has verified content. At most
 * one chunk beyond `size` is read. A reader that stops early closes `bytes` and has verified nothing. Bytes
 * that are already verified as this content are not hashed again.
 * @throws OciError while reading: `size-mismatch`, `digest-mismatch`, `unsupported-algorithm`
 */
export function verify(bytes: Bytes, id: ContentId, options: VerifyOptions = {}): VerifiedBytes {
  const isSame = isVerified(bytes) && bytes.digest === id.digest && bytes.size === id.size;
  return isSame ? bytes : create(withStep(bytes, check(id, options)), id);
}

/** Whether the bytes are {@link VerifiedBytes} of which none has been read yet. */
export function isVerified(bytes: Bytes): bytes is VerifiedBytes {
  return isUnread(bytes);
}

/** The same bytes with an observer, which takes them over. Verified bytes stay verified. */
export function observe(bytes: Bytes, { onChunk, onFailure }: BytesObserver): Bytes {
  const step: ChunkStep = {
    onChunk: (chunk) => {
      onChunk?.(chunk.length);
      return chunk;
    },
    onFailure: (error) => {
      onFailure?.(error);
      return error;
    },
  };
  return isVerified(bytes) ? create(withStep(take(bytes), step), bytes) : withStep(bytes, step);
}

function check(id: ContentId, options: VerifyOptions): ChunkStep {
  const { digest, size } = id;
  const what = options.what ?? "content";
  let hasher: Hasher | undefined;
  let seen = 0;
  const start = (): Hasher => (hasher ??= createHasher(knownAlgorithm(digest)));
  return {
    onAsked: start,
    onChunk: (chunk) => {
      seen += chunk.length;
      if (seen > size) throw sizeMismatch(what, id, `more than ${size} bytes`, seen);
      if (chunk.length === 0) return undefined;
      start().update(chunk);
      return chunk;
    },
    onEnd: () => {
      if (seen !== size) throw sizeMismatch(what, id, `${seen} bytes`, seen);
      const got = digestOf(knownAlgorithm(digest), start().hex());
      if (got !== digest) throw digestMismatch(what, id, got);
      return undefined;
    },
  };
}

/** The error of content that is something else. */
export function digestMismatch(what: string, { digest, size }: ContentId, got: Digest): OciError {
  return new OciError("digest-mismatch", `${what}: expected digest ${digest}, got ${got}`, {
    details: { expected: digest, got, size },
    hint: "The content was damaged or replaced where it is stored or on its way; fetch it again.",
  });
}

/** The error of content that is shorter or longer. */
export function sizeMismatch(
  what: string,
  { digest, size }: ContentId,
  got: string,
  seen: number,
): OciError {
  return new OciError("size-mismatch", `${what}: expected ${size} bytes of ${digest}, got ${got}`, {
    details: { digest, expected: size, got: seen },
    hint:
      seen < size
        ? "The content was cut short where it is stored or on its way; fetch it again."
        : "The content is not what its descriptor says.",
  });
}
