// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { parseIndex, parseManifest } from "../../oci/documents/parse-documents.ts";
import { isOciError } from "../../oci/errors.ts";
import type { Limits } from "../../oci/limits.ts";
import { isManifestType } from "../../oci/media-types.ts";
import { childrenOf, namesContent } from "../content-graph.ts";
import { readDocumentBytes } from "../read-documents.ts";
import type { ReadableStore } from "../store.ts";

export interface ReachOptions extends AbortOptions {
  readonly limits?: Partial<Limits> | undefined;
}

/**
 * Adds to `wanted` all that these roots lead to: through index, manifest, config, layer and `subject`. Missing
 * content is no obstacle. A manifest that can't be read is one: nobody knows what it needs.
 * @throws any error of reading a manifest
 */
export async function addReachable(
  store: ReadableStore,
  roots: Iterable<Descriptor>,
  wanted: Set<Digest>,
  options: ReachOptions = {},
): Promise<void> {
  const waiting = [...roots];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (wanted.has(next.digest)) continue;
    wanted.add(next.digest);
    if (namesContent(next)) waiting.push(...(await namedBy(store, next, options)));
  }
}

async function namedBy(
  store: ReadableStore,
  descriptor: Descriptor,
  { limits, signal }: ReachOptions,
): Promise<readonly Descriptor[]> {
  try {
    const bytes = await readDocumentBytes(store, descriptor, { limits, signal });
    const parse = isManifestType(descriptor.mediaType) ? parseManifest : parseIndex;
    const { subject } = parse(bytes, descriptor, { limits }).value;
    const children = childrenOf(descriptor, bytes, limits);
    return subject === undefined ? children : [subject, ...children];
  } catch (error) {
    if (isOciError(error, "not-found")) return [];
    throw error;
  }
}
