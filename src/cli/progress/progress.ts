// SPDX-License-Identifier: MIT
import type { Output } from "../context.ts";
import { milliseconds } from "./clock.ts";
import { fitWidth } from "../../report/text/display-width.ts";
import { printEvent, printLines } from "../output/print.ts";
import { escapeLine } from "../../report/text/escape-line.ts";

/** Reports on stderr how far a command is. */
export interface Progress {
  /**
   * @param text the progress of the whole command
   * @param event the library's event, for programs
   * @param parts the progress of each part being worked on
   */
  show(text: string, event: object, parts?: readonly string[]): void;
  /** Wipes what was drawn, so that other output starts on an empty line. Idempotent. */
  clear(): void;
}

/** How progress is shown: `auto` draws on a terminal and is `plain` elsewhere; `none` shows nothing. */
export type ProgressKind = "auto" | "plain" | "json" | "none";

export const PROGRESS_KINDS: readonly ProgressKind[] = ["auto", "plain", "json", "none"];

const INTERVAL = 100;
/** Milliseconds between the lines that `plain` progress prints, and before the first. */
const PLAIN_INTERVAL = 10_000;
const MOST_PARTS = 8;
const WIDTH = 80;

/** Opens the progress of a command. The caller clears it before writing anything else. */
export function openProgress(output: Output, kind: ProgressKind, now = milliseconds): Progress {
  switch (kind) {
    case "none":
      return { show: () => undefined, clear: () => undefined };
    case "json":
      return { show: (_, event) => printEvent(output, plainEvent(event)), clear: () => undefined };
    case "plain":
      return linesNowAndThen(output, now);
    case "auto":
      return output.isTTY === true ? drawing(output, now) : linesNowAndThen(output, now);
  }
}

function linesNowAndThen(output: Output, now: () => number): Progress {
  let told = now();
  return {
    show(text) {
      if (now() - told < PLAIN_INTERVAL) return;
      told = now();
      printLines(output, [`oci-kit: ${text}`]);
    },
    clear: () => undefined,
  };
}

/** Redraws in place, at most ten times a second. It uses no colours, so NO_COLOR needs no support. */
function drawing(output: Output, now: () => number): Progress {
  let drawn = -Infinity;
  let height = 0;
  const wipe = (): string => (height > 1 ? `\r\u001b[${height - 1}A\u001b[J` : "\r\u001b[J");
  return {
    show(text, _, parts = []) {
      if (now() - drawn < INTERVAL) return;
      drawn = now();
      const width = (output.columns ?? WIDTH) - 1;
      const lines = [...parts.slice(0, MOST_PARTS), text];
      const block = lines.map((line) => fitWidth(escapeLine(line), width)).join("\n");
      output.write(`${wipe()}${block}`);
      height = lines.length;
    },
    clear() {
      if (height > 0) output.write(wipe());
      height = 0;
      drawn = -Infinity;
    },
  };
}

/** An event for programs, in which errors are replaced by their messages. */
function plainEvent(event: object): object {
  return Object.fromEntries(
    Object.entries(event).map(([key, value]: [string, unknown]) => [
      key,
      value instanceof Error ? value.message : value,
    ]),
  );
}
