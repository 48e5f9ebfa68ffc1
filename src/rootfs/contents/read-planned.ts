// SPDX-License-Identifier: MIT
import type { AbortOptions, Bytes } from "../../bytes/bytes.ts";
import { readLayer } from "../../layer/read-layer.ts";
import type { ContentPlan, LayerPass } from "./content-plan.ts";
import { nameLayer, openLayerTar, type LayerSource } from "./open-layer-tar.ts";
import { createPassCursor } from "./pass-cursor.ts";

/** An entry of a plan, come to. */
export interface PlannedContent<Want> {
  /** Who wants it: one at least, in the order of the plan. */
  readonly wants: readonly Want[];
  /**
   * To be read before the next entry is asked for; what is not read is skipped. Undefined where no content
   * is wanted of the whole layer, which is then not read.
   */
  readonly content: Bytes | undefined;
}

/**
 * What a plan names, entry by entry, in its order: each pass reads its layer once, and to its end, so that
 * it is verified, unless who asks stops before. Stopping early frees the store.
 * @throws OciError as `openLayerTar` and `readLayer`; `invalid-layer` at the end of a layer that does not
 * have all that is wanted of it
 */
export async function* readPlanned<Want>(
  source: LayerSource,
  plan: ContentPlan<Want>,
  options: AbortOptions = {},
): AsyncGenerator<PlannedContent<Want>, void, undefined> {
  for (const pass of plan.passes) {
    if (pass.bytes > 0) yield* readPass(source, pass, options);
    else for (const want of pass.wants) yield { wants: [want], content: undefined };
  }
}

async function* readPass<Want>(
  source: LayerSource,
  pass: LayerPass<Want>,
  { signal }: AbortOptions,
): AsyncGenerator<PlannedContent<Want>, void, undefined> {
  const { image, limits } = source;
  const what = nameLayer(image, pass.layer);
  const cursor = createPassCursor(pass, what);
  const tar = openLayerTar(source, pass.layer, { signal });
  for await (const { position, content } of readLayer(tar, { limits, signal, what })) {
    const wants = cursor.take(position.ordinal);
    if (wants.length > 0) yield { wants, content };
  }
  cursor.checkEnd();
}
