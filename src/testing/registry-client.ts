// SPDX-License-Identifier: MIT
import { describe } from "../bytes/describe-content.ts";
import { digestBytes } from "../bytes/hash.ts";
import type { DigestAlgorithm } from "../oci/digest.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { MediaType } from "../oci/media-types.ts";
import { askRegistry, type RegistryAnswer } from "./ask-registry.ts";

type Ask = Parameters<typeof askRegistry> extends [string, ...infer Rest] ? Rest : never;

/** Asks one registry, request by request, and pushes small content to it. For tests of servers. */
export interface RegistryClient {
  ask(...request: Ask): Promise<RegistryAnswer>;
  /** Pushes a blob in one request. */
  pushBlob(repository: string, bytes: Uint8Array): Promise<RegistryAnswer>;
  putManifest(repository: string, reference: string, bytes: Uint8Array): Promise<RegistryAnswer>;
  /** Pushes an image with one layer, and gives its descriptor. @throws when an answer is not 201 */
  pushImage(repository: string, reference: string, note?: string): Promise<Descriptor>;
}

/** The bytes of a JSON document. */
export function documentOf(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** The layer and the config of every image that {@link imageOf} makes. */
export const LAYER = new TextEncoder().encode("a layer");
export const CONFIG = documentOf({ architecture: "riscv64", os: "linux" });

/** A manifest of the layer and the config. Each note gives it another digest. */
export function imageOf(note: string, fields: object = {}): Uint8Array {
  return documentOf({
    schemaVersion: 2,
    mediaType: MediaType.manifest,
    config: describe(MediaType.config, CONFIG),
    layers: [describe(MediaType.layer, LAYER)],
    annotations: { note },
    ...fields,
  });
}

/** An index of these manifests. */
export function indexOf(manifests: readonly Descriptor[], fields: object = {}): Uint8Array {
  return documentOf({ schemaVersion: 2, mediaType: MediaType.index, manifests, ...fields });
}

/** The descriptor of a manifest or index that says its media type. */
export function describeDocument(
  bytes: Uint8Array,
  algorithm: DigestAlgorithm = "sha256",
): Descriptor {
  const { mediaType } = JSON.parse(new TextDecoder().decode(bytes)) as { mediaType: string };
  return { mediaType, digest: digestBytes(bytes, algorithm), size: bytes.length };
}

/** @param urlOf gives the registry's address, which may change from one request to the next */
export function registryClient(urlOf: () => string): RegistryClient {
  const client: RegistryClient = {
    ask: (...request) => askRegistry(urlOf(), ...request),
    pushBlob: (repository, bytes) =>
      client.ask("POST", `/v2/${repository}/blobs/uploads/?digest=${digestBytes(bytes)}`, bytes),
    putManifest: (repository, reference, bytes) => {
      const headers = { "content-type": describeDocument(bytes).mediaType };
      return client.ask("PUT", `/v2/${repository}/manifests/${reference}`, bytes, headers);
    },
    pushImage: async (repository, reference, note = reference) => {
      const image = imageOf(note);
      for (const answer of [
        await client.pushBlob(repository, LAYER),
        await client.pushBlob(repository, CONFIG),
        await client.putManifest(repository, reference, image),
      ]) {
        if (answer.status !== 201) throw new Error(`${answer.status}: ${answer.text}`);
      }
      return describeDocument(image);
    },
  };
  return client;
}
