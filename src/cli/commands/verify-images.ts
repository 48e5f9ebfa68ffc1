// SPDX-License-Identifier: MIT
import { join } from "node:path";
import { formatPlatform } from "../../oci/platform.ts";
import { shortDigest } from "../../oci/digest.ts";
import { defaultCacheDirectory } from "../../store/cache-directory.ts";
import type { VerifiedContent } from "../../store/verify-content.ts";
import type { AskedReference } from "../../report/report-on-references.ts";
import type { Report } from "../../report/report.ts";
import type { ImageReport, ImagesReport } from "../../verify/image/image-report.ts";
import type { Outcome, Session } from "../command.ts";
import { DOES_NOT_HOLD, DONE, FAILED } from "../exit-status.ts";
import { parseConfigured } from "../input/configured.ts";
import { indexCacheOf } from "../input/index-cache.ts";
import { referenceOptions, type ReferenceFlags } from "../input/reference-options.ts";
import { planReports, toolName, type ReportFlags } from "../input/report-flags.ts";
import { count, formatBytes, table } from "../output/format.ts";
import { showIndexing } from "../progress/show-indexing.ts";
import { letYoungGenerationGrow } from "../v8-flags.ts";

/** Runs `verify REF…`: whether every blob is whole, and whether every image would run. */
export async function verifyReferences(
  references: readonly string[],
  flags: ReferenceFlags & ReportFlags,
  session: Session,
): Promise<Outcome> {
  const { context, progress } = session;
  const reports = planReports(flags, session);
  const [{ reportOnReferences }, { openFactsCache }, options] = await Promise.all([
    import("../../report/report-on-references.ts"),
    import("../../verify/facts/facts-cache.ts"),
    referenceOptions(flags, session),
  ]);
  const asked: AskedReference[] = [];
  for (const reference of references) {
    asked.push({ reference, location: await parseConfigured(reference, context) });
  }
  letYoungGenerationGrow();
  const report = await reportOnReferences(asked, {
    ...options,
    tool: toolName(),
    look: reports.hasPage,
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
  const { files, tookStdout } = await reports.writeAll(report);
  return { ...(await outcomeOf(report, files)), tookStdout };
}

const STATUSES: Readonly<Record<ImagesReport["verdict"], number>> = {
  holds: DONE,
  wrong: DOES_NOT_HOLD,
  unknown: FAILED,
};

async function outcomeOf(report: Report, files: object): Promise<Outcome> {
  const [{ verdictOf }, { verifiedDocument }] = await Promise.all([
    import("../../report/report-on-references.ts"),
    import("../../report/report-document.ts"),
  ]);
  const verdict = verdictOf(report);
  const verified = report.subjects.flatMap(({ reference, verified: own }) =>
    own === undefined ? [] : [{ reference, own }],
  );
  const [only, ...more] = verified.map(({ own }) => own);
  const reports = Object.keys(files).length === 0 ? {} : { reports: files };
  return {
    status: STATUSES[verdict],
    document:
      more.length === 0
        ? { ...verifiedDocument(only!), ...reports }
        : {
            ok: verdict === "holds",
            references: verified.map(({ reference, own }) => ({
              reference,
              ...verifiedDocument(own),
            })),
            ...reports,
          },
    lines: verified.flatMap(({ own }) => linesOf(own)),
  };
}

function linesOf({ name, content, images }: ImagesReport): readonly string[] {
  return [
    ...images.flatMap(findingLines),
    ...(images.length === 0 ? [`${name}: no image to look into`] : []),
    ...table(images.map(summaryRow)),
    ...(content === undefined ? [] : contentLines(name, content)),
  ];
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
