// SPDX-License-Identifier: MIT
import type { PackedImage, PackedPath } from "../../convert/pack/pack-options.ts";
import type { WrittenTo } from "../../image/by-reference/with-reference.ts";
import type { Outcome } from "../command.ts";
import { DONE } from "../exit-status.ts";
import { formatBytes } from "../../bytes/format-bytes.ts";
import { count, table } from "../../report/text/format.ts";
import { targetName } from "../output/transfer-text.ts";

/** The outcome of a pack: what was packed, or would be in a dry run. */
export function packOutcome(packed: PackedImage & WrittenTo): Outcome {
  const { store, tag, image, layers, entries, bytes, changes, skipped } = packed;
  const dryRun = image === undefined;
  const digest = image?.digest;
  return {
    status: DONE,
    document: { store, tag, digest, dryRun, layers, entries, bytes, changes, skipped },
    lines: [
      ...skipped.map(({ path, reason }) => `left out ${path}: ${reason}`),
      ...(dryRun ? planLines(packed) : packedLines(packed)),
    ],
  };
}

const SIGNS: Readonly<Record<PackedPath["change"], string>> = Object.freeze({
  added: "A",
  changed: "C",
  removed: "D",
});

function planLines({ changes, entries, bytes }: PackedImage): string[] {
  const would = `would pack ${count(entries, "entry", "entries")}, ${formatBytes(bytes)} of content`;
  return [
    ...changes.map(({ change, path }) => `${SIGNS[change]} ${path}`),
    entries === 0 ? "nothing to pack" : would,
  ];
}

function packedLines(packed: PackedImage & WrittenTo): string[] {
  const { image, layers } = packed;
  const rows = layers.map(({ descriptor, diffId, entries, bytes }) => [
    "  layer",
    descriptor.digest,
    formatBytes(descriptor.size),
    `${count(entries, "entry", "entries")}, ${formatBytes(bytes)}`,
    `diffID ${diffId}`,
  ]);
  const unchanged = layers.length === 0 ? ": nothing changed, it is the base" : "";
  return [`${targetName(packed)} ${image!.digest}${unchanged}`, ...table(rows)];
}
