// SPDX-License-Identifier: MIT
import { parseLocation } from "../image/location.ts";
import { formatPlatform } from "../oci/platform.ts";
import type { ImageReport } from "../verify/image/image-report.ts";
import {
  verifyTargets,
  type VerifyTarget,
  type VerifyTargetsOptions,
} from "../verify/verify-targets.ts";
import type { ImageLook } from "./look/image-look.ts";
import { lookAtImage } from "./look/look-at-image.ts";
import type { Report, ReportedImage, ReportSubject } from "./report.ts";

export interface ReportOptions extends Omit<VerifyTargetsOptions, "onExamined"> {
  readonly tool: Report["tool"];
  /** Whether to keep what an HTML page shows beside the findings: some hundred bytes for each path. */
  readonly look?: boolean | undefined;
}

/** A reference or a path, what to call it, and what its images have to keep. */
export interface AskedReference extends VerifyTarget {
  readonly reference: string;
}

/**
 * Verifies everything that some references name, one after the other, into one report. A path may hold several
 * layouts, which are subjects of their own.
 * @throws what `verifyTargets` throws
 */
export async function reportOnReferences(
  references: readonly (AskedReference | string)[],
  options: ReportOptions,
): Promise<Report> {
  const asked = references.map((one) =>
    typeof one === "string" ? { reference: one, location: parseLocation(one) } : one,
  );
  const looks = new Map<string, ImageLook>();
  const verified = await verifyTargets(asked, {
    ...options,
    onExamined:
      options.look === true
        ? (examined) => void looks.set(examined.report.name, lookAtImage(examined))
        : undefined,
  });
  const subjects = verified.map(({ target, report }): ReportSubject => {
    const isAlone = verified.filter((other) => other.target === target).length === 1;
    const { reference } = asked.find((one) => one === target)!;
    const images = report.images.map((image) => imageOf(image, looks.get(image.name)));
    return { reference: isAlone ? reference : report.name, verified: report, images };
  });
  return { tool: options.tool, subjects };
}

function imageOf(report: ImageReport, look: ImageLook | undefined): ReportedImage {
  const { name, digest, platform } = report;
  return {
    ...{ name, digest, report, look },
    platform: platform === undefined ? undefined : formatPlatform(platform),
  };
}
