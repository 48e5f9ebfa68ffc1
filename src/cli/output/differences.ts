// SPDX-License-Identifier: MIT
import { toText } from "../../bytes/byte-string.ts";
import type { FieldDifference } from "../../rootfs/compare/compare-nodes.ts";
import { formatDifference, type Difference } from "../../rootfs/compare/compare-trees.ts";

const MOST_SHOWN = 50;

/** The first fifty differences between two root filesystems as lines for people, and the number of the others. */
export function differenceLines(differences: readonly Difference[]): string[] {
  const more = differences.length - MOST_SHOWN;
  return [
    ...differences.slice(0, MOST_SHOWN).map((difference) => `  ${formatDifference(difference)}`),
    ...(more > 0 ? [`  and ${more} more (--json lists all)`] : []),
  ];
}

/** A difference as a JSON document for programs. */
export function differenceDocument({ path, kind, fields }: Difference): object {
  return {
    path: toText(path),
    kind,
    fields: fields.map(({ field, expected, got }) => ({ field, expected, got })),
  };
}

/** What changed of one path from one state to a later one, a line for each field. */
export function fieldLines(fields: readonly FieldDifference[]): string[] {
  return fields.map(({ field, expected, got }) => `  ${field}: ${expected} -> ${got}`);
}
