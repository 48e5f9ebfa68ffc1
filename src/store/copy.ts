// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../bytes/bytes.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { OciError } from "../oci/errors.ts";
import type { Limits } from "../oci/limits.ts";
import type { ContentStore, ReadableStore } from "./store.ts";

/** Options of {@link copy}. */
export interface CopyOptions extends AbortOptions {
  /** The tag that names the root at the target, set last. Without it the root has only its digest. */
  readonly tag?: string | undefined;
  /** Pieces of content in flight at a time. */
  readonly concurrency?: number | undefined;
  /** Ask the target what it lacks, and send nothing. */
  readonly dryRun?: boolean | undefined;
  /** Never awaited; at most ten `progress` events a second for one piece of content. */
  readonly onProgress?: ((event: CopyEvent) => void) | undefined;
  readonly limits?: Partial<Limits> | undefined;
}

/** What happened to one piece of content: sent, already there, or taken over inside the registry. */
export type TransferAction = "copied" | "skipped" | "mounted";

/** One piece of content of a copy. */
export interface Transfer {
  readonly descriptor: Descriptor;
  readonly kind: "manifest" | "blob";
  readonly action: TransferAction;
}

/** What a running copy tells. Bytes are those of content, before any retry. */
export type CopyEvent =
  | { readonly type: "planned"; readonly pieces: number; readonly bytes: number }
  | { readonly type: "started"; readonly descriptor: Descriptor }
  | { readonly type: "progress"; readonly descriptor: Descriptor; readonly bytes: number }
  | { readonly type: "finished"; readonly transfer: Transfer }
  | { readonly type: "tagged"; readonly tag: string; readonly descriptor: Descriptor };

/** Pieces of content, and the sum of their sizes. */
export interface TransferTotal {
  readonly count: number;
  readonly bytes: number;
}

/** What a copy did, or with `dryRun` what it would do (what would be mounted counts as copied). */
export interface CopySummary {
  readonly root: Descriptor;
  /** Children before parents. */
  readonly transfers: readonly Transfer[];
  readonly copied: TransferTotal;
  readonly skipped: TransferTotal;
  readonly mounted: TransferTotal;
}

export function copy(
  source: ReadableStore,
  root: Descriptor,
  target: ContentStore,
  options: CopyOptions = {},
): Promise<CopySummary> {
  throw new OciError("invalid-argument", source.name, { details: { root, target, options } });
}
