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

/** Followed by a host: containerd names in such annotations the repositories there that content came from. */
const CAME_FROM = "containerd.io/distribution.source.";
/** The most repositories that annotations of containerd's are believed: each is asked for each blob. */
const MOST_SOURCES = 4;

/**
 * The repositories beside the target that hold the bases of the images of a graph, as their manifests say, and those
 * that its content came from, as containerd notes it (also in what `docker save` writes). None for a source that content
 * can be mounted from itself.
 */
export function basesBeside(
  graph: ContentGraph,
  source: ReadableStore,
  target: ContentStore,
): readonly ReadableStore[] {
  const { sibling } = target.capabilities;
  if (sibling === undefined || source.capabilities.mount !== undefined) return [];
  const bases = new Set(graph.levels.flat().flatMap(baseNameOf));
  const beside = new Map<string, ReadableStore>();
  const add = (name: string): void => {
    const store = sibling(name);
    if (store !== undefined) beside.set(store.name, store);
  };
  bases.forEach(add);
  const most = beside.size + MOST_SOURCES;
  for (const name of sourcesOf(graph)) {
    if (beside.size >= most) break;
    add(name);
  }
  return [...beside.values()];
}

/** The repositories of containerd's annotations, each once, as references that nothing is known of yet. */
function sourcesOf(graph: ContentGraph): ReadonlySet<string> {
  const manifests = graph.levels.flat().map(({ descriptor }) => descriptor);
  const names = [graph.root, ...manifests, ...graph.blobs].flatMap(({ annotations = {} }) =>
    Object.entries(annotations)
      .filter(([key]) => key.startsWith(CAME_FROM))
      .flatMap(([key, value]) => {
        const host = key.slice(CAME_FROM.length);
        return value.split(",").map((repository) => `${host}/${repository}`);
      }),
  );
  return new Set(names);
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
