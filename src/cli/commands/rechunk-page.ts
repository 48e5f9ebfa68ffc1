// SPDX-License-Identifier: MIT
import type { WrittenTo } from "../../image/by-reference/with-reference.ts";
import type { Rechunked } from "../../layering/rechunk-reference.ts";
import { renderLayerPlan, type PlannedImage } from "../../report/html/render-layer-plan.ts";
import type { Outcome } from "../command.ts";
import { toolName, type PlannedReports } from "../input/report-flags.ts";
import { targetName } from "../output/transfer-text.ts";
import { REASONS } from "./rechunk-text.ts";

/** Writes the page with the picture of the layers, and adds its place to the outcome. */
export async function withPage(
  outcome: Outcome,
  rechunked: Rechunked & WrittenTo,
  { writePage }: PlannedReports,
): Promise<Outcome> {
  const page = renderLayerPlan(targetName(rechunked), plannedImages(rechunked), toolName());
  const { files, tookStdout } = await writePage(page);
  const document = { ...outcome.document, ...files };
  return { ...outcome, document, tookStdout: outcome.tookStdout === true || tookStdout };
}

function plannedImages({ rechunked, images }: Rechunked): PlannedImage[] {
  return rechunked.map((image, at) => ({
    ...image,
    sentBytes: image.newBytes + images[at]!.copied.bytes,
    dropped: image.dropped.map(({ group, descriptor, why }) => ({
      group,
      descriptor,
      why: REASONS[why],
    })),
  }));
}
