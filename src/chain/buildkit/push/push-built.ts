// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../../bytes/bytes.ts";
import type { Descriptor } from "../../../oci/documents/descriptor.ts";
import { persist, isTransient } from "../../../registry/transport/persist.ts";
import { DEFAULT_RETRY_POLICY, type RetryPolicy } from "../../../registry/registry-options.ts";
import { copy, type CopySummary } from "../../../store/copy/copy.ts";
import type { CopyEvent } from "../../../store/copy/transfer.ts";
import type { ContentStore, ReadableStore } from "../../../store/store.ts";

/** Options of {@link pushBuilt}. */
export interface PushBuiltOptions extends AbortOptions {
  /** Without one the image is pushed by its digest alone. */
  readonly tag?: string | undefined;
  /** Of whole pushes; each request has retries of its own. */
  readonly retry?: Partial<RetryPolicy> | undefined;
  readonly onProgress?: ((event: PushBuiltEvent) => void) | undefined;
}

/** What happens in a push. */
export type PushBuiltEvent =
  | CopyEvent
  /** A push failed in a way that may pass, and is made again. */
  | { readonly kind: "push-failed"; readonly attempt: number; readonly error: unknown };

/** As long as an hour's outage of a registry is worth waiting for: about two minutes. */
const PUSH_POLICY: RetryPolicy = Object.freeze({
  ...DEFAULT_RETRY_POLICY,
  attempts: 4,
  delay: 15_000,
});

/**
 * Pushes what was built. A push that fails in a way that may pass is made again, and sends only what is missing; the
 * image is never built again for it. What may pass is told by the error's type: a registry that was not reached, asks
 * to wait or is in trouble, never by words in a log.
 * @throws CopyError, the last one
 */
export async function pushBuilt(
  source: ReadableStore,
  root: Descriptor,
  target: ContentStore,
  options: PushBuiltOptions = {},
): Promise<CopySummary> {
  const { tag, signal, onProgress } = options;
  const policy = { ...PUSH_POLICY, ...options.retry };
  let attempt = 0;
  return persist(policy, () => copy(source, root, target, { tag, signal, onProgress }), {
    signal,
    worthwhile: (error) => {
      attempt += 1;
      const may = isTransientBelow(error);
      if (may && attempt < policy.attempts) onProgress?.({ kind: "push-failed", attempt, error });
      return may;
    },
  });
}

/** Whether an error, or what caused it, may pass. */
function isTransientBelow(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if (isTransient(at)) return true;
  return false;
}
