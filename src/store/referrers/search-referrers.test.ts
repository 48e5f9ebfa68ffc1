// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { sourceOf } from "../../bytes/bytes.ts";
import { describe as describeBytes } from "../../bytes/describe-content.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { formatJson } from "../../oci/json.ts";
import { MediaType } from "../../oci/media-types.ts";
import { findReferrers } from "./search-referrers.ts";
import { createMemoryStore } from "../memory-store.ts";

const store = createMemoryStore();
const empty = await put(MediaType.empty, {});

async function put(mediaType: string, value: object): Promise<Descriptor> {
  const bytes = formatJson(value);
  const descriptor = describeBytes(mediaType, bytes);
  await store.push(descriptor, sourceOf(bytes));
  return descriptor;
}

function manifest(more: object): Promise<Descriptor> {
  const { manifest: mediaType } = MediaType;
  return put(mediaType, { schemaVersion: 2, mediaType, config: empty, layers: [], ...more });
}

function index(manifests: readonly Descriptor[], more: object = {}): Promise<Descriptor> {
  const { index: mediaType } = MediaType;
  return put(mediaType, { schemaVersion: 2, mediaType, manifests, ...more });
}

const byDigest = (a: Descriptor, b: Descriptor): number => (a.digest < b.digest ? -1 : 1);

describe("what refers to a manifest in a store without such a list", async () => {
  const image = await manifest({ annotations: { an: "image" } });
  const signature = await manifest({ subject: image, artifactType: "a/sig" });
  const plain = await manifest({ subject: image, annotations: { a: "b" } });
  const bundle = await index([], { subject: image });
  const other = await manifest({ subject: signature, artifactType: "a/sig" });
  const absent = describeBytes(MediaType.manifest, new Uint8Array(9));
  await store.tag(image, "image");
  await store.capabilities.addRoot(signature);
  await store.capabilities.addRoot(other);
  // As clients keep the list for registries: an index under a tag, here with a child that is not there.
  await store.tag(await index([plain, bundle, signature, absent]), "sha256-list");
  const found = [
    { ...signature, artifactType: "a/sig" },
    { ...plain, artifactType: MediaType.empty, annotations: { a: "b" } },
    bundle,
  ].sort(byDigest);

  it("is found among its roots and below their indexes, each once", async () => {
    expect(await findReferrers(store, image.digest)).toEqual(found);
    expect(await findReferrers(store, bundle.digest)).toEqual([]);
  });

  it("is found by the kind of artifact, which can follow from the configuration", async () => {
    const kinds = async (artifactType: string): Promise<readonly Descriptor[]> =>
      findReferrers(store, image.digest, { artifactType });
    expect(await kinds("a/sig")).toEqual([{ ...signature, artifactType: "a/sig" }]);
    expect(await kinds(MediaType.empty)).toHaveLength(1);
    expect(await kinds("a/other")).toEqual([]);
  });
});
