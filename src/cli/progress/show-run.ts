// SPDX-License-Identifier: MIT
import type { RunEvent } from "../../chain/run/place/run-options.ts";
import type { Session } from "../command.ts";
import { contextText } from "../output/context-text.ts";
import { formatBytes } from "../../bytes/format-bytes.ts";

/** Shows a run: a line for each image that is being made, and warnings as they come. */
export function showRun({ progress, warn }: Session): (event: RunEvent) => void {
  const parts = new Map<string, string>();
  const sizes = new Map<string, number>();
  let ended = 0;
  return (event) => {
    const { unit } = event;
    if (event.kind === "warning") {
      warn(`${unit}: ${event.message}`);
      return;
    }
    if (event.kind === "unit-ended") {
      ended += 1;
      parts.delete(unit);
      const { unit: of, ...end } = event.end;
      progress.show(`${ended} images done`, { ...event, end: { ...end, image: of.id } });
      return;
    }
    if (event.kind === "context") sizes.set(unit, event.size.bytes);
    const text = textOf(event, sizes.get(unit));
    if (text !== undefined) parts.set(unit, `${unit}: ${text}`);
    const lines = [...parts.values()];
    progress.show(`${ended} images done; ${lines.join("; ")}`, event, lines);
  };
}

/** @param size of the context that the builder is sent; it may have some of it from before */
function textOf(
  event: Exclude<RunEvent, { kind: "warning" | "unit-ended" }>,
  size: number | undefined,
): string | undefined {
  switch (event.kind) {
    case "unit-started":
      return "looking at what it is made of";
    case "context":
      return `sends a context of ${contextText(event.size)}`;
    case "building": {
      const inner = event.event;
      if (inner.kind === "context-sent" && inner.context === "context" && size !== undefined) {
        return `sent ${formatBytes(inner.bytes)} of its context of ${formatBytes(size)}`;
      }
      if (inner.kind !== "step-started" && inner.kind !== "step-finished") return undefined;
      return `step ${inner.count.finished} of ${inner.count.known}: ${inner.step.name}`;
    }
    case "pushing":
      return event.event.kind === "push-failed" ? "the push failed and is made again" : "pushing";
    case "assembling":
      return event.event.kind === "written" ? `layer ${event.event.layer} is written` : undefined;
  }
}
