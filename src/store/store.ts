// SPDX-License-Identifier: MIT
import type { AbortOptions, Bytes, Source } from "../bytes/bytes.ts";
import type { VerifiedBytes } from "../bytes/verify.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { Uploads } from "./upload.ts";

/** A part of content: `length` bytes from `offset` on, to the end when no length is given. */
export interface ContentRange {
  readonly offset: number;
  readonly length?: number | undefined;
}

/**
 * A content store that can be read: a registry repository, a layout directory, an archive, memory.
 * One contract suite runs against every kind.
 */
export interface ReadableStore {
  /** For messages: `oci:out/x`, `registry.example/a/b`. Never a secret. */
  readonly name: string;
  readonly capabilities: StoreCapabilities;
  /**
   * The content of a descriptor. Verified: it yields never more than `size` bytes, and ends normally
   * only when size and digest agree; else it throws `size-mismatch` or `digest-mismatch` at the end.
   * @throws OciError `not-found`, `unreadable`, `unreachable`, `unsupported-algorithm`
   */
  fetch(descriptor: Descriptor, options?: AbortOptions): VerifiedBytes;
  /**
   * A part of the content of a descriptor, not verified: of a part no digest is known but one of its
   * own, and with that `verify` makes verified bytes of it. It ends normally only when the part is as long
   * as it should be.
   * @throws OciError while reading: `invalid-argument` for a part that is not within the content,
   * `size-mismatch` when what is there is of another size than the descriptor says; else as `fetch`
   */
  fetchRange(descriptor: Descriptor, range: ContentRange, options?: AbortOptions): Bytes;
  /** Whether the store holds the content. Unreadable is not absent: that throws. */
  exists(descriptor: Descriptor, options?: AbortOptions): Promise<boolean>;
  /**
   * The descriptor of the manifest or index that a tag or a digest names.
   * @throws OciError `not-found`
   */
  resolve(reference: string, options?: AbortOptions): Promise<Descriptor>;
}

/** A content store that can be written. */
export interface ContentStore extends ReadableStore {
  /**
   * Stores content that is known beforehand. Idempotent: what is there is not written again. Atomic:
   * nothing is visible before size and digest were verified: here, or by the source where it gives
   * `VerifiedBytes` of this very content. The source may be opened more than once.
   * @throws OciError `size-mismatch`, `digest-mismatch`
   */
  push(descriptor: Descriptor, source: Source, options?: AbortOptions): Promise<void>;
  /**
   * Stores content whose digest (sha256) is known only when it has been written, as a layer that is
   * being made. Atomic; when `bytes` fails, nothing stays behind.
   */
  ingest(mediaType: string, bytes: Bytes, options?: AbortOptions): Promise<Descriptor>;
  /**
   * Lets a tag name a manifest or index that the store holds; replaces what the tag named. In a
   * layout the descriptor's annotations and platform stay in `index.json`.
   * @throws OciError `not-found` when the content is not there
   */
  tag(descriptor: Descriptor, tag: string, options?: AbortOptions): Promise<void>;
}

export interface AddRootOptions extends AbortOptions {
  /** The root without a tag that goes when the new one comes, in one step; its content stays. */
  readonly inPlaceOf?: Digest | undefined;
}

/** What only some stores can do, declared: absent means that the store can't. */
export interface StoreCapabilities {
  /** Content that arrives in parts, now and later: what can be gone on with after a failure. */
  readonly uploads?: Uploads;
  /** All tags, sorted. */
  readonly tags?: (options?: AbortOptions) => Promise<readonly string[]>;
  /** The roots with all that the store says of them (`index.json` entries). */
  readonly roots?: (options?: AbortOptions) => Promise<readonly Descriptor[]>;
  /**
   * What the store's own documents name and it lacks: of an archive, images of an index that were not
   * saved with it. They are no part of what `roots` and `resolve` give.
   */
  readonly absent?: (options?: AbortOptions) => Promise<readonly Descriptor[]>;
  /**
   * Takes over content from another repository of the same registry without sending it. False when the
   * registry would not: then push.
   */
  readonly mount?: (
    descriptor: Descriptor,
    from: ReadableStore,
    options?: AbortOptions,
  ) => Promise<boolean>;
  /**
   * Makes a manifest or index that the store holds a root without a tag, where only roots are found
   * again and kept by garbage collection. Idempotent; one that has a tag stays as it is.
   * @throws OciError `not-found` when the content is not there
   */
  readonly addRoot?: (descriptor: Descriptor, options?: AddRootOptions) => Promise<void>;
  /**
   * Stores content whatever is there under its digest, which a `push` would not touch: damaged content is
   * mended so. Atomic as `push`.
   * @throws OciError `size-mismatch`, `digest-mismatch`
   */
  readonly replace?: (
    descriptor: Descriptor,
    source: Source,
    options?: AbortOptions,
  ) => Promise<void>;
  /** Removes a tag; the content stays until garbage collection. @throws `not-found` */
  readonly untag?: (tag: string, options?: AbortOptions) => Promise<void>;
  /** Removes content, and the roots and tags that name it. Idempotent. */
  readonly remove?: (digest: Digest, options?: AbortOptions) => Promise<void>;
  /** Manifests whose `subject` is this digest. */
  readonly referrers?: (
    subject: Digest,
    artifactType?: string,
    options?: AbortOptions,
  ) => Promise<readonly Descriptor[]>;
}

/** A store that lists and edits its roots, as memory and a layout do. */
export interface RootedStore extends ContentStore {
  readonly capabilities: StoreCapabilities &
    Required<Pick<StoreCapabilities, "tags" | "roots" | "addRoot" | "untag" | "remove">>;
}
