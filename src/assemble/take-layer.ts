// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../bytes/bytes.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { transferBlob, type TransferAction } from "../store/copy/transfer.ts";
import type { ContentStore, ReadableStore } from "../store/store.ts";
import type { AssembledLayer, LayerAction } from "./assemble-options.ts";

/** A layer that is taken as it stands, and where. */
export interface TakenLayer {
  readonly store: ReadableStore;
  readonly taken: Omit<AssembledLayer, "name" | "action" | "reused">;
}

const ACTIONS: Readonly<Record<TransferAction, LayerAction>> = {
  ...{ skipped: "kept", mounted: "mounted", copied: "sent", replaced: "sent" },
};

/**
 * Brings a layer to the target, byte for byte: what the target's registry holds in another repository is mounted, and
 * not sent. A dry run says what would be done; a registry may still decline a mount.
 */
export async function takeLayer(
  descriptor: Descriptor,
  store: ReadableStore,
  target: ContentStore,
  {
    dryRun = false,
    signal = new AbortController().signal,
  }: AbortOptions & { readonly dryRun?: boolean } = {},
): Promise<LayerAction> {
  const copying = { source: store, target, dryRun, onProgress: undefined };
  const { action } = await transferBlob(copying, descriptor, signal);
  return ACTIONS[action];
}

/** Whether a store is a repository of the registry that the target is in, the target itself included. */
export function isBeside({ name }: ReadableStore, target: ReadableStore | undefined): boolean {
  if (target?.capabilities.mount === undefined) return false;
  return target.name === name || target.capabilities.sibling?.(name) !== undefined;
}
