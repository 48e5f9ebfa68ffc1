// SPDX-License-Identifier: MIT
import type {
  AssembledLayer,
  AssemblePlan,
  AssembleResult,
} from "../../assemble/assemble-options.ts";
import { count, formatBytes, table } from "../output/format.ts";

/** What was assembled for one architecture, as lines for people. */
export function resultLines(name: string, place: string, result: AssembleResult): string[] {
  const { changed, descriptor, layers, runId } = result;
  if (!changed) return [`${name}: ${place} is up to date, nothing to do (${descriptor.digest})`];
  const inputs = result.inputs.map((input) => [
    `  from ${input.name}`,
    input.digest,
    input.reference,
  ]);
  return [
    `${name}: ${place} ${descriptor.digest}, run ${runId}`,
    ...table(inputs),
    ...table(layers.map(layerRow)),
  ];
}

function layerRow(layer: AssembledLayer): string[] {
  const { name, entries, bytes, descriptor, reused } = layer;
  return [
    `  layer ${name}`,
    descriptor.digest,
    formatBytes(descriptor.size),
    `${count(entries, "entry", "entries")}, ${formatBytes(bytes)}`,
    reused ? "unchanged" : "written",
  ];
}

/** What would be assembled for one architecture, as lines for people. */
export function planLines(name: string, place: string, plan: AssemblePlan): string[] {
  const warnings = plan.warnings.map(({ message }) => `  warning: ${message}`);
  if (!plan.changed) return [`${name}: ${place} is up to date, nothing to do`, ...warnings];
  const layers = plan.layers.flatMap((layer) => {
    const head = `  layer ${layer.name}: ${count(layer.entries, "entry", "entries")}, ${formatBytes(layer.bytes)}`;
    if (layer.reused) return [`${head}, unchanged`];
    const paths = layer.paths.map(({ type, path, size }) => [
      `    ${type}`,
      type === "file" ? formatBytes(size) : "",
      path,
    ]);
    return [head, ...table(paths)];
  });
  return [`${name}: would assemble ${place}`, ...layers, ...warnings];
}
