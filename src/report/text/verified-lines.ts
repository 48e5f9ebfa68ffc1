// SPDX-License-Identifier: MIT
import { formatBytes } from "../../bytes/format-bytes.ts";
import { shortDigest } from "../../oci/digest.ts";
import { formatPlatform } from "../../oci/platform.ts";
import type { VerifiedContent } from "../../store/verify-content.ts";
import {
  isError,
  listCounts,
  type ImageReport,
  type ImagesReport,
} from "../../verify/image/image-report.ts";
import { count, table } from "./format.ts";

/** What was verified, for people: the findings of each image, then a table of what was looked at, then the content. */
export function verifiedLines({ name, content, images }: ImagesReport): readonly string[] {
  return [
    ...images.flatMap(findingLines),
    ...(images.length === 0 ? [`${name}: no image to look into`] : []),
    ...table(images.map(summaryRow)),
    ...(content === undefined ? [] : contentLines(name, content)),
  ];
}

function findingLines(image: ImageReport): readonly string[] {
  if (image.findings.length === 0) return [];
  const rows = image.findings.map(({ severity, code, message, policy }) => [
    `  ${severity}`,
    policy === undefined ? code : `${policy}: ${code}`,
    message,
  ]);
  return [`${imageName(image)}:`, ...table(rows)];
}

function imageName({ name, platform }: ImageReport): string {
  return platform === undefined ? name : `${name} ${formatPlatform(platform)}`;
}

function summaryRow(image: ImageReport): readonly string[] {
  const { checked, findings, ok } = image;
  const name = `${imageName(image)}:`;
  if (checked === undefined) return [name, "could not be looked into"];
  const verdict = ok ? "all right" : `${findings.filter(isError).length} wrong`;
  return [name, ...listCounts(checked).map(([number, noun]) => count(number, noun)), verdict];
}

function contentLines(
  name: string,
  { checked, bytes, findings, absent }: VerifiedContent,
): readonly string[] {
  const wrong = findings.filter(({ code }) => code !== "unreadable");
  const verdict = findings.length === 0 ? "all right" : `${findings.length} wrong`;
  return [
    `${name}: verified ${count(checked, "piece")}, ${formatBytes(bytes)}: ${verdict}`,
    ...findings.map(({ code, digest, message }) => `  ${digest}: ${code}: ${message}`),
    ...(absent.length === 0
      ? []
      : [
          `  not there, and no fault: ${absent.map(({ digest }) => shortDigest(digest)).join(", ")}`,
        ]),
    ...(wrong.length === 0
      ? []
      : ["  mend it: oci-kit copy --verify-present SRC DST, from where the image is whole"]),
  ];
}
