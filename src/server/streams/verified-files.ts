// SPDX-License-Identifier: MIT
import { fstatSync, type BigIntStats } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
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
  /**
   * Remembers an open file that was just put in its place, with bytes that were verified while they were written. Nobody
   * knows of it before this resolves, some milliseconds later: from then on, whoever writes to it is noticed.
   */
  addPlaced(digest: Digest, fd: number): Promise<void>;
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
/** In milliseconds. The longest step of the clock of Linux, by which it sets the times of files. */
const TICK = 10;
const MOST = 10_000;

export function createVerifiedFiles(): VerifiedFiles {
  const known = new Map<Digest, { readonly state: string; readonly until: number }>();
  const remember = (digest: Digest, state: string): void => {
    const [oldest] = known.keys();
    if (known.size >= MOST && oldest !== undefined) known.delete(oldest);
    known.set(digest, { state, until: Date.now() + TRUSTED_FOR });
  };
  return {
    has: (digest, fd) => {
      const found = known.get(digest);
      if (found === undefined) return false;
      if (found.until > Date.now() && found.state === stateOf(fd).text) return true;
      known.delete(digest);
      return false;
    },
    add: (digest, fd, before) => {
      if (isQuiet(before) && before.text === stateOf(fd).text) remember(digest, before.text);
    },
    addPlaced: async (digest, fd) => {
      const placed = stateOf(fd);
      const age = Date.now() - placed.changed;
      // The file system has a clock of its own.
      if (age < 0) return;
      if (age <= TICK) await sleep(TICK + 1 - age);
      if (placed.text === stateOf(fd).text) remember(digest, placed.text);
    },
  };
}

/** Whether the file was last changed so long before that a change from now on gives it another state. */
export function isQuiet({ changed }: FileState): boolean {
  return changed <= Date.now() - STEP;
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
