// SPDX-License-Identifier: MIT
import { once } from "../../bytes/bytes.ts";
import { isStandardOutput } from "../../files/output/standard-output.ts";
import { writeOutput } from "../../files/write-output.ts";
import type { WrittenTo } from "../../image/by-reference/with-reference.ts";
import type { Rechunked } from "../../layering/rechunk-reference.ts";
import { renderLayerPlan, type PlannedImage } from "../../report/html/render-layer-plan.ts";
import type { Outcome, Session } from "../command.ts";
import { toolName } from "../input/report-flags.ts";
import { targetName } from "../output/transfer-text.ts";
import { REASONS } from "./rechunk-text.ts";

/** Writes the page with the picture of the layers, and adds its place to the outcome. */
export async function withPage(
  outcome: Outcome,
  rechunked: Rechunked & WrittenTo,
  file: string,
  { context }: Session,
): Promise<Outcome> {
  const page = renderLayerPlan(targetName(rechunked), plannedImages(rechunked), toolName());
  const bytes = once(new TextEncoder().encode(page));
  const isStdout = isStandardOutput(file);
  const { signal, writeBytes } = context;
  if (isStdout && writeBytes !== undefined) await writeBytes(bytes);
  else await writeOutput(isStdout ? "/dev/stdout" : file, bytes, { signal });
  const document = { ...outcome.document, html: file };
  return { ...outcome, document, tookStdout: outcome.tookStdout === true || isStdout };
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
