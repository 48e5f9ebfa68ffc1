// SPDX-License-Identifier: MIT
import { setImmediate } from "node:timers/promises";
import { throwIfAborted } from "../../bytes/abort.ts";
import type { ByteString } from "../../bytes/byte-string.ts";
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";
import { pairTrees, type FilesystemOf, type PathPair } from "../../rootfs/walk-filesystem.ts";

export interface PaceOptions extends AbortOptions {
  /** What to call the work in messages. */
  readonly what: string;
  /** Called several times a second with the number of pairs that are done. */
  readonly onTurn: (done: number) => void;
  /** What to wait for, if anything, before a directory of the second tree is listed. */
  readonly prepare?: ((directory: ByteString) => Promise<void> | undefined) | undefined;
  /** What to wait for, if anything, before the next pair. */
  readonly pause?: (() => Promise<void> | undefined) | undefined;
}

const PAIRS_PER_LOOK = 32;
const TURN_MS = 50;

/**
 * Calls the synchronous `work` for every pair of two trees, and regularly lets the event loop run.
 * @returns how many pairs there were
 * @throws OciError `aborted`; what the trees and `work` throw
 */
export async function withEveryPair<One extends Node, Other extends Node>(
  one: FilesystemOf<One>,
  other: FilesystemOf<Other>,
  work: (pair: PathPair<One, Other>) => void,
  { what, onTurn, prepare, pause, signal }: PaceOptions,
): Promise<number> {
  let done = 0;
  let turn = Date.now();
  throwIfAborted(signal, what);
  for (const pair of pairTrees(one, other)) {
    work(pair);
    done += 1;
    const prepared = pair[2]?.type === "directory" ? prepare?.(pair[0]) : undefined;
    if (prepared !== undefined) await prepared;
    if (done % PAIRS_PER_LOOK !== 0) continue;
    const wait = pause?.();
    if (wait === undefined && Date.now() - turn < TURN_MS) continue;
    onTurn(done);
    await (wait ?? setImmediate());
    throwIfAborted(signal, what);
    turn = Date.now();
  }
  onTurn(done);
  return done;
}
