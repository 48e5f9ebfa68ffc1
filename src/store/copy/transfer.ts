// SPDX-License-Identifier: MIT
import { throwIfAborted } from "../../bytes/abort.ts";
import { sourceOf, type AbortOptions, type Source } from "../../bytes/bytes.ts";
import { observe, type BytesObserver } from "../../bytes/verify.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { OciError } from "../../oci/errors.ts";
import type { GraphManifest } from "../content-graph.ts";
import { blame, blaming } from "./copy-error.ts";
import { storedContent } from "../read-content.ts";
import type { ContentStore, ReadableStore } from "../store.ts";

/** What happened to one piece of content: sent, already there, or taken over inside the registry. */
export type TransferAction = "copied" | "skipped" | "mounted";

/** One piece of content of a copy. */
export interface Transfer {
  readonly descriptor: Descriptor;
  readonly kind: "manifest" | "blob";
  readonly action: TransferAction;
}

/** What a running copy tells. `bytes` of a progress start again from 0 when the target tries again. */
export type CopyEvent =
  | { readonly kind: "planned"; readonly pieces: number; readonly bytes: number }
  | { readonly kind: "started"; readonly descriptor: Descriptor }
  | { readonly kind: "progress"; readonly descriptor: Descriptor; readonly bytes: number }
  | { readonly kind: "finished"; readonly transfer: Transfer }
  | { readonly kind: "tagged"; readonly tag: string; readonly descriptor: Descriptor };

/** A copy under way. */
export interface Copying {
  readonly source: ReadableStore;
  readonly target: ContentStore;
  readonly dryRun: boolean;
  readonly onProgress: ((event: CopyEvent) => void) | undefined;
}

const PROGRESS_INTERVAL = 100;

/** Brings one blob to the target, unless it is there. @throws CopyError */
export async function transferBlob(
  copying: Copying,
  descriptor: Descriptor,
  signal: AbortSignal,
): Promise<Transfer> {
  const { source, target, dryRun } = copying;
  const abort = { signal };
  throwIfAborted(signal, `copy: ${descriptor.digest}`);
  const held = await blaming("check", "target", descriptor, target, () =>
    target.exists(descriptor, abort),
  );
  if (held) return finish(copying, { descriptor, kind: "blob", action: "skipped" });
  await checkForeign(copying, descriptor, abort);
  if (!dryRun) {
    const mounted = await blaming("mount", "target", descriptor, target, () =>
      target.capabilities.mount?.(descriptor, source, abort),
    );
    if (mounted === true) return finish(copying, { descriptor, kind: "blob", action: "mounted" });
    await send(copying, descriptor, storedContent(source, descriptor), abort);
  }
  return finish(copying, { descriptor, kind: "blob", action: "copied" });
}

/** Brings one manifest or index to the target, whose children are there. @throws CopyError */
export async function transferManifest(
  copying: Copying,
  { descriptor, bytes }: GraphManifest,
  signal: AbortSignal,
): Promise<Transfer> {
  const { source, target, dryRun } = copying;
  const abort = { signal };
  throwIfAborted(signal, `copy: ${descriptor.digest}`);
  const held = await blaming("check", "target", descriptor, target, () =>
    target.exists(descriptor, abort),
  );
  if (held) return finish(copying, { descriptor, kind: "manifest", action: "skipped" });
  if (!dryRun) {
    const content = bytes === undefined ? storedContent(source, descriptor) : sourceOf(bytes);
    await send(copying, descriptor, content, abort);
  }
  return finish(copying, { descriptor, kind: "manifest", action: "copied" });
}

/** Layers that their makers keep elsewhere (`urls`) may be missing at the source too: that is said, never passed over. */
async function checkForeign(
  { source }: Copying,
  descriptor: Descriptor,
  abort: AbortOptions,
): Promise<void> {
  if (descriptor.urls === undefined || descriptor.urls.length === 0) return;
  await blaming("read", "source", descriptor, source, async () => {
    if (await source.exists(descriptor, abort)) return;
    throw new OciError(
      "not-found",
      `${source.name}: expected ${descriptor.digest}, got only the addresses where its maker keeps it`,
      {
        details: { descriptor },
        hint: "Get the layer from there, push it to the target by its digest, and copy again.",
      },
    );
  });
}

/** Pushes what verifies itself as that, so that it is not hashed again, and blames who failed. */
async function send(
  { source, target, onProgress }: Copying,
  descriptor: Descriptor,
  content: Source,
  abort: AbortOptions,
): Promise<void> {
  onProgress?.({ kind: "started", descriptor });
  let broken: { readonly error: unknown } | undefined;
  const pushed: Source = {
    size: descriptor.size,
    open: (options) => {
      broken = undefined;
      return observe(content.open(options), {
        onChunk: onProgress && counter(descriptor, onProgress, options?.offset),
        onFailure: (error) => (broken = { error }),
      });
    },
  };
  try {
    await target.push(descriptor, pushed, abort);
  } catch (error) {
    throw broken === undefined
      ? blame("send", "target", descriptor, target, error)
      : blame("read", "source", descriptor, source, broken.error);
  }
}

function counter(
  descriptor: Descriptor,
  onProgress: (event: CopyEvent) => void,
  from = 0,
): BytesObserver["onChunk"] {
  let bytes = from;
  let due = performance.now() + PROGRESS_INTERVAL;
  return (length) => {
    bytes += length;
    if (performance.now() < due) return;
    onProgress({ kind: "progress", descriptor, bytes });
    due = performance.now() + PROGRESS_INTERVAL;
  };
}

function finish({ onProgress }: Copying, transfer: Transfer): Transfer {
  onProgress?.({ kind: "finished", transfer });
  return transfer;
}
