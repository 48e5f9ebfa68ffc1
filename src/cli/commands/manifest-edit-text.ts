// SPDX-License-Identifier: MIT
import { isAttestation } from "../../image/list-images.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { formatPlatform } from "../../oci/platform.ts";
import type { EditedIndex } from "../../publish/edit/tagged-index.ts";
import type { Outcome } from "../command.ts";
import { DONE } from "../exit-status.ts";
import { formatBytes } from "../../bytes/format-bytes.ts";
import { count, table } from "../../report/text/format.ts";
import { notSentParts } from "../output/transfer-text.ts";

/** The outcome of an edit of an index: what it was and is, and which entries came and went. */
export function editedIndexOutcome(
  edited: EditedIndex,
  { dryRun }: { readonly dryRun: boolean },
): Outcome {
  const { store, tag, before, index, changed, added, removed, referrers } = edited;
  const { copied, skipped, mounted } = edited;
  const digest = index.descriptor.digest;
  const parts = [
    ...(copied.count > 0
      ? [`${dryRun ? "would copy" : "copied"} ${formatBytes(copied.bytes)}`]
      : []),
    ...notSentParts(skipped, mounted),
  ];
  const would = dryRun && changed ? "would set " : "";
  const was = before === undefined ? "" : ` (was ${before.digest})`;
  const what = changed ? `${digest}${was}` : `${digest}: nothing to do`;
  return {
    status: DONE,
    document: {
      ...{ store, tag, dryRun, before: before?.digest, digest, changed, added, removed },
      ...{ copied, skipped, mounted },
      ...(referrers.length > 0 && { referrers }),
    },
    lines: [
      `${would}${store}:${tag} ${what}${parts.length === 0 || !changed ? "" : `; ${parts.join("; ")}`}`,
      ...table([...removed.map((one) => row("-", one)), ...added.map((one) => row("+", one))]),
    ],
    notices:
      referrers.length === 0
        ? []
        : [
            `the old index ${before!.digest} keeps its ${count(referrers.length, "referrer")} (signatures, SBOMs); the new one has none`,
          ],
  };
}

function row(sign: string, entry: Descriptor): string[] {
  const { platform, mediaType, digest } = entry;
  const name = isAttestation(entry)
    ? "attestation"
    : platform === undefined
      ? mediaType
      : formatPlatform(platform);
  return [`  ${sign} ${name}`, digest];
}
