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
  /**
   * The descriptors that it lists, in order: the children of an index, the config and layers of a manifest.
   */
  readonly children: readonly Descriptor[];
  /** Its bytes. Undefined once the manifests read so far take too much memory to keep. */
  readonly bytes: Uint8Array | undefined;
}

/** Everything below a root, each piece once. The `subject` of a manifest is not included. */
export interface ContentGraph {
  readonly root: Descriptor;
  /** Manifests and indexes by level: each one lists only blobs and manifests of lower levels. */
  readonly levels: readonly (readonly GraphManifest[])[];
  /** Configs, layers and all other content that is not a manifest, in the order in which it is listed. */
  readonly blobs: readonly Descriptor[];
}

/** Options of {@link readGraph}. */
export interface ReadGraphOptions extends AbortOptions {
  /** How many manifests are read at the same time. */
  readonly concurrency?: number | undefined;
  /** `indexDepth`, `children` and `documentBytes` are used. */
  readonly limits?: Partial<Limits> | undefined;
}

const CONCURRENCY = 4;
const BYTES_KEPT = 32 * 1024 * 1024;
/** The most descriptors in a whole graph, as a multiple of the most in one document. */
const GRAPH_FACTOR = 10;

/** The content that a manifest or index lists and can't do without. */
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

/** Whether the descriptor is of a manifest or index, which lists other content. */
export function namesContent({ mediaType }: Descriptor): boolean {
  return isManifestType(mediaType) || isIndexType(mediaType);
}

/**
 * Reads every manifest and index below a root. None is skipped because a store already has it: its children
 * may still be missing.
 * @throws OciError `limit-exceeded` when the graph is too deep or too large, `invalid-index` for a cycle,
 * `size-mismatch` when one digest is given two sizes; any error of reading and parsing
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

/** Sorts manifests into levels, each one level above its highest child. */
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
