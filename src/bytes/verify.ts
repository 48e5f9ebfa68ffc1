// SPDX-License-Identifier: MIT
import { digestOf, knownAlgorithm } from "../oci/digest.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { OciError } from "../oci/errors.ts";
import type { Bytes } from "./bytes.ts";
import { createHasher } from "./hash.ts";

/** What content is known by: what {@link verify} checks. */
export type ContentId = Pick<Descriptor, "digest" | "size">;

/** What the bytes are called in an error: a path, a URL, "layer 3 of …". */
export interface VerifyOptions {
  readonly what?: string | undefined;
}

/** Told what passes, and why it stopped passing. */
export interface BytesObserver {
  readonly onChunk?: ((length: number) => void) | undefined;
  readonly onFailure?: ((error: unknown) => void) | undefined;
}

// What only this file may do with the class below.
let create: (chunks: Bytes, id: ContentId) => VerifiedBytes;
let isUnread: (bytes: object) => boolean;

/**
 * Bytes that end normally only when they are the content of this digest and size. Only {@link verify}
 * makes them, so who is given them need not hash them again. Read once, from the start.
 */
export class VerifiedBytes implements AsyncIterable<Uint8Array> {
  readonly digest: Digest;
  readonly size: number;
  #chunks: Bytes | undefined;

  static {
    create = (chunks, id) => new VerifiedBytes(chunks, id);
    isUnread = (bytes) => #chunks in bytes && bytes.#chunks !== undefined;
  }

  private constructor(chunks: Bytes, { digest, size }: ContentId) {
    this.digest = digest;
    this.size = size;
    this.#chunks = chunks;
  }

  /** @throws TypeError the second time: what is left of bytes that were begun is not verified content */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    const chunks = this.#chunks;
    if (chunks === undefined) throw new TypeError("verified bytes can be read once");
    this.#chunks = undefined;
    return chunks[Symbol.asyncIterator]();
  }
}

/**
 * The same bytes, checked against a descriptor on their way. Nothing past `size` is yielded, and the
 * stream ends normally only when size and digest agree: a reader that got to the end has verified
 * content. At most one chunk beyond `size` is read. A reader that stops early closes `bytes` and
 * has verified nothing. Bytes that verify themselves as this very content are not hashed again.
 * @throws OciError while reading: `size-mismatch`, `digest-mismatch`, `unsupported-algorithm`
 */
export function verify(bytes: Bytes, id: ContentId, options: VerifyOptions = {}): VerifiedBytes {
  const isSame = isVerified(bytes) && bytes.digest === id.digest && bytes.size === id.size;
  return isSame ? bytes : create(checked(bytes, id, options), id);
}

/** Whether the bytes verify themselves, and none of them was read: as what, they say. */
export function isVerified(bytes: Bytes): bytes is VerifiedBytes {
  return isUnread(bytes);
}

/** The same bytes, verified where they were, with somebody who is told how they come along. */
export function observe(bytes: Bytes, observer: BytesObserver): Bytes {
  return isVerified(bytes) ? create(observed(bytes, observer), bytes) : observed(bytes, observer);
}

async function* observed(bytes: Bytes, { onChunk, onFailure }: BytesObserver): Bytes {
  try {
    for await (const chunk of bytes) {
      onChunk?.(chunk.length);
      yield chunk;
    }
  } catch (error) {
    onFailure?.(error);
    throw error;
  }
}

async function* checked(bytes: Bytes, id: ContentId, options: VerifyOptions): Bytes {
  const { digest, size } = id;
  const what = options.what ?? "content";
  const algorithm = knownAlgorithm(digest);
  const hasher = createHasher(algorithm);
  let seen = 0;
  for await (const chunk of bytes) {
    seen += chunk.length;
    if (seen > size) throw sizeMismatch(what, id, `more than ${size} bytes`, seen);
    if (chunk.length === 0) continue;
    hasher.update(chunk);
    yield chunk;
  }
  if (seen !== size) throw sizeMismatch(what, id, `${seen} bytes`, seen);
  const got = digestOf(algorithm, hasher.hex());
  if (got !== digest) throw digestMismatch(what, id, got);
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
