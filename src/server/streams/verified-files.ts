// SPDX-License-Identifier: MIT
import { fstatSync, type BigIntStats } from "node:fs";
import type { Digest } from "../../oci/digest.ts";

/**
 * Which stored files were found to be what they should be a moment ago, so that content that many clients pull
 * at once is hashed once. A file counts only for a short time, and only as long as the file system says that
 * nobody wrote to it or put another in its place.
 */
export interface VerifiedFiles {
  /** Whether the open file was verified as this content a moment ago and is still the same. */
  has(digest: Digest, fd: number): boolean;
  /**
   * Remembers that an open file was read whole and verified.
   * @param before its state before it was read: what `stateOf` returned
   */
  add(digest: Digest, fd: number, before: FileState): void;
}

/** What changes whenever a file is written to: the time of its last change, among others. */
export interface FileState {
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly changed: number;
}

/** In milliseconds. */
const TRUSTED_FOR = 60_000;
/** In milliseconds. The times of a file have steps: two writes in one step can't be told apart. */
const STEP = 100;
const MOST = 10_000;

export function createVerifiedFiles(): VerifiedFiles {
  const known = new Map<Digest, { readonly state: string; readonly until: number }>();
  return {
    has: (digest, fd) => {
      const found = known.get(digest);
      if (found === undefined) return false;
      if (found.until > Date.now() && found.state === stateOf(fd).text) return true;
      known.delete(digest);
      return false;
    },
    add: (digest, fd, before) => {
      const now = Date.now();
      if (before.changed > now - STEP || before.text !== stateOf(fd).text) return;
      const [oldest] = known.keys();
      if (known.size >= MOST && oldest !== undefined) known.delete(oldest);
      known.set(digest, { state: before.text, until: now + TRUSTED_FOR });
    },
  };
}

/** The state of an open file. */
export function stateOf(fd: number): FileState {
  const stats: BigIntStats = fstatSync(fd, { bigint: true });
  const { dev, ino, size, mtimeNs, ctimeNs } = stats;
  return {
    text: [dev, ino, size, mtimeNs, ctimeNs].join(":"),
    changed: Number(ctimeNs / 1_000_000n),
  };
}
