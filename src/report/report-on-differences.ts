// SPDX-License-Identifier: MIT
import {
  compareReferences,
  type CompareReferencesOptions,
  type ReferenceComparison,
} from "../disk/look/compare-references.ts";
import type { OpenRoot } from "../disk/open-root-filesystem.ts";
import { platformOf } from "../image/list-images.ts";
import { formatPlatform } from "../oci/platform.ts";
import { indexLayers } from "../rootfs/layer-index/image-indexes.ts";
import { lookAtImage } from "./look/look-at-image.ts";
import type { AskedReference } from "./report-on-references.ts";
import type { Report, ReportSubject } from "./report.ts";

export interface DifferencesOptions extends Omit<CompareReferencesOptions, "onCompared"> {
  readonly tool: Report["tool"];
}

/**
 * Compares two images or plain directories, as `compareReferences` does, into a report that shows them side by
 * side. Nothing of them is verified. With a cache of layer indexes no layer is read twice.
 * @throws what `compareReferences` throws
 */
export async function reportOnDifferences(
  one: AskedReference,
  other: AskedReference,
  options: DifferencesOptions,
): Promise<Report & { readonly comparison: ReferenceComparison }> {
  const subjects: ReportSubject[] = [];
  const comparison = await compareReferences(one.location, other.location, {
    ...options,
    onCompared: async (...sides) => {
      for (const [at, { reference }] of [one, other].entries()) {
        subjects.push(await subjectOf(reference, sides[at]!, options));
      }
    },
  });
  return { tool: options.tool, subjects, comparison };
}

async function subjectOf(
  reference: string,
  { root, image }: OpenRoot,
  { cache, limits, signal }: DifferencesOptions,
): Promise<ReportSubject> {
  const indexes =
    image === undefined
      ? []
      : await indexLayers(image, { allowMissing: true, cache, limits, signal });
  const look = lookAtImage({ root, image, indexes, closure: undefined, started: new Set() });
  const platform = image && formatPlatform(platformOf(image.config.value));
  const digest = image?.descriptor.digest;
  return {
    reference,
    verified: undefined,
    images: [{ name: root.name, platform, digest, report: undefined, look }],
  };
}
