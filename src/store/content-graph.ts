// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../bytes/bytes.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import { OciError } from "../oci/errors.ts";
import { limitExceeded, withLimits, type Limits } from "../oci/limits.ts";
import { isIndexType, isManifestType } from "../oci/media-types.ts";
import { parseIndex, parseManifest } from "../oci/documents/parse-documents.ts";
import { mapBounded } from "../bytes/map-bounded.ts";
import { readDocumentBytes } from "./read-documents.ts";
import type { ReadableStore } from "./store.ts";

/** A manifest or index of a graph. */
export interface GraphManifest {
  readonly descriptor: Descriptor;
  /** What it names, in its order: the children of an index, the config and layers of a manifest. */
  readonly children: readonly Descriptor[];
  /** Its bytes, as long as the graph keeps few enough of them. */
  readonly bytes: Uint8Array | undefined;
}

/** All that a root names, each piece once. The `subject` of a manifest is not part of it. */
export interface ContentGraph {
  readonly root: Descriptor;
  /** Manifests and indexes in levels: each names only blobs and what lower levels hold. */
  readonly levels: readonly (readonly GraphManifest[])[];
  /** Configs, layers and whatever else is no manifest, in the order in which they are named. */
  readonly blobs: readonly Descriptor[];
}

/** Options of {@link readGraph}. */
export interface ReadGraphOptions extends AbortOptions {
  /** Manifests read at a time. */
  readonly concurrency?: number | undefined;
  /** `indexDepth`, `children` and `documentBytes` count. */
  readonly limits?: Partial<Limits> | undefined;
}

const CONCURRENCY = 4;
const BYTES_KEPT = 32 * 1024 * 1024;
/** Descriptors in a whole graph, as a multiple of those in one document. */
const GRAPH_FACTOR = 10;

/** What a manifest or index names: its children that must be there for it to be whole. */
export function childrenOf(
  descriptor: Descriptor,
  bytes: Uint8Array,
  limits?: Partial<Limits>,
): readonly Descriptor[] {
  if (isIndexType(descriptor.mediaType)) {
    return parseIndex(bytes, descriptor, { limits }).value.manifests;
  }
  const { config, layers } = parseManifest(bytes, descriptor, { limits }).value;
  return [config, ...layers];
}

/** Whether the descriptor is of something that names other content. */
export function namesContent({ mediaType }: Descriptor): boolean {
  return isManifestType(mediaType) || isIndexType(mediaType);
}

/**
 * Reads every manifest and index below a root, always all of them: that one is in a store does not
 * mean that its children are.
 * @throws OciError `limit-exceeded` for too deep or too many, `invalid-index` for a cycle,
 * `size-mismatch` when one digest is given two sizes; what reading and parsing throw
 */
export async function readGraph(
  store: ReadableStore,
  root: Descriptor,
  options: ReadGraphOptions = {},
): Promise<ContentGraph> {
  const { limits, signal, concurrency = CONCURRENCY } = options;
  const { indexDepth, children: most } = withLimits(limits);
  const where = `${store.name}: ${root.digest}`;
  const seen = new Map<Digest, Descriptor>([[root.digest, root]]);
  const manifests = new Map<Digest, GraphManifest>();
  let kept = 0;

  const read = async (descriptor: Descriptor, stop: AbortSignal): Promise<GraphManifest> => {
    const bytes = await readDocumentBytes(store, descriptor, { limits, signal: stop });
    const children = childrenOf(descriptor, bytes, limits);
    kept += bytes.length;
    return { descriptor, children, bytes: kept <= BYTES_KEPT ? bytes : undefined };
  };

  let frontier = namesContent(root) ? [root] : [];
  for (let depth = 0; frontier.length > 0; depth += 1) {
    if (depth > indexDepth) {
      const unit = "indexes in one another";
      throw limitExceeded({ what: where, limit: "indexDepth", allowed: indexDepth, unit });
    }
    const found = await mapBounded(frontier, concurrency, read, { signal });
    for (const manifest of found) manifests.set(manifest.descriptor.digest, manifest);
    const fresh = found.flatMap(({ children }) => children.filter((c) => isNew(seen, c, where)));
    if (seen.size > most * GRAPH_FACTOR) {
      const allowed = most * GRAPH_FACTOR;
      throw limitExceeded({ what: where, limit: "children", allowed, unit: "contents below it" });
    }
    frontier = fresh.filter(namesContent);
  }
  const blobs = [...seen.values()].filter(({ digest }) => !manifests.has(digest));
  return { root, levels: intoLevels(manifests, where), blobs };
}

function isNew(seen: Map<Digest, Descriptor>, child: Descriptor, where: string): boolean {
  const known = seen.get(child.digest);
  if (known === undefined) {
    seen.set(child.digest, child);
    return true;
  }
  if (known.size === child.size) return false;
  throw new OciError(
    "size-mismatch",
    `${where}: expected one size for ${child.digest}, got ${known.size} and ${child.size}`,
    { details: { descriptors: [known, child] } },
  );
}

/** A level is one more than the highest below it. */
function intoLevels(
  manifests: ReadonlyMap<Digest, GraphManifest>,
  where: string,
): readonly (readonly GraphManifest[])[] {
  const heights = new Map<Digest, number | "open">();
  const heightOf = (manifest: GraphManifest): number => {
    const { digest } = manifest.descriptor;
    const known = heights.get(digest);
    if (known === "open") {
      throw new OciError("invalid-index", `${where}: expected no cycle, got one through ${digest}`);
    }
    if (known !== undefined) return known;
    heights.set(digest, "open");
    let height = 0;
    for (const child of manifest.children) {
      const below = manifests.get(child.digest);
      if (below !== undefined) height = Math.max(height, heightOf(below) + 1);
    }
    heights.set(digest, height);
    return height;
  };
  const levels: GraphManifest[][] = [];
  for (const manifest of manifests.values()) (levels[heightOf(manifest)] ??= []).push(manifest);
  return levels;
}
