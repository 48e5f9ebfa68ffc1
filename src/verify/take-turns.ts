// SPDX-License-Identifier: MIT
import { setImmediate } from "node:timers/promises";
import { throwIfAborted } from "../bytes/abort.ts";
import type { AbortOptions } from "../bytes/bytes.ts";

/** Milliseconds that work in memory goes on before others have their turn. */
const TURN = 20;

/**
 * Returns a function to await in a loop that is long and waits for nothing: now and then it lets other work run, so
 * that a signal can fire at all, and ends the loop when one did.
 * @throws from the function: OciError `aborted`
 */
export function takeTurns({ signal }: AbortOptions, what: string): () => Promise<void> | undefined {
  let since = performance.now();
  const yieldTurn = async (): Promise<void> => {
    await setImmediate();
    since = performance.now();
    throwIfAborted(signal, what);
  };
  throwIfAborted(signal, what);
  return () => (performance.now() - since < TURN ? undefined : yieldTurn());
}
