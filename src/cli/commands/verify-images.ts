// SPDX-License-Identifier: MIT
import { join } from "node:path";
import type { Configuration } from "../../config/configuration.ts";
import { formatPlatform } from "../../oci/platform.ts";
import { shortDigest } from "../../oci/digest.ts";
import { defaultCacheDirectory } from "../../store/cache-directory.ts";
import type { VerifiedContent } from "../../store/verify-content.ts";
import type { PoliciesFor } from "../../verify/policies/policy-checks.ts";
import type { AskedReference } from "../../report/report-on-references.ts";
import type { Report } from "../../report/report.ts";
import {
  listCounts,
  type ImageReport,
  type ImagesReport,
} from "../../verify/image/image-report.ts";
import type { Outcome, Session } from "../command.ts";
import { DOES_NOT_HOLD, DONE, FAILED } from "../exit-status.ts";
import { findConfiguredTargets } from "../input/configured-targets.ts";
import { nameOf, variablesOf } from "../input/configured.ts";
import { indexCacheOf } from "../input/index-cache.ts";
import { referenceOptions, type ReferenceFlags } from "../input/reference-options.ts";
import { planReports, toolName, type ReportFlags } from "../input/report-flags.ts";
import { count, formatBytes, table } from "../output/format.ts";
import { showVerifying } from "../progress/show-verifying.ts";
import { letYoungGenerationGrow } from "../v8-flags.ts";

/** The flags of `verify REF`, as they were typed. */
export interface VerifyImagesFlags extends ReferenceFlags, ReportFlags {
  readonly set?: readonly string[];
}

/** Runs `verify REF…`: whether every blob is whole, every image would run, and policies are kept. */
export async function verifyReferences(
  references: readonly string[],
  flags: VerifyImagesFlags,
  session: Session,
): Promise<Outcome> {
  const { context, progress } = session;
  const reports = planReports(flags, session);
  const [{ reportOnReferences }, { openFactsCache }, options] = await Promise.all([
    import("../../report/report-on-references.ts"),
    import("../../verify/facts/facts-cache.ts"),
    referenceOptions(flags, session),
  ]);
  const found = await findConfiguredTargets(references, variablesOf(flags.set ?? []), context);
  const configurations = new Map<string, Configuration>();
  for (const { configuration: one } of found)
    if (one?.file !== undefined) configurations.set(one.file, one);
  const policies = await policiesByFile(configurations.values());
  const asked = found.map(({ location, configuration }, at): AskedReference => ({
    ...{ reference: references[at]!, location },
    policies: policies.get(configuration?.file),
  }));
  letYoungGenerationGrow();
  const report = await reportOnReferences(asked, {
    ...options,
    tool: toolName(),
    look: reports.hasPage,
    cache: await indexCacheOf(context),
    facts: openFactsCache(join(defaultCacheDirectory(context.env), "content-facts")),
    onProgress: showVerifying(progress),
    onContent: (checked, bytes) =>
      progress.show(`verified: ${count(checked, "piece")}, ${formatBytes(bytes)}`, {
        kind: "verifying",
        checked,
        bytes,
      }),
  });
  const { files, tookStdout } = await reports.writeAll(report);
  const outcome = await outcomeOf(report, files);
  const names = [];
  for (const configuration of configurations.values()) names.push(await nameOf(configuration));
  return {
    ...outcome,
    tookStdout,
    document: { ...outcome.document, configurations: [...configurations.keys()] },
    lines: [...outcome.lines, `configuration: ${names.join(", ") || "none"}${hintFor(report)}`],
  };
}

/** An image that is no product of the configuration lies beside its products, and need not keep its policies. */
function hintFor({ subjects }: Report): string {
  const images = subjects.flatMap(({ verified }) => verified?.images ?? []);
  const isBroken = images.some(({ findings }) =>
    findings.some(({ policy, severity }) => policy !== undefined && severity === "error"),
  );
  return isBroken ? " (its policies and links counted; --no-config: without them)" : "";
}

async function policiesByFile(
  configurations: Iterable<Configuration>,
): Promise<ReadonlyMap<string | undefined, PoliciesFor>> {
  const policies = new Map<string | undefined, PoliciesFor>();
  for (const configuration of configurations) {
    const { configuredPolicies } = await import("../../config/policies/configured-policies.ts");
    policies.set(configuration.file, configuredPolicies(configuration));
  }
  return policies;
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
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const verdict = ok ? "all right" : `${errors} wrong`;
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
