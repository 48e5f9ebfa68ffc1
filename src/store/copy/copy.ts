// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Limits } from "../../oci/limits.ts";
import { namesContent, readGraph, type ContentGraph } from "../content-graph.ts";
import { blaming } from "./copy-error.ts";
import { refuseEarly } from "./refuse-early.ts";
import { basesBeside } from "./mount-from-base.ts";
import { mapBounded } from "../../bytes/map-bounded.ts";
import type { ContentStore, ReadableStore } from "../store.ts";
import {
  transferBlob,
  transferManifest,
  type CopyEvent,
  type Copying,
  type Transfer,
  type TransferAction,
} from "./transfer.ts";

/** Options of {@link copy}. */
export interface CopyOptions extends AbortOptions {
  /**
   * The tag that names the root at the target. It is set last. Without a tag the root is kept at the target
   * without a name.
   */
  readonly tag?: string | undefined;
  /**
   * False: a root without a tag is stored but not kept as a root, because something copied later will name
   * it.
   */
  readonly keepRoot?: boolean | undefined;
  /** How many pieces of content are copied at the same time. */
  readonly concurrency?: number | undefined;
  /**
   * Read and hash content that the target already has, and send damaged content again. Without this option
   * the target's word counts, which costs no reading: damage that does not change the size goes unnoticed.
   */
  readonly verifyPresent?: boolean | undefined;
  /** Ask the target what it lacks, and send nothing. */
  readonly dryRun?: boolean | undefined;
  /** Never awaited. At most ten `progress` events a second for one piece of content. */
  readonly onProgress?: ((event: CopyEvent) => void) | undefined;
  readonly limits?: Partial<Limits> | undefined;
}

/** The number of pieces of content, and the sum of their sizes. */
export interface TransferTotal {
  readonly count: number;
  readonly bytes: number;
}

/** What a copy did. With `dryRun`: what it would do, where content that the target may mount from the source counts as mounted. */
export interface CopySummary {
  readonly root: Descriptor;
  /** Blobs first, then manifests, children before parents. */
  readonly transfers: readonly Transfer[];
  readonly copied: TransferTotal;
  readonly skipped: TransferTotal;
  readonly mounted: TransferTotal;
  /** With `verifyPresent`: content that was damaged at the target and is now repaired. */
  readonly replaced: TransferTotal;
}

const CONCURRENCY = 4;

/**
 * Copies a root and everything below it from one store to another: children before parents and the tag last,
 * so that the target never shows anything incomplete. Content that the target has is not sent again, but its
 * manifests are still read, because their children may be missing. Each piece is sent once. Bytes and digests
 * do not change. A `subject` is not followed. Safe to repeat after any failure. Damaged content at the target
 * is repaired only with `verifyPresent`, and only if the target can replace content.
 * @throws CopyError (an OciError with the cause's code) that says what was being done and which side failed
 */
export async function copy(
  source: ReadableStore,
  root: Descriptor,
  target: ContentStore,
  options: CopyOptions = {},
): Promise<CopySummary> {
  const { concurrency = CONCURRENCY, signal, limits, onProgress } = options;
  const { dryRun = false, verifyPresent = false } = options;
  const graph = await blaming("read", "source", root, source, () =>
    readGraph(source, root, { concurrency, limits, signal }),
  );
  await refuseEarly(graph.blobs, target, { signal });
  const bases = dryRun ? [] : basesBeside(graph, source, target);
  const pushRoot = inOneStep(target, root, options);
  const copying = { source, target, dryRun, verifyPresent, onProgress, bases, limits, pushRoot };
  onProgress?.({ kind: "planned", ...total(pieces(graph)) });
  const transfers = await mapBounded(
    graph.blobs,
    concurrency,
    (blob, stop) => transferBlob(copying, blob, stop),
    { signal },
  );
  for (const level of graph.levels) {
    const sent = await mapBounded(
      level,
      concurrency,
      (manifest, stop) => transferManifest(copying, manifest, stop),
      { signal },
    );
    transfers.push(...sent);
  }
  // The root is the last one. One that was there is tagged by itself.
  const isNamed = pushRoot !== undefined && transfers.at(-1)?.action === "copied";
  if (isNamed) onProgress?.({ kind: "tagged", tag: pushRoot.tag, descriptor: root });
  else if (!dryRun) await nameRoot(target, root, options);
  return summarise(root, transfers);
}

function pieces(graph: ContentGraph): Descriptor[] {
  return [...graph.blobs, ...graph.levels.flat().map(({ descriptor }) => descriptor)];
}

/** How the root is stored and tagged in one step; undefined where it is a blob or gets no tag, or the target can't do that. */
function inOneStep(
  { capabilities }: ContentStore,
  root: Descriptor,
  { tag, dryRun = false }: CopyOptions,
): (NonNullable<Copying["pushRoot"]> & { readonly tag: string }) | undefined {
  const { pushTagged } = capabilities;
  if (pushTagged === undefined || tag === undefined || dryRun || !namesContent(root)) {
    return undefined;
  }
  const push: ContentStore["push"] = (descriptor, source, options) =>
    pushTagged(descriptor, source, tag, options);
  return { digest: root.digest, tag, push };
}

async function nameRoot(
  target: ContentStore,
  root: Descriptor,
  { tag, keepRoot = true, signal, onProgress }: CopyOptions,
): Promise<void> {
  if (tag === undefined && !keepRoot) return;
  await blaming("tag", "target", root, target, () =>
    tag === undefined
      ? target.capabilities.addRoot?.(root, { signal })
      : target.tag(root, tag, { signal }),
  );
  if (tag !== undefined) onProgress?.({ kind: "tagged", tag, descriptor: root });
}

/** Sums up transfers by what happened. */
export function summarise(root: Descriptor, transfers: readonly Transfer[]): CopySummary {
  const of = (action: TransferAction): TransferTotal => {
    const { pieces: count, bytes } = total(
      transfers.filter((transfer) => transfer.action === action).map((t) => t.descriptor),
    );
    return { count, bytes };
  };
  return {
    root,
    transfers,
    copied: of("copied"),
    skipped: of("skipped"),
    mounted: of("mounted"),
    replaced: of("replaced"),
  };
}

function total(descriptors: readonly Descriptor[]): { pieces: number; bytes: number } {
  const bytes = descriptors.reduce((sum, { size }) => sum + size, 0);
  return { pieces: descriptors.length, bytes };
}
