// SPDX-License-Identifier: MIT
import type { PackedImage, PackedPath, SkippedPath } from "../../convert/pack/pack-options.ts";
import { shortDigest } from "../../oci/digest.ts";
import type { Outcome } from "../command.ts";
import { DONE } from "../exit-status.ts";
import { count, formatBytes, table } from "../output/format.ts";

/** What was packed, or would be, for programs and for people. */
export function packOutcome(packed: PackedImage, store: string, tag: string | undefined): Outcome {
  const { image, layers, entries, bytes, changes, skipped } = packed;
  const dryRun = image === undefined;
  const digest = image?.digest;
  const document = { store, tag, digest, dryRun, layers, entries, bytes, changes, skipped };
  const warnings = skipped.map(renderSkipped).join("");
  const text = dryRun ? renderPlan(packed) : renderPacked(packed, store, tag);
  return { status: DONE, document, text: warnings + text };
}

function renderSkipped({ path, reason }: SkippedPath): string {
  return `left out ${path}: ${reason}\n`;
}

const SIGNS: Readonly<Record<PackedPath["change"], string>> = Object.freeze({
  added: "A",
  changed: "C",
  removed: "D",
});

function renderPlan({ changes, entries, bytes }: PackedImage): string {
  const lines = changes.map(({ change, path }) => `${SIGNS[change]} ${path}\n`).join("");
  const would = `would pack ${count(entries, "entry", "entries")}, ${formatBytes(bytes)} of content`;
  return `${lines}${entries === 0 ? "nothing to pack" : would}\n`;
}

function renderPacked(
  { image, layers }: PackedImage,
  store: string,
  tag: string | undefined,
): string {
  const name = tag === undefined ? store : `${store}:${tag}`;
  const rows = layers.map(({ descriptor, diffId, entries, bytes }) => [
    "  layer",
    shortDigest(descriptor.digest),
    formatBytes(descriptor.size),
    `${count(entries, "entry", "entries")}, ${formatBytes(bytes)}`,
    `diffID ${shortDigest(diffId)}`,
  ]);
  const unchanged = layers.length === 0 ? ": nothing changed, it is the base" : "";
  return `${name} ${image!.digest}${unchanged}\n${table(rows)}`;
}
