// SPDX-License-Identifier: MIT
import { parseLocation, type Location } from "../image/location.ts";
import { formatPlatform } from "../oci/platform.ts";
import type { ImageReport, ImagesReport } from "../verify/image/image-report.ts";
import { verifyImages, type VerifyImagesOptions } from "../verify/image/verify-images.ts";
import type { ImageLook } from "./look/image-look.ts";
import { lookAtImage } from "./look/look-at-image.ts";
import type { Report, ReportedImage, ReportSubject } from "./report.ts";

export interface ReportOptions extends Omit<VerifyImagesOptions, "onExamined"> {
  readonly tool: Report["tool"];
  /** Whether to keep what an HTML page shows beside the findings: some hundred bytes for each path. */
  readonly look?: boolean | undefined;
}

/** A reference, and what to call it. */
export interface AskedReference {
  readonly reference: string;
  readonly location: Location;
}

/**
 * Verifies everything that some references name, one after the other, into one report.
 * @throws what `verifyImages` throws
 */
export async function reportOnReferences(
  references: readonly (AskedReference | string)[],
  options: ReportOptions,
): Promise<Report> {
  const subjects: ReportSubject[] = [];
  for (const asked of references) {
    const { reference, location } =
      typeof asked === "string" ? { reference: asked, location: parseLocation(asked) } : asked;
    subjects.push(await reportOn(reference, location, options));
  }
  return { tool: options.tool, subjects };
}

async function reportOn(
  reference: string,
  location: Location,
  options: ReportOptions,
): Promise<ReportSubject> {
  const looks = new Map<ImageReport, ImageLook>();
  const verified = await verifyImages(location, {
    ...options,
    onExamined:
      options.look === true
        ? (examined) => void looks.set(examined.report, lookAtImage(examined))
        : undefined,
  });
  const images = verified.images.map((report) => imageOf(report, looks.get(report)));
  return { reference, verified, images };
}

function imageOf(report: ImageReport, look: ImageLook | undefined): ReportedImage {
  const { name, digest, platform } = report;
  return {
    ...{ name, digest, report, look },
    platform: platform === undefined ? undefined : formatPlatform(platform),
  };
}

/** The answer for all subjects: `wrong` where one is, else `unknown` where one could not be told. */
export function verdictOf({ subjects }: Report): ImagesReport["verdict"] {
  const verdicts = subjects.flatMap(({ verified }) => verified?.verdict ?? []);
  if (verdicts.includes("wrong")) return "wrong";
  return verdicts.includes("unknown") ? "unknown" : "holds";
}
