// SPDX-License-Identifier: MIT
import type { CopiedReference, CopiedRoot } from "../../image/by-reference/copy-reference.ts";
import type { CopiedTags, TagResult } from "../../image/by-reference/copy-tags.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { isIndexType } from "../../oci/media-types.ts";
import { formatPlatform } from "../../oci/platform.ts";
import type { Outcome } from "../command.ts";
import { DONE, FAILED } from "../exit-status.ts";
import { absentLines } from "../output/absent-lines.ts";
import { formatBytes } from "../../bytes/format-bytes.ts";
import { count } from "../../report/text/format.ts";
import { notSentParts, targetName } from "../output/transfer-text.ts";

/** The outcome of a copy, or of a dry run. */
export function copiedOutcome(result: CopiedReference, dryRun: boolean): Outcome {
  const { store, tag, root, absent } = result;
  return {
    status: DONE,
    document: {
      ...{ store, tag, digest: root.digest, dryRun, ...totalsOf(result) },
      ...(absent.length > 0 && { absent }),
    },
    lines: [
      `${targetName(result)} ${root.digest}: ${partsOf(result, dryRun).join("; ")}`,
      ...changeLines(result),
      ...absentLines(absent),
    ],
  };
}

/** The outcome of copying all tags; its status is 1 when one of them failed. */
export function copiedTagsOutcome(copied: CopiedTags, dryRun: boolean): Outcome {
  const { store, results, failed, sent } = copied;
  const done = results.filter(({ action }) => action === "copied").length;
  const parts = [
    `${dryRun ? "would copy" : "copied"} ${count(done, "tag")}, ${formatBytes(sent.bytes)}`,
    ...(results.length - done - failed > 0
      ? [`${count(results.length - done - failed, "tag")} already there`]
      : []),
    ...(failed > 0 ? [`${count(failed, "tag")} failed`] : []),
  ];
  return {
    status: failed > 0 ? FAILED : DONE,
    document: { store, dryRun, tags: results.map(tagDocument), failed, copied: sent },
    lines: [
      ...results.flatMap((result) => tagLines(result, dryRun)),
      `${store}: ${parts.join("; ")}`,
    ],
    notices: results.flatMap((result) =>
      result.action === "failed" ? [`tag ${result.tag} failed: ${result.error.message}`] : [],
    ),
  };
}

function tagDocument(result: TagResult): object {
  const { tag, action } = result;
  switch (result.action) {
    case "present":
      return { tag, action, digest: result.digest };
    case "failed": {
      const { code, message } = result.error;
      return { tag, action, error: { code, message } };
    }
    case "copied":
      return { tag, action, digest: result.copied.root.digest, ...totalsOf(result.copied) };
  }
}

function tagLines(result: TagResult, dryRun: boolean): string[] {
  const { tag } = result;
  switch (result.action) {
    case "present":
      return [`${tag} ${result.digest}: already there`];
    case "failed":
      return [];
    case "copied": {
      const parts = partsOf(result.copied, dryRun);
      return [
        `${tag} ${result.copied.root.digest}: ${parts.join("; ")}`,
        ...changeLines(result.copied),
      ];
    }
  }
}

function totalsOf(result: CopiedRoot): object {
  const { copied, skipped, mounted, replaced, rewritten, dropped, referrers } = result;
  const { droppedAnnotations } = result;
  return {
    ...{ copied, skipped, mounted, replaced },
    ...(rewritten.length > 0 && {
      rewritten: rewritten.map(({ from, to }) => ({ from: from.digest, to: to.digest })),
    }),
    ...(dropped.length > 0 && { dropped }),
    ...(droppedAnnotations.length > 0 && { droppedAnnotations }),
    ...(referrers.length > 0 && { referrers }),
  };
}

function partsOf(result: CopiedRoot, dryRun: boolean): string[] {
  const { copied, skipped, mounted, replaced, referrers } = result;
  return [
    `${dryRun ? "would copy" : "copied"} ${count(copied.count, "piece")}, ${formatBytes(copied.bytes)}`,
    ...(replaced.count > 0 ? [`${formatBytes(replaced.bytes)} over damaged content`] : []),
    ...notSentParts(skipped, mounted),
    ...(referrers.length > 0 ? [`with ${count(referrers.length, "referrer")}`] : []),
  ];
}

function changeLines({ rewritten, dropped, droppedAnnotations }: CopiedRoot): string[] {
  return [
    ...rewritten.map(({ from, to }) => `  ${nameOf(from)} ${from.digest} is ${to.digest} now`),
    ...dropped.map((one) => `  left out ${nameOf(one)} ${one.digest}`),
    ...droppedAnnotations.map((what) => `  left out ${what}`),
  ];
}

function nameOf(descriptor: Descriptor): string {
  const { platform, mediaType, artifactType } = descriptor;
  if (artifactType !== undefined && artifactType !== "") return artifactType;
  if (platform?.os === "unknown") return "attestation";
  if (platform !== undefined) return formatPlatform(platform);
  return isIndexType(mediaType) ? "index" : "manifest";
}
