// SPDX-License-Identifier: MIT
import type { AssembleProgress } from "../../assemble/assemble-options.ts";
import { count } from "../../report/text/format.ts";
import type { Progress } from "./progress.ts";
import { createTransferMeter } from "./transfer-meter.ts";

/** Shows the progress of assembling one image; `name` is its architecture. */
export function showAssembly(progress: Progress, name: string): (event: AssembleProgress) => void {
  const meter = createTransferMeter();
  return (event) => progress.show(`${name}: ${textOf(event)}`, { architecture: name, ...event });

  function textOf(event: AssembleProgress): string {
    switch (event.kind) {
      case "input":
        return `${event.name} is ${event.digest}`;
      case "planned":
        return `${count(event.layers.length, "layer")} to make`;
      case "reused":
        return `layer ${event.layer} is unchanged`;
      case "read":
        return `from ${event.artifact}: ${meter(event.bytes, event.total)}`;
      case "written":
        return `layer ${event.layer} is written`;
    }
  }
}
