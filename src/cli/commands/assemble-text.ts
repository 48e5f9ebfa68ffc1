// SPDX-License-Identifier: MIT
import type {
  AssembledLayer,
  AssemblePlan,
  AssembleResult,
  LayerAction,
  PlannedLayerSummary,
} from "../../assemble/assemble-options.ts";
import { shortDigest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { formatBytes } from "../../bytes/format-bytes.ts";
import { count, table } from "../../report/text/format.ts";

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
  const { name, entries, bytes, descriptor, reused, artifact, group } = layer;
  return [
    `  layer ${name}`,
    descriptor.digest,
    formatBytes(descriptor.size),
    `${count(entries, "entry", "entries")}, ${formatBytes(bytes)}`,
    artifact === undefined ? (reused ? "unchanged" : "written") : `of artifact ${artifact}`,
    ...(group === undefined ? [] : [group]),
  ];
}

/** What would be assembled for one architecture, as lines for people. */
export function planLines(
  name: string,
  place: string,
  plan: AssemblePlan,
  rate: number | undefined,
): string[] {
  const warnings = plan.warnings.map(({ message }) => `  warning: ${message}`);
  if (!plan.changed) return [`${name}: ${place} is up to date, nothing to do`, ...warnings];
  const layers = plan.layers.flatMap((layer, at) => {
    if (layer.group !== undefined)
      return plan.layers[at - 1]?.name === layer.name ? [] : [splitLine(layer.name, plan)];
    const head = `  layer ${layer.name}: ${count(layer.entries, "entry", "entries")}, ${formatBytes(layer.bytes)}`;
    if (layer.reused) return [`${head}, unchanged`];
    const paths = layer.paths.map(({ type, path, size }) => [
      `    ${type}`,
      type === "file" ? formatBytes(size) : "",
      path,
    ]);
    return [head, ...table(paths)];
  });
  return [
    `${name}: would assemble ${place}`,
    ...layers,
    ...table(transferRows(plan)),
    totalLine(plan, rate),
    ...warnings,
  ];
}

/** What a layer that is split becomes; the table below has each of these layers. */
function splitLine(name: string, { layers }: AssemblePlan): string {
  const own = layers.filter((layer) => layer.name === name);
  const sum = (of: "entries" | "bytes"): number => own.reduce((all, layer) => all + layer[of], 0);
  const fresh = own.filter(({ reused }) => !reused).length;
  return `  layer ${name}: ${count(sum("entries"), "entry", "entries")}, ${formatBytes(sum("bytes"))}, split into ${count(own.length, "layer")}, ${fresh} new`;
}

/** What an assembly would send, and what not. */
export interface AssemblyTotals {
  readonly sentBytes?: number;
  readonly keptBytes?: number;
  readonly mountedBytes?: number;
  readonly deadBytes?: number;
  readonly seconds?: number;
}

/** Sums up the layers of a plan as they are stored. Nothing where nothing would change. */
export function totalsOf(plan: AssemblePlan, rate: number | undefined): AssemblyTotals {
  if (!plan.changed) return {};
  const all = [...(plan.base ?? []), ...plan.layers];
  const bytesOf = (...actions: readonly LayerAction[]): number =>
    all.reduce((sum, { action, descriptor }) => {
      const counts = action !== undefined && actions.includes(action);
      return counts ? sum + descriptor!.size : sum;
    }, 0);
  const sentBytes = bytesOf("new", "sent");
  return {
    ...{ sentBytes, keptBytes: bytesOf("kept"), mountedBytes: bytesOf("mounted") },
    deadBytes: plan.layers.reduce((sum, { deadBytes = 0 }) => sum + deadBytes, 0),
    ...(rate !== undefined && { seconds: Math.round((sentBytes / rate) * 10) / 10 }),
  };
}

const MOST_NAMES = 6;

function transferRows({ base = [], layers }: AssemblePlan): string[][] {
  const row = (action: LayerAction, { digest, size }: Descriptor, what: string): string[] => [
    ...[`  ${action}`, shortDigest(digest), formatBytes(size), what],
  ];
  return [
    ...base.map(({ action, descriptor }) => row(action, descriptor, "base")),
    ...layers.flatMap((layer) => {
      const { action, descriptor } = layer;
      if (action === undefined || descriptor === undefined) return [];
      return [row(action, descriptor, [layer.name, ...whyOf(layer)].join(": "))];
    }),
  ];
}

/** Why a layer is what it is: where it is taken from, or what changed in it. */
function whyOf(layer: PlannedLayerSummary): string[] {
  const { artifact, group, components = [], removed = 0, deadBytes = 0 } = layer;
  const names = components.map(({ name }) => name).filter((name) => name !== group);
  const more = names.length - MOST_NAMES;
  const parts = [
    ...(artifact === undefined ? [] : [`of artifact ${artifact}`]),
    ...(group === undefined ? [] : [group]),
    ...names.slice(0, MOST_NAMES),
    ...(more > 0 ? [`${more} more`] : []),
    ...(removed > 0 ? [`removes ${count(removed, "path")}`] : []),
    ...(deadBytes > 0 ? [`${formatBytes(deadBytes)} of its tar dead`] : []),
  ];
  return parts.length === 0 ? [] : [parts.join(", ")];
}

function totalLine(plan: AssemblePlan, rate: number | undefined): string {
  const totals = totalsOf(plan, rate);
  const { sentBytes = 0, keptBytes = 0, mountedBytes = 0, deadBytes = 0, seconds } = totals;
  const time = seconds === undefined ? "" : `, ${seconds.toFixed(1)} s at that rate`;
  const dead = deadBytes === 0 ? "" : `; ${formatBytes(deadBytes)} of tars dead`;
  return `  sends ${formatBytes(sentBytes)} of ${formatBytes(sentBytes + keptBytes + mountedBytes)}${time}${dead}`;
}
