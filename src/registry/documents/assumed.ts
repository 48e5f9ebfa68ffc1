// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import { mapBounded } from "../../bytes/map-bounded.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { isOciError, OciError } from "../../oci/errors.ts";
import type { ReadableStore } from "../../store/store.ts";
import type { RepositoryContext } from "../repository-context.ts";

/**
 * Blobs that a repository should have, because an image in it names them: nobody has asked for them. That saves a
 * question a layer, but images can lose blobs, so before a manifest counts as stored it is made sure of.
 */
export interface Assumed {
  add(descriptor: Descriptor): void;
  /** The blob was sent just now: it is there, and need not be assumed. */
  sent(digest: Digest): void;
  /**
   * Stores a manifest that may name such blobs. A registry that is known to check what a manifest names does so itself, and
   * is asked for each blob only to say what is missing when it refuses; any other is asked for each blob before.
   * @throws OciError `not-found` that names what the repository lacks; whatever `store` throws
   */
  storing<T>(store: () => Promise<T>, options: AbortOptions): Promise<T>;
}

const AT_ONCE = 4;

/** @param exists asks the registry for a blob */
export function openAssumed(context: RepositoryContext, exists: ReadableStore["exists"]): Assumed {
  const assumed = new Map<Digest, Descriptor>();
  const held = new Set<Digest>();
  const ask = async (options: AbortOptions, cause?: unknown): Promise<void> => {
    const lost: Descriptor[] = [];
    const look = async (descriptor: Descriptor, signal: AbortSignal): Promise<void> => {
      if (await exists(descriptor, { signal })) assumed.delete(descriptor.digest);
      else lost.push(descriptor);
    };
    await mapBounded([...assumed.values()], AT_ONCE, look, options);
    if (lost.length > 0) throw lacking(context, lost, cause);
  };
  return {
    add: (descriptor) => {
      if (!held.has(descriptor.digest)) assumed.set(descriptor.digest, descriptor);
    },
    sent: (digest) => {
      assumed.delete(digest);
      held.add(digest);
    },
    async storing(store, options) {
      const before = [...assumed.keys()];
      const { checksManifests } = context.learned;
      if (!checksManifests) await ask(options);
      try {
        const stored = await store();
        for (const digest of before) assumed.delete(digest);
        held.clear();
        return stored;
      } catch (error) {
        if (checksManifests && isOciError(error, "registry-refused", "not-found")) {
          await ask(options, error);
        }
        throw error;
      }
    },
  };
}

function lacking(
  { name }: RepositoryContext,
  lost: readonly Descriptor[],
  cause: unknown,
): OciError {
  const [{ digest, size }] = lost as [Descriptor];
  const more = lost.length === 1 ? "" : `, nor ${lost.length - 1} more`;
  return new OciError(
    "not-found",
    `${name}: expected ${digest} (${size} bytes), which an image there names, got nothing${more}`,
    {
      details: { missing: lost.map((each) => each.digest) },
      hint: "The registry has lost it. Copy that image there again from where it is whole, or make its layers anew (rechunk --no-previous).",
      cause,
    },
  );
}
