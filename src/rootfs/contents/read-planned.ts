// SPDX-License-Identifier: MIT
import type { AbortOptions, Bytes } from "../../bytes/bytes.ts";
import { readLayer } from "../../layer/read-layer.ts";
import type { ContentPlan, LayerPass } from "./content-plan.ts";
import { nameLayer, openLayerTar, type LayerSource } from "./open-layer-tar.ts";
import { createPassCursor } from "./pass-cursor.ts";

/** An entry of the plan that the reading has reached. */
export interface PlannedContent<Want> {
  /** Who wants the entry: at least one, in the order of the plan. */
  readonly wants: readonly Want[];
  /**
   * Read it before you ask for the next entry; what you do not read is skipped. Undefined when no content of
   * the whole layer is wanted: the layer is then not read.
   */
  readonly content: Bytes | undefined;
}

/**
 * Yields the entries of a plan in its order. Each pass reads its layer once, to the end, which verifies it.
 * A caller that stops early releases the store, and the layer is then not verified.
 * @throws OciError as `openLayerTar` and `readLayer`; `invalid-layer` at the end of a layer that lacks a
 * wanted entry
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
