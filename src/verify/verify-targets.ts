// SPDX-License-Identifier: MIT
import { escapeText } from "../bytes/byte-string.ts";
import { isLayout } from "../disk/open-root-filesystem.ts";
import { formatLocation, parseLocation, type Location } from "../image/location.ts";
import { OciError } from "../oci/errors.ts";
import { formatPlatform, normalisePlatform } from "../oci/platform.ts";
import { findRootFilesystems, type ArchitectureClaim } from "./find-root-filesystems.ts";
import type { FurtherChecks } from "./image/further-checks.ts";
import {
  errorsFirst,
  isError,
  type ImageFinding,
  type ImageReport,
  type ImagesReport,
} from "./image/image-report.ts";
import { verifyImages, type VerifyImagesOptions } from "./image/verify-images.ts";
import { createPolicyChecks, type PoliciesFor } from "./policies/policy-checks.ts";

/** What is verified, and what it has to keep. */
export interface VerifyTarget {
  /** A path is searched for image layouts and `rootfs` directories. */
  readonly location: Location | string;
  /** Targets with the same function are compared with one another by policies of parity. */
  readonly policies?: PoliciesFor | undefined;
}

/** One layout, archive, reference or root filesystem of a target. */
export interface VerifiedTarget {
  readonly target: VerifyTarget;
  readonly report: ImagesReport;
}

export type VerifyTargetsOptions = Omit<VerifyImagesOptions, "checks">;

/**
 * Runs `verifyImages` on all targets, with their policies, and compares what policies of parity compare. One
 * report for each layout, archive, reference or root filesystem, in the order of the targets.
 * @throws OciError `nothing-to-check` for a path without any; what finding and verifying them throw
 */
export async function verifyTargets(
  targets: readonly VerifyTarget[],
  options: VerifyTargetsOptions = {},
): Promise<readonly VerifiedTarget[]> {
  const shared = new Map<PoliciesFor, FurtherChecks>();
  const verified: VerifiedTarget[] = [];
  for (const target of targets) {
    const { location, policies } = target;
    const checks = policies && (shared.get(policies) ?? createPolicyChecks(policies));
    if (policies !== undefined && checks !== undefined) shared.set(policies, checks);
    for (const found of await findTargets(location, options)) {
      const { claims, ...where } = found;
      const claimed = where.location.kind === "dir" ? claims[0] : undefined;
      const platform =
        options.platform ?? (claimed && { os: "linux", architecture: claimed.architecture });
      const report = await verifyImages(where.location, { ...options, platform, checks });
      verified.push({
        target,
        report: addFindings(report, (image) => contradictions(image, claims)),
      });
    }
  }
  const compared = [...shared.values()].map((checks) => checks.compare());
  return verified.map(({ target, report }) => ({
    target,
    report: addFindings(report, ({ name }) => compared.flatMap((told) => told.get(name) ?? [])),
  }));
}

interface FoundTarget {
  readonly location: Location;
  readonly claims: readonly ArchitectureClaim[];
}

async function findTargets(
  target: Location | string,
  options: VerifyTargetsOptions,
): Promise<readonly FoundTarget[]> {
  const location = typeof target === "string" ? parseLocation(target) : target;
  if (location.kind !== "path" || (await isLayout(location.path)))
    return [{ location, claims: [] }];
  const found = new Map<string, FoundTarget>();
  for (const root of await findRootFilesystems(location.path, options)) {
    // All images of a layout are verified together, with what else it holds.
    const whole: Location =
      root.location.kind === "oci"
        ? { kind: "oci", directory: root.location.directory }
        : root.location;
    found.set(formatLocation(whole), { location: whole, claims: root.claims });
  }
  if (found.size > 0) return [...found.values()];
  throw new OciError(
    "nothing-to-check",
    `${location.path}: expected images or root filesystems, got none`,
    { hint: "Name an image layout, a directory above some, a rootfs directory, or a reference." },
  );
}

function contradictions(
  { platform }: ImageReport,
  claims: readonly ArchitectureClaim[],
): readonly ImageFinding[] {
  if (platform === undefined) return [];
  const { architecture } = normalisePlatform(platform);
  return claims
    .filter((claim) => claim.architecture !== architecture)
    .map((claim) => ({
      code: "wrong-platform",
      severity: "error",
      path: undefined,
      message: `${escapeText(claim.by)} says ${escapeText(claim.architecture)}, the configuration ${escapeText(formatPlatform(platform))}`,
    }));
}

function addFindings(
  report: ImagesReport,
  findingsOf: (image: ImageReport) => readonly ImageFinding[],
): ImagesReport {
  const images = report.images.map((image) => {
    const more = findingsOf(image);
    if (more.length === 0) return image;
    return {
      ...image,
      findings: errorsFirst([...image.findings, ...more]),
      ok: image.ok && !more.some(isError),
    };
  });
  const isWrong = images.some((image) => image.findings.some(isError));
  return { ...report, images, verdict: isWrong ? "wrong" : report.verdict };
}
