// SPDX-License-Identifier: MIT
import { throwIfAborted } from "../../bytes/abort.ts";
import { sourceOf, type AbortOptions, type Source } from "../../bytes/bytes.ts";
import { observe, type BytesObserver } from "../../bytes/verify.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { OciError } from "../../oci/errors.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Limits } from "../../oci/limits.ts";
import type { GraphManifest } from "../content-graph.ts";
import { blame, blaming } from "./copy-error.ts";
import { mountFromBase } from "./mount-from-base.ts";
import { storedContent } from "../read-content.ts";
import { beyondRepair, presenceOf } from "./presence.ts";
import { isUnlisted } from "./unlisted-referrer.ts";
import type { ContentStore, ReadableStore } from "../store.ts";

/**
 * What happened to a piece of content: sent, found at the target, taken over inside the registry, or sent to
 * replace a damaged one.
 */
export type TransferAction = "copied" | "skipped" | "mounted" | "replaced";

/** One piece of content of a copy. */
export interface Transfer {
  readonly descriptor: Descriptor;
  readonly kind: "manifest" | "blob";
  readonly action: TransferAction;
}

/** An event of a running copy. The `bytes` of `progress` start again from 0 when the target retries. */
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
  /** Read and hash content that the target already has. */
  readonly verifyPresent?: boolean | undefined;
  readonly onProgress: ((event: CopyEvent) => void) | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /**
   * Stores the root and tags it in one step, where the target can. All other content is there by then, and a tag that is
   * refused leaves nothing behind but that.
   */
  readonly pushRoot?: { readonly digest: Digest; readonly push: ContentStore["push"] } | undefined;
  /** Repositories beside the target that may have blobs of the source: see `basesBeside`. */
  readonly bases?: readonly ReadableStore[] | undefined;
}

const PROGRESS_INTERVAL = 100;

/** Brings one blob to the target unless it is there. @throws CopyError */
export async function transferBlob(
  copying: Copying,
  descriptor: Descriptor,
  signal: AbortSignal,
): Promise<Transfer> {
  const { source, target, dryRun } = copying;
  const abort = { signal };
  throwIfAborted(signal, `copy: ${descriptor.digest}`);
  const presence = await presenceOf(copying, descriptor, abort);
  if (presence === "held") {
    return finish(copying, { descriptor, kind: "blob", action: "skipped" });
  }
  await checkForeign(copying, descriptor, abort);
  if (presence === "damaged") {
    const content = storedContent(source, descriptor);
    await replace(copying, descriptor, content, abort);
    return finish(copying, { descriptor, kind: "blob", action: "replaced" });
  }
  if (!dryRun) {
    if (await isMounted(copying, descriptor, abort)) {
      return finish(copying, { descriptor, kind: "blob", action: "mounted" });
    }
    await send(copying, descriptor, storedContent(source, descriptor), abort);
  } else if (target.capabilities.mountsFrom?.(source) === true) {
    return finish(copying, { descriptor, kind: "blob", action: "mounted" });
  }
  return finish(copying, { descriptor, kind: "blob", action: "copied" });
}

/** Tries to have the target take a blob over from another repository. */
async function isMounted(
  { source, target, bases = [] }: Copying,
  descriptor: Descriptor,
  abort: AbortOptions,
): Promise<boolean> {
  const mounted = await blaming("mount", "target", descriptor, target, () =>
    target.capabilities.mount?.(descriptor, source, abort),
  );
  if (mounted === true || bases.length === 0) return mounted === true;
  return blaming("read", "source", descriptor, source, () =>
    mountFromBase(descriptor, source, bases, target, abort),
  );
}

/**
 * Brings one manifest or index to the target. Its children are already there. One that the target holds is sent again
 * if it refers to another and is not listed as doing so. @throws CopyError
 */
export async function transferManifest(
  copying: Copying,
  manifest: GraphManifest,
  signal: AbortSignal,
): Promise<Transfer> {
  const { source, target, dryRun } = copying;
  const { descriptor, bytes } = manifest;
  const abort = { signal };
  throwIfAborted(signal, `copy: ${descriptor.digest}`);
  const presence = await presenceOf(copying, descriptor, abort);
  const isSettled = async (): Promise<boolean> =>
    !(await blaming("check", "target", descriptor, target, () =>
      isUnlisted(target, manifest, { ...abort, limits: copying.limits }),
    ));
  if (presence === "held" && (await isSettled())) {
    return finish(copying, { descriptor, kind: "manifest", action: "skipped" });
  }
  const content = bytes === undefined ? storedContent(source, descriptor) : sourceOf(bytes);
  if (presence === "damaged") {
    await replace(copying, descriptor, content, abort);
    return finish(copying, { descriptor, kind: "manifest", action: "replaced" });
  }
  const { pushRoot } = copying;
  const push = pushRoot?.digest === descriptor.digest ? pushRoot.push : undefined;
  if (!dryRun) await send(copying, descriptor, content, abort, push);
  return finish(copying, { descriptor, kind: "manifest", action: "copied" });
}

/**
 * A layer that is published elsewhere (`urls`) may be missing at the source. That is an error; it is never
 * skipped.
 */
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

/** Sends content to replace the damaged one at the target, or throws if the target can't replace content. */
async function replace(
  copying: Copying,
  descriptor: Descriptor,
  content: Source,
  abort: AbortOptions,
): Promise<void> {
  const { target, dryRun } = copying;
  const { replace: over } = target.capabilities;
  if (over === undefined)
    throw blame("check", "target", descriptor, target, beyondRepair(target, descriptor));
  if (!dryRun) await send(copying, descriptor, content, abort, over);
}

/**
 * Pushes content, and blames the side that fails. Verified content keeps its mark, so that it is not hashed
 * again.
 */
async function send(
  { source, target, onProgress }: Copying,
  descriptor: Descriptor,
  content: Source,
  abort: AbortOptions,
  push: ContentStore["push"] = (...args) => target.push(...args),
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
    await push(descriptor, pushed, abort);
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
