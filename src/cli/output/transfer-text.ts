// SPDX-License-Identifier: MIT
import type { WrittenTo } from "../../image/by-reference/with-reference.ts";
import type { TransferTotal } from "../../store/copy/copy.ts";
import { escapeLine } from "../../report/text/escape-line.ts";
import { formatBytes } from "../../bytes/format-bytes.ts";

/** What was not sent, because it was there already or the registry mounted it from another repository. */
export function notSentParts(skipped: TransferTotal, mounted: TransferTotal): string[] {
  return [
    ...(skipped.count > 0 ? [`${formatBytes(skipped.bytes)} already there`] : []),
    ...(mounted.count > 0 ? [`${formatBytes(mounted.bytes)} mounted`] : []),
  ];
}

/** The name of the store that was written to, with the tag if there is one. */
export function targetName({ store, tag }: WrittenTo): string {
  return escapeLine(tag === undefined ? store : `${store}:${tag}`);
}
