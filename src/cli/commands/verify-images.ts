// SPDX-License-Identifier: MIT
import { join } from "node:path";
import type { Configuration } from "../../config/configuration.ts";
import { defaultCacheDirectory } from "../../store/cache-directory.ts";
import type { PoliciesFor } from "../../verify/policies/policy-checks.ts";
import type { AskedReference } from "../../report/report-on-references.ts";
import type { Report } from "../../report/report.ts";
import type { ImagesReport } from "../../verify/image/image-report.ts";
import type { Outcome, Session } from "../command.ts";
import { DOES_NOT_HOLD, DONE, FAILED } from "../exit-status.ts";
import { findConfiguredTargets } from "../input/configured-targets.ts";
import { nameOf, variablesOf } from "../input/configured.ts";
import { indexCacheOf } from "../input/index-cache.ts";
import { referenceOptions, type ReferenceFlags } from "../input/reference-options.ts";
import { planReports, toolName, type ReportFlags } from "../input/report-flags.ts";
import { formatBytes } from "../../bytes/format-bytes.ts";
import { count } from "../../report/text/format.ts";
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
  const [{ reportOnReferences }, { openFactsCache }, { openReportCache }, options] =
    await Promise.all([
      import("../../report/report-on-references.ts"),
      import("../../verify/facts/facts-cache.ts"),
      import("../../verify/image/report-cache.ts"),
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
  const kept = join(defaultCacheDirectory(context.env), "content-facts");
  letYoungGenerationGrow();
  const report = await reportOnReferences(asked, {
    ...options,
    tool: toolName(),
    look: reports.hasPage,
    cache: await indexCacheOf(context),
    facts: openFactsCache(kept),
    reports: openReportCache(kept),
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
  const [{ verdictOf }, { verifiedDocument }, { renderText }] = await Promise.all([
    import("../../report/verdict.ts"),
    import("../../report/report-document.ts"),
    import("../../report/text/render-text.ts"),
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
    lines: renderText(report),
  };
}
