// SPDX-License-Identifier: MIT
import { join } from "node:path";
import { formatPlatform } from "../../oci/platform.ts";
import { shortDigest } from "../../oci/digest.ts";
import { defaultCacheDirectory } from "../../store/cache-directory.ts";
import type { VerifiedContent } from "../../store/verify-content.ts";
import type { ImageFinding, ImageReport, ImagesReport } from "../../verify/image/image-report.ts";
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import type { Outcome, Session } from "../command.ts";
import { DOES_NOT_HOLD, DONE, FAILED } from "../exit-status.ts";
import { parseConfigured } from "../input/configured.ts";
import { indexCacheOf } from "../input/index-cache.ts";
import { referenceOptions, type ReferenceFlags } from "../input/reference-options.ts";
import { count, formatBytes, table } from "../output/format.ts";
import { showIndexing } from "../progress/show-indexing.ts";
import { letYoungGenerationGrow } from "../v8-flags.ts";

/** Runs `verify REF`: whether every blob is whole, and whether every image would run. */
export async function verifyReference(
  reference: string,
  flags: ReferenceFlags,
  session: Session,
): Promise<Outcome> {
  const { context, progress } = session;
  const [{ verifyImages }, { openFactsCache }, options, location] = await Promise.all([
    import("../../verify/image/verify-images.ts"),
    import("../../verify/facts/facts-cache.ts"),
    referenceOptions(flags, session),
    parseConfigured(reference, context),
  ]);
  letYoungGenerationGrow();
  const report = await verifyImages(location, {
    ...options,
    cache: await indexCacheOf(context),
    facts: openFactsCache(join(defaultCacheDirectory(context.env), "content-facts")),
    onProgress: showIndexing(progress),
    onContent: (checked, bytes) =>
      progress.show(`verified: ${count(checked, "piece")}, ${formatBytes(bytes)}`, {
        kind: "verifying",
        checked,
        bytes,
      }),
  });
  return outcomeOf(report);
}

const STATUSES: Readonly<Record<ImagesReport["verdict"], number>> = {
  holds: DONE,
  wrong: DOES_NOT_HOLD,
  unknown: FAILED,
};

function outcomeOf({ name, content, images, verdict }: ImagesReport): Outcome {
  const { checked, bytes, absent = [], findings = [] } = content ?? {};
  return {
    status: STATUSES[verdict],
    document: {
      ok: verdict === "holds",
      store: name,
      ...(content && { checked, bytes, absent: absent.map(({ digest }) => digest), findings }),
      images: images.map(imageDocument),
    },
    lines: [
      ...images.flatMap(findingLines),
      ...(images.length === 0 ? [`${name}: no image to look into`] : []),
      ...table(images.map(summaryRow)),
      ...(content === undefined ? [] : contentLines(name, content)),
    ],
  };
}

function imageDocument({ digest, platform, checked, findings, ok }: ImageReport): object {
  return {
    ok,
    ...(digest !== undefined && { digest }),
    ...(platform !== undefined && { platform: formatPlatform(platform) }),
    ...(checked !== undefined && { checked }),
    findings: findings.map(({ path, ...finding }) => ({
      ...finding,
      ...(path !== undefined && { path: textOf(path) }),
    })),
  };
}

/** The path of a finding is a byte string. */
function textOf(path: NonNullable<ImageFinding["path"]>): string {
  return toText(path as ByteString);
}

function findingLines(image: ImageReport): readonly string[] {
  if (image.findings.length === 0) return [];
  const rows = image.findings.map(({ severity, code, message }) => [
    `  ${severity}`,
    code,
    message,
  ]);
  return [`${nameOf(image)}:`, ...table(rows)];
}

function nameOf({ name, platform }: ImageReport): string {
  return platform === undefined ? name : `${name} ${formatPlatform(platform)}`;
}

function summaryRow(image: ImageReport): readonly string[] {
  const { checked, findings, ok } = image;
  const name = `${nameOf(image)}:`;
  if (checked === undefined) return [name, "could not be looked into"];
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const verdict = ok ? "all right" : `${errors} wrong`;
  return [
    name,
    ...(checked.layers === 0 ? [] : [count(checked.layers, "layer")]),
    count(checked.paths, "path"),
    count(checked.objects, "ELF object"),
    count(checked.programs, "program"),
    count(checked.scripts, "script"),
    count(checked.commands, "command"),
    verdict,
  ];
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
