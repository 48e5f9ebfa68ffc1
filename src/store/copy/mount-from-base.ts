// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import { drain } from "../../bytes/streams/read-all.ts";
import { AnnotationKey } from "../../oci/annotations.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { parseManifest } from "../../oci/documents/parse-documents.ts";
import { isOciError } from "../../oci/errors.ts";
import { isManifestType } from "../../oci/media-types.ts";
import type { ContentGraph, GraphManifest } from "../content-graph.ts";
import type { ContentStore, ReadableStore } from "../store.ts";

/**
 * The repositories beside the target that hold the bases of the images of a graph, as their manifests say. None for a
 * source that content can be mounted from itself.
 */
export function basesBeside(
  graph: ContentGraph,
  source: ReadableStore,
  target: ContentStore,
): readonly ReadableStore[] {
  const { sibling } = target.capabilities;
  if (sibling === undefined || source.capabilities.mount !== undefined) return [];
  const names = new Set(graph.levels.flat().flatMap(baseNameOf));
  return [...names].flatMap((name) => sibling(name) ?? []);
}

/**
 * Mounts a blob from the first of the repositories that has it. The source's own bytes are read and verified before:
 * else whoever wrote the source could make us publish content that only we may read, knowing no more than its digest.
 * @returns false when no repository has it or lets it be mounted
 * @throws OciError `digest-mismatch`, `size-mismatch`; any error of reading the source
 */
export async function mountFromBase(
  descriptor: Descriptor,
  source: ReadableStore,
  bases: readonly ReadableStore[],
  target: ContentStore,
  abort: AbortOptions,
): Promise<boolean> {
  const { mount } = target.capabilities;
  let isVerified = false;
  for (const base of bases) {
    if (mount === undefined || !(await mayHave(base, descriptor, abort))) continue;
    if (!isVerified) await drain(source.fetch(descriptor, abort));
    isVerified = true;
    if (await mount(descriptor, base, abort)) return true;
  }
  return false;
}

function baseNameOf({ descriptor, bytes }: GraphManifest): readonly string[] {
  if (bytes === undefined || !isManifestType(descriptor.mediaType)) return [];
  const name = parseManifest(bytes, descriptor).value.annotations?.[AnnotationKey.baseName];
  return name === undefined ? [] : [name];
}

/** A base that can't be asked is no reason to fail: the blob is sent then. */
async function mayHave(
  base: ReadableStore,
  descriptor: Descriptor,
  abort: AbortOptions,
): Promise<boolean> {
  try {
    return await base.exists(descriptor, abort);
  } catch (error) {
    if (isOciError(error) && error.code !== "aborted") return false;
    throw error;
  }
}
