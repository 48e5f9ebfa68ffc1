// SPDX-License-Identifier: MIT
import type { AbortOptions, Bytes, Source } from "../bytes/bytes.ts";
import type { VerifiedBytes } from "../bytes/verify.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { Uploads } from "./upload.ts";

/** A part of content: `length` bytes from `offset` on, or everything from there when no length is given. */
export interface ContentRange {
  readonly offset: number;
  readonly length?: number | undefined;
}

/**
 * A content store that can be read: a registry repository, a layout directory, an archive, or memory. The
 * same contract tests run against every kind.
 */
export interface ReadableStore {
  /** The name used in messages: `oci:out/x`, `registry.example/a/b`. It never contains a secret. */
  readonly name: string;
  readonly capabilities: StoreCapabilities;
  /**
   * Reads the content of a descriptor, and verifies it: never more than `size` bytes are yielded, and the
   * iteration ends normally only if size and digest are right. Otherwise it throws `size-mismatch` or
   * `digest-mismatch` at the end.
   * @throws OciError `not-found`, `unreadable`, `unreachable`, `unsupported-algorithm`
   */
  fetch(descriptor: Descriptor, options?: AbortOptions): VerifiedBytes;
  /**
   * Reads a part of the content of a descriptor. The part is not verified, because the digest covers only the
   * whole. If you know a digest of the part itself, pass the bytes through `verify`. The iteration ends
   * normally only if the part has the expected length.
   * @throws OciError while reading: `invalid-argument` for a part outside the content, `size-mismatch` when
   * the content has another size than its descriptor says; otherwise as `fetch`
   */
  fetchRange(descriptor: Descriptor, range: ContentRange, options?: AbortOptions): Bytes;
  /** Whether the store holds the content. Throws when that can't be found out: unreadable is not absent. */
  exists(descriptor: Descriptor, options?: AbortOptions): Promise<boolean>;
  /** The descriptor of the manifest or index that a tag or a digest names. @throws OciError `not-found` */
  resolve(reference: string, options?: AbortOptions): Promise<Descriptor>;
}

/** A content store that can be written. */
export interface ContentStore extends ReadableStore {
  /**
   * Stores content whose descriptor is known. Idempotent: content that is already there is not written again.
   * Atomic: nothing is visible until size and digest have been verified, here or by the source (if it yields
   * `VerifiedBytes` of this descriptor). The source may be opened more than once.
   * @throws OciError `size-mismatch`, `digest-mismatch`
   */
  push(descriptor: Descriptor, source: Source, options?: AbortOptions): Promise<void>;
  /**
   * Stores content whose digest (sha256) is known only after it has been written, such as a layer being
   * built. Atomic: if `bytes` fails, nothing stays behind.
   */
  ingest(mediaType: string, bytes: Bytes, options?: AbortOptions): Promise<Descriptor>;
  /**
   * Makes a tag name a manifest or index that the store holds. If the tag named something else, it no longer
   * does. In a layout, the descriptor's annotations and platform are kept in `index.json`.
   * @throws OciError `not-found` when the content is not there; `changed-meanwhile` for `ifNames`
   */
  tag(descriptor: Descriptor, tag: string, options?: TagOptions): Promise<void>;
}

export interface TagOptions extends AbortOptions {
  /**
   * Tags only if the tag names this digest at that moment, or with null if there is no such tag. A layout and memory
   * compare and set in one step, and so does a registry that heeds `If-Match`; the specification does not ask for it.
   */
  readonly ifNames?: Digest | null | undefined;
}

export interface AddRootOptions extends AbortOptions {
  /** An untagged root that the new one replaces, in the same step. Its content stays. */
  readonly inPlaceOf?: Digest | undefined;
}

/** A manifest or index in the list of all of a repository. */
export interface ListedManifest {
  readonly descriptor: Descriptor;
  readonly subject: Digest | undefined;
  /** When it was last pushed, lost a tag or was named by an index, in milliseconds since 1970. */
  readonly since: number;
}

/** What only some stores can do. A capability that is absent is not supported by the store. */
export interface StoreCapabilities {
  /**
   * Says of new content, by its size, whether the store takes it, so that nothing of an image is sent in vain.
   * @throws OciError `limit-exceeded` for content that the store is known to refuse
   */
  readonly checkSize?: ((descriptor: Descriptor) => void) | undefined;
  /** Uploads in parts, which can be continued after a failure. */
  readonly uploads?: Uploads;
  /**
   * Stores a manifest or index and tags it in one step: `push` and then `tag` would send it twice.
   * @throws OciError as both
   */
  readonly pushTagged?: (
    descriptor: Descriptor,
    source: Source,
    tag: string,
    options?: TagOptions,
  ) => Promise<void>;
  /** All tags, sorted. */
  readonly tags?: (options?: AbortOptions) => Promise<readonly string[]>;
  /**
   * The descriptor that the store says a tag or a digest names. Nothing is read or verified, which saves the
   * answer's body and, at some registries, counts for no limit on pulls. @throws OciError `not-found`
   */
  readonly lookUp?: (reference: string, options?: AbortOptions) => Promise<Descriptor>;
  /** The roots with everything that the store records about them (the entries of `index.json`). */
  readonly roots?: (options?: AbortOptions) => Promise<readonly Descriptor[]>;
  /**
   * Content that the store's own documents name but that the store lacks: for an archive, the images of an
   * index that were not saved with it. `roots` and `resolve` leave it out.
   */
  readonly absent?: (options?: AbortOptions) => Promise<readonly Descriptor[]>;
  /**
   * Takes over content from another repository of the same registry without sending it. Returns false if the
   * registry declines: then push the content.
   */
  readonly mount?: (
    descriptor: Descriptor,
    from: ReadableStore,
    options?: AbortOptions,
  ) => Promise<boolean>;
  /** Whether {@link mount} is worth trying for content of that store. Nobody is asked: the registry may still decline. */
  readonly mountsFrom?: (from: ReadableStore) => boolean;
  /**
   * Takes content as held, without a question, if it is from this very place, where an image names it. Whoever says
   * true makes sure of it before a manifest is stored, and then fails with `not-found`: there is nowhere to send it from.
   * False: ask.
   */
  readonly assume?: (descriptor: Descriptor, from: ReadableStore) => boolean;
  /**
   * Another repository of the same registry, from its reference, to mount from. Undefined for a reference to anything
   * else.
   */
  readonly sibling?: (reference: string) => ReadableStore | undefined;
  /**
   * Makes a manifest or index that the store holds an untagged root. Only a root can be found again, and only
   * content below a root survives garbage collection. Idempotent. A root that already has a tag stays as it
   * is.
   * @throws OciError `not-found` when the content is not there
   */
  readonly addRoot?: (descriptor: Descriptor, options?: AddRootOptions) => Promise<void>;
  /**
   * Stores content even if the store already has something under its digest. This repairs damaged content,
   * which `push` would leave alone. Atomic, as `push`.
   * @throws OciError `size-mismatch`, `digest-mismatch`
   */
  readonly replace?: (
    descriptor: Descriptor,
    source: Source,
    options?: AbortOptions,
  ) => Promise<void>;
  /**
   * Removes a tag. The content stays until garbage collection.
   * @throws OciError `not-found`; `unsupported-operation` for a registry that can't
   */
  readonly untag?: (tag: string, options?: AbortOptions) => Promise<void>;
  /** False where `untag` is known to be refused. Absent where only trying tells, or it always works. */
  readonly deletesTags?: boolean | undefined;
  /** Removes content, and the roots and tags that name it. Idempotent. */
  readonly remove?: (digest: Digest, options?: AbortOptions) => Promise<void>;
  /**
   * Every manifest and index of a repository, whether a tag leads to it or not; with `only`, none but that
   * one. Undefined when it can't be told: the specification has no such list, and of registries only ours.
   */
  readonly manifests?: (
    options?: AbortOptions & { readonly only?: Digest | undefined },
  ) => Promise<readonly ListedManifest[] | undefined>;
  /** The manifests whose `subject` is this digest. */
  readonly referrers?: (
    subject: Digest,
    artifactType?: string,
    options?: AbortOptions,
  ) => Promise<readonly Descriptor[]>;
}

/** A store that can list and edit its roots: memory or a layout. */
export interface RootedStore extends ContentStore {
  readonly capabilities: StoreCapabilities &
    Required<Pick<StoreCapabilities, "tags" | "roots" | "addRoot" | "untag" | "remove">>;
}
