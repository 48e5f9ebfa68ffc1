// SPDX-License-Identifier: MIT
import { abortable } from "../bytes/abort.ts";
import { once } from "../bytes/bytes.ts";
import { describe } from "../bytes/describe.ts";
import { readAll } from "../bytes/streams/read-all.ts";
import { verify } from "../bytes/verify.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { isDigest, knownAlgorithm, type Digest } from "../oci/digest.ts";
import { OciError } from "../oci/errors.ts";
import { fetchVerified } from "./fetch-verified.ts";
import { describeManifest } from "./manifest-type.ts";
import {
  checkRootName,
  findRoot,
  noSuchRoot,
  rootNames,
  withRoot,
  withTag,
  withoutDigest,
  withoutTag,
  type RootEntry,
} from "./layout/root-entries.ts";
import type { RootedStore } from "./store.ts";

/** Options of {@link createMemoryStore}. */
export interface MemoryStoreOptions {
  readonly name?: string | undefined;
}

/** A content store in memory: for small images, for tests and where there is no Node. */
export function createMemoryStore(options: MemoryStoreOptions = {}): RootedStore {
  const name = options.name ?? "memory";
  const contents = new Map<Digest, Uint8Array>();
  let entries: readonly RootEntry[] = [];

  const held = (descriptor: Descriptor): Uint8Array => {
    const bytes = contents.get(descriptor.digest);
    if (bytes !== undefined) return bytes;
    throw new OciError("not-found", `${name}: expected ${descriptor.digest}, got no such content`, {
      details: { descriptor },
    });
  };

  const resolve = (reference: string): Descriptor => {
    const root = findRoot(entries, reference, name);
    if (root !== undefined) return root;
    const bytes = isDigest(reference) ? contents.get(reference) : undefined;
    const found = bytes && describeManifest(reference as Digest, bytes);
    if (found === undefined) throw noSuchRoot(reference, name);
    return found;
  };

  return {
    name,
    capabilities: {
      tags: async () => Promise.resolve(rootNames(entries)),
      roots: async () => Promise.resolve(entries),
      addRoot: async (descriptor, { inPlaceOf } = {}) => {
        await Promise.resolve();
        held(descriptor);
        entries = withRoot(entries, descriptor, inPlaceOf);
      },
      untag: async (tag) => {
        await Promise.resolve();
        entries = withoutTag(entries, tag, name);
      },
      remove: async (digest) => {
        await Promise.resolve();
        entries = withoutDigest(entries, digest);
        contents.delete(digest);
      },
    },
    fetch: (descriptor, { offset } = {}) =>
      fetchVerified(descriptor, offset, `${name}: ${descriptor.digest}`, (start) =>
        once(held(descriptor).slice(start)),
      ),
    exists: async (descriptor) => Promise.resolve(contents.has(descriptor.digest)),
    resolve: async (reference) => {
      await Promise.resolve();
      return resolve(reference);
    },
    push: async (descriptor, source, { signal } = {}) => {
      knownAlgorithm(descriptor.digest);
      if (contents.has(descriptor.digest)) return;
      const what = `${name}: ${descriptor.digest}`;
      const bytes = verify(source.open({ signal }), descriptor, { what });
      const whole = await readAll(abortable(bytes, signal, what), descriptor.size, what);
      contents.set(descriptor.digest, whole);
    },
    ingest: async (mediaType, bytes, { signal } = {}) => {
      const whole = await readAll(abortable(bytes, signal, name), Number.MAX_SAFE_INTEGER, name);
      const descriptor = describe(mediaType, whole);
      if (!contents.has(descriptor.digest)) contents.set(descriptor.digest, whole);
      return descriptor;
    },
    tag: async (descriptor, tag) => {
      await Promise.resolve();
      checkRootName(tag);
      held(descriptor);
      entries = withTag(entries, descriptor, tag);
    },
  };
}
