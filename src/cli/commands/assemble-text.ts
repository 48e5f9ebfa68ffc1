// SPDX-License-Identifier: MIT
import { escapeText } from "../../bytes/byte-string.ts";
import type { AssembledLayer, AssemblePlan, AssembleResult } from "../../assemble/result.ts";
import { shortDigest } from "../../oci/digest.ts";
import { count, formatBytes, table } from "../output/format.ts";

/** What was made of one architecture, for people. */
export function renderResult(name: string, place: string, result: AssembleResult): string {
  const { changed, descriptor, layers, runId } = result;
  if (!changed) {
    return `${name}: ${place} is up to date, nothing to do (${descriptor.digest})\n`;
  }
  const inputs = result.inputs.map((input) => [
    `  from ${input.name}`,
    shortDigest(input.digest),
    escapeText(input.reference),
  ]);
  return (
    `${name}: ${place} ${descriptor.digest}, run ${runId}\n` +
    table(inputs) +
    table(layers.map(layerRow))
  );
}

function layerRow(layer: AssembledLayer): string[] {
  const { name, entries, bytes, descriptor, reused } = layer;
  return [
    `  layer ${escapeText(name)}`,
    shortDigest(descriptor.digest),
    formatBytes(descriptor.size),
    `${count(entries, "entry", "entries")}, ${formatBytes(bytes)}`,
    reused ? "unchanged" : "written",
  ];
}

/** What would be made of one architecture, for people. */
export function renderPlan(name: string, place: string, plan: AssemblePlan): string {
  const warnings = plan.warnings
    .map(({ message }) => `  warning: ${escapeText(message)}\n`)
    .join("");
  if (!plan.changed) return `${name}: ${place} is up to date, nothing to do\n${warnings}`;
  const layers = plan.layers.map((layer) => {
    const paths = layer.paths.map(({ type, path, size }) => [
      `    ${type}`,
      type === "file" ? formatBytes(size) : "",
      path,
    ]);
    const head = `  layer ${escapeText(layer.name)}: ${count(layer.entries, "entry", "entries")}, ${formatBytes(layer.bytes)}${layer.reused ? ", unchanged" : ""}\n`;
    return layer.reused ? head : head + table(paths);
  });
  return `${name}: would assemble ${place}\n${layers.join("")}${warnings}`;
}
