// SPDX-License-Identifier: MIT
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { onlyRoot } from "../../image/only-root.ts";
import { AnnotationKey } from "../../oci/annotations.ts";
import { isOciError } from "../../oci/errors.ts";
import { fileError } from "../../files/system-error.ts";
import { isIndexType } from "../../oci/media-types.ts";
import { LAYOUT_FILE } from "../../store/layout/layout-index.ts";
import { type LayoutStore, openLayout } from "../../store/layout/layout.ts";
import { readIndex, readManifest } from "../../store/read-documents.ts";
import type { ReadOptions } from "../../image/image.ts";
import type { ChainDeclaration } from "../graph/declaration.ts";
import { makeGraph } from "../graph/make-graph.ts";
import type { StageUnit } from "../graph/stage-graph.ts";
import type { ProvenanceKeys } from "../images/provenance-keys.ts";
import type { LayoutPlaces } from "../graph/declaration.ts";
import { layoutOf } from "../graph/unit-layout.ts";

/** Layouts that a chain wrote and no image of it is saved in any more. */
export interface SpareLayouts {
  /** Absolute paths. */
  readonly spare: readonly string[];
  /** The layouts that images of the chain, of any variant and build platform, are saved in, where they are there. */
  readonly current: readonly string[];
}

/**
 * Finds the layouts beside those of a chain, its own and those that builds leave, that none of its images is saved in,
 * as those of an architecture that is built no more. Only those count that record a run or a parent under the keys, or were saved from the chain's
 * repository: what somebody put there by hand is never listed. Nothing is changed.
 * @throws OciError `unreadable`
 */
export async function findSpareLayouts(
  declaration: ChainDeclaration,
  places: LayoutPlaces,
  keys: ProvenanceKeys,
  options: ReadOptions = {},
): Promise<SpareLayouts> {
  const known = new Set(unitsOf(declaration).map((unit) => layoutOf(unit, places)));
  const parents = new Set([...known].map((layout) => dirname(layout)));
  const spare: string[] = [];
  for (const place of parents) {
    for (const path of layoutsIn(place)) {
      if (known.has(path)) continue;
      if (await isOfChain(path, declaration.repository, keys, options)) spare.push(path);
    }
  }
  const current = [...known].filter((path) => existsSync(join(path, LAYOUT_FILE)));
  return { spare: spare.sort(), current: current.sort() };
}

/** The units of all graphs that the declaration can give. */
function unitsOf(declaration: ChainDeclaration): readonly StageUnit[] {
  const variants = [undefined, ...Object.keys(declaration.variants)];
  const choices = declaration.buildPlatforms.flatMap((buildPlatform) =>
    variants.map((variant) => ({ buildPlatform, variant })),
  );
  return choices.flatMap((choice) => makeGraph(declaration, choice).units);
}

function layoutsIn(place: string): string[] {
  if (!existsSync(place)) return [];
  try {
    return readdirSync(place, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && existsSync(join(place, entry.name, LAYOUT_FILE)))
      .map((entry) => join(place, entry.name));
  } catch (error) {
    throw fileError("unreadable", place, error);
  }
}

async function isOfChain(
  path: string,
  repository: string | undefined,
  { runId, parentDigest }: ProvenanceKeys,
  options: ReadOptions,
): Promise<boolean> {
  try {
    const layout = await openLayout(path, options);
    const { annotations, savedFrom } = await recordsOf(layout, options);
    const isRecorded = [runId, parentDigest].some((key) => Object.hasOwn(annotations, key));
    const isSaved = repository !== undefined && savedFrom?.startsWith(`${repository}:`) === true;
    return isRecorded || isSaved;
  } catch (error) {
    if (!isOciError(error) || error.code === "aborted") throw error;
    return false; // what can't be read is nobody's to remove
  }
}

async function recordsOf(layout: LayoutStore, options: ReadOptions) {
  const root = await onlyRoot(layout, options);
  const savedFrom = root.annotations?.[AnnotationKey.savedFrom];
  const isIndex = isIndexType(root.mediaType);
  const document = await (isIndex ? readIndex : readManifest)(layout, root, options);
  return { savedFrom, annotations: document.value.annotations ?? {} };
}
