// SPDX-License-Identifier: MIT
import type { RegistryHabits } from "../habits/registry-habits.ts";

/** How a blob is sent: all of it in one PUT, or in chunks of so many bytes, one PATCH each. */
export type Way = { readonly kind: "put" } | { readonly kind: "chunks"; readonly length: number };

/** The ways to send one blob to one registry, each tried at most once. */
export interface Ways {
  readonly current: Way;
  /**
   * Goes over to another way after the registry refused the current one.
   * @param status the status of its answer
   * @returns false when there is no other way that is worth trying
   */
  change(status: number | undefined): boolean;
  /**
   * The connection broke during the current way. After the second time in one PUT, chunks are next, where the
   * registry takes them: it may end requests that take long, and forget what they sent.
   */
  broke(): void;
}

const PUT: Way = Object.freeze({ kind: "put" });
/** Where even 64 MiB are too large for a proxy on the way, this is a size that all are known to take. */
const SMALL_CHUNK = 4 * 1024 * 1024;
/** Refusals of a PUT that may be meant for its size or its form: then chunks are worth trying. */
const FORM = new Set([404, 405, 411, 413, 415, 501]);
const TOO_LARGE = 413;
/** Breaks of a PUT before it is tried in chunks, and the most bytes of these. */
const BREAKS = 2;
const SHORT_CHUNK = 16 * 1024 * 1024;

/** The way that the registry's habits suggest for a blob of this size, and those to try after it. */
export function waysFor({ chunks }: RegistryHabits, size: number): Ways {
  const isChunked = chunks.use === "always" || (chunks.use === "large" && size >= chunks.from);
  let current: Way = isChunked ? { kind: "chunks", length: chunks.length } : PUT;
  let hasPut = !isChunked;
  let breaks = 0;
  const next = (status: number | undefined): Way | undefined => {
    if (current.kind === "put") {
      const isWorth = chunks.use !== "never" && !isChunked && FORM.has(status ?? 0);
      return isWorth ? { kind: "chunks", length: chunks.length } : undefined;
    }
    if (status === TOO_LARGE && current.length > SMALL_CHUNK) {
      return { kind: "chunks", length: SMALL_CHUNK };
    }
    return hasPut || chunks.use === "always" ? undefined : PUT;
  };
  return {
    get current() {
      return current;
    },
    change: (status) => {
      const other = next(status);
      if (other === undefined) return false;
      current = other;
      hasPut ||= other.kind === "put";
      return true;
    },
    broke: () => {
      if (current.kind !== "put" || chunks.use === "never") return;
      breaks += 1;
      if (breaks >= BREAKS)
        current = { kind: "chunks", length: Math.min(chunks.length, SHORT_CHUNK) };
    },
  };
}
