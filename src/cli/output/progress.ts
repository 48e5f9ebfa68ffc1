// SPDX-License-Identifier: MIT
import type { Output } from "../context.ts";

/** One line on the terminal that is drawn over; nothing at all where stderr is not a terminal. */
export interface ProgressLine {
  /** Shows this text instead of the last; at most ten times a second. */
  show(text: string): void;
  /** Wipes the line, so that what follows starts clean. Idempotent. */
  clear(): void;
}

const INTERVAL = 100;
const WIPE = "\r\u001b[2K";

/** Opens the progress line of a command. The caller clears it before writing anything else. */
export function openProgressLine(output: Output): ProgressLine {
  if (output.isTTY !== true) return { show: () => undefined, clear: () => undefined };
  let drawn = 0;
  let visible = false;
  return {
    show(text) {
      const now = performance.now();
      if (visible && now - drawn < INTERVAL) return;
      drawn = now;
      visible = true;
      output.write(`${WIPE}${text.slice(0, (output.columns ?? 80) - 1)}`);
    },
    clear() {
      if (visible) output.write(WIPE);
      visible = false;
    },
  };
}
