// SPDX-License-Identifier: MIT
import { join } from "node:path";
import type { Configuration } from "../../config/configuration.ts";
import { formatPlatform } from "../../oci/platform.ts";
import { shortDigest } from "../../oci/digest.ts";
import { defaultCacheDirectory } from "../../store/cache-directory.ts";
import type { VerifiedContent } from "../../store/verify-content.ts";
import type { ImageFinding, ImageReport, ImagesReport } from "../../verify/image/image-report.ts";
import type { PoliciesFor } from "../../verify/policies/policy-checks.ts";
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import type { Outcome, Session } from "../command.ts";
import { DOES_NOT_HOLD, DONE, FAILED } from "../exit-status.ts";
import { findConfiguredTargets } from "../input/configured-targets.ts";
import { nameOf, variablesOf } from "../input/configured.ts";
import { indexCacheOf } from "../input/index-cache.ts";
import { referenceOptions, type ReferenceFlags } from "../input/reference-options.ts";
import { count, formatBytes, table } from "../output/format.ts";
import { showVerifying } from "../progress/show-verifying.ts";
import { letYoungGenerationGrow } from "../v8-flags.ts";

/** The flags of `verify REF`, as they were typed. */
export interface VerifyImagesFlags extends ReferenceFlags {
  readonly set?: readonly string[];
}

/** Runs `verify REF…`: whether every blob is whole, every image would run, and policies are kept. */
export async function verifyReferences(
  references: readonly string[],
  flags: VerifyImagesFlags,
  session: Session,
): Promise<Outcome> {
  const { context, progress } = session;
  const [{ verifyTargets }, { openFactsCache }, options] = await Promise.all([
    import("../../verify/verify-targets.ts"),
    import("../../verify/facts/facts-cache.ts"),
    referenceOptions(flags, session),
  ]);
  const found = await findConfiguredTargets(references, variablesOf(flags.set ?? []), context);
  const configurations = new Map<string, Configuration>();
  for (const { configuration: one } of found)
    if (one?.file !== undefined) configurations.set(one.file, one);
  const policies = await policiesByFile(configurations.values());
  const targets = found.map(({ location, configuration }) => ({
    location,
    policies: policies.get(configuration?.file),
  }));
  letYoungGenerationGrow();
  const reports = await verifyTargets(targets, {
    ...options,
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
  const names = [];
  for (const configuration of configurations.values()) names.push(await nameOf(configuration));
  const outcome = outcomeOfAll(reports);
  return {
    ...outcome,
    document: { ...outcome.document, configurations: [...configurations.keys()] },
    lines: [...outcome.lines, `configuration: ${names.join(", ") || "none"}${hintFor(reports)}`],
  };
}

/** An image that is no product of the configuration lies beside its products, and need not keep its policies. */
function hintFor(reports: readonly ImagesReport[]): string {
  const findings = reports.flatMap(({ images }) => images.flatMap((image) => image.findings));
  const isBroken = findings.some(
    ({ policy, severity }) => policy !== undefined && severity === "error",
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

/** One report is its own document; several are a list. */
function outcomeOfAll(reports: readonly ImagesReport[]): Outcome {
  const outcomes = reports.map(outcomeOf);
  const [only] = outcomes;
  if (outcomes.length === 1) return only!;
  const statuses = outcomes.map(({ status }) => status);
  return {
    status: [DOES_NOT_HOLD, FAILED].find((status) => statuses.includes(status)) ?? DONE,
    document: {
      ok: reports.every(({ verdict }) => verdict === "holds"),
      targets: outcomes.map(({ document }) => document),
    },
    lines: outcomes.flatMap(({ lines }) => lines),
  };
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
