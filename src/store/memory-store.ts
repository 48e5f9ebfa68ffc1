// SPDX-License-Identifier: MIT
import { abortable } from "../bytes/abort.ts";
import { once } from "../bytes/bytes.ts";
import { describe } from "../bytes/describe-content.ts";
import { readAll } from "../bytes/streams/read-all.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { isDigest, knownAlgorithm, type Digest } from "../oci/digest.ts";
import { OciError } from "../oci/errors.ts";
import { describeManifest } from "./describe-manifest.ts";
import { memoryUploads } from "./memory-uploads.ts";
import { checkSize, readContent } from "./read-content.ts";
import {
  checkNames,
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
import { completeOrCancel } from "./upload.ts";

/** Options of {@link createMemoryStore}. */
export interface MemoryStoreOptions {
  readonly name?: string | undefined;
}

/** A content store in memory: for small images, for tests, and for platforms other than Node. */
export function createMemoryStore(options: MemoryStoreOptions = {}): RootedStore {
  const name = options.name ?? "memory";
  const contents = new Map<Digest, Uint8Array>();
  const uploads = memoryUploads(name, (digest, bytes) => void contents.set(digest, bytes));
  const whatIs = ({ digest }: Descriptor): string => `${name}: ${digest}`;
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
      uploads,
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
    ...readContent(whatIs, (descriptor, part) => {
      const bytes = held(descriptor);
      checkSize(whatIs(descriptor), descriptor, bytes.length);
      const { offset, length } = part ?? { offset: 0, length: bytes.length };
      return once(bytes.slice(offset, offset + length));
    }),
    exists: async (descriptor) => Promise.resolve(contents.has(descriptor.digest)),
    resolve: async (reference) => {
      await Promise.resolve();
      return resolve(reference);
    },
    push: async (descriptor, source, { signal } = {}) => {
      knownAlgorithm(descriptor.digest);
      if (contents.has(descriptor.digest)) return;
      await completeOrCancel(await uploads.begin(), descriptor, source, { signal });
    },
    ingest: async (mediaType, bytes, { signal } = {}) => {
      const whole = await readAll(abortable(bytes, signal, name), Number.MAX_SAFE_INTEGER, name);
      const descriptor = describe(mediaType, whole);
      if (!contents.has(descriptor.digest)) contents.set(descriptor.digest, whole);
      return descriptor;
    },
    tag: async (descriptor, tag, { ifNames } = {}) => {
      await Promise.resolve();
      checkRootName(tag);
      held(descriptor);
      if (ifNames !== undefined) checkNames(entries, tag, ifNames, name);
      entries = withTag(entries, descriptor, tag);
    },
  };
}
