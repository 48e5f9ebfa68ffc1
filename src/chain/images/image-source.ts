// SPDX-License-Identifier: MIT
import { stat } from "node:fs/promises";
import { onlyRoot } from "../../image/only-root.ts";
import { type OpenOptions, openReference } from "../../image/open-reference.ts";
import { AnnotationKey } from "../../oci/annotations.ts";
import { OciError } from "../../oci/errors.ts";
import { parseReference } from "../../oci/reference.ts";
import type { Recorded } from "../../publish/records/provenance.ts";
import { openLayout } from "../../store/layout/layout.ts";
import type { ReadableStore } from "../../store/store.ts";
import type { StageGraph, StageUnit } from "../graph/stage-graph.ts";
import { type ChainImage, failedImage, type PresentImage, readChainImage } from "./chain-image.ts";
import { readRecord } from "./read-record.ts";
import type { LayoutPlaces } from "../graph/declaration.ts";
import { layoutOf } from "../graph/unit-layout.ts";

/** Where the images of a chain are: what a tag, or a layout, has for a unit. */
export interface ImageSource {
  /** For messages: the repository, or `layouts`. */
  readonly name: string;
  readonly kind: "registry" | "layout";
  /** Never throws, except when it is aborted by the caller. */
  image(unit: StageUnit): Promise<ChainImage>;
  /** What an image that this source gave records under a key. */
  record(unit: StageUnit, image: PresentImage, key: string): Promise<Recorded>;
  close(): Promise<void>;
}

/** Opens the repository of a graph. Each unit is asked for once. The caller closes it. @throws OciError */
export async function openRepositoryImages(
  graph: StageGraph,
  options: OpenOptions = {},
): Promise<ImageSource> {
  if (graph.repository === undefined) {
    throw new OciError(
      "missing-input",
      "chain: expected a repository (image:), got none: nothing is published",
    );
  }
  const location = { kind: "registry", reference: parseReference(graph.repository) } as const;
  const opened = await openReference(location, options);
  const { store } = opened;
  const asked = new Map<string, Promise<ChainImage>>();
  return {
    name: graph.repository,
    kind: "registry",
    image: (unit) => once(asked, unit, () => readTagged(store, unit, options)),
    record: (_, image, key) => readRecord(store, image, key, options),
    close: () => opened.close(),
  };
}

/** The layouts of a graph's units. Each is opened when it is asked for. */
export function openLayoutImages(places: LayoutPlaces, options: OpenOptions = {}): ImageSource {
  const asked = new Map<string, Promise<ChainImage>>();
  return {
    name: "layouts",
    kind: "layout",
    image: (unit) => once(asked, unit, () => readSaved(layoutOf(unit, places), unit, options)),
    record: async (unit, image, key) =>
      readRecord(await openLayout(layoutOf(unit, places), options), image, key, options),
    close: () => Promise.resolve(),
  };
}

function once(
  asked: Map<string, Promise<ChainImage>>,
  { id }: StageUnit,
  read: () => Promise<ChainImage>,
): Promise<ChainImage> {
  const known = asked.get(id);
  if (known !== undefined) return known;
  const reading = read();
  asked.set(id, reading);
  return reading;
}

async function readTagged(
  store: ReadableStore,
  { tag, platform }: StageUnit,
  options: OpenOptions,
): Promise<ChainImage> {
  try {
    return await readChainImage(store, await store.resolve(tag, options), platform, options);
  } catch (error) {
    return failedImage(error);
  }
}

async function readSaved(
  path: string,
  { platform }: StageUnit,
  options: OpenOptions,
): Promise<ChainImage> {
  try {
    if (!(await isThere(path))) return { state: "absent" };
    const store = await openLayout(path, options);
    const root = await onlyRoot(store, options);
    const image = await readChainImage(store, root, platform, options);
    return { ...image, savedFrom: root.annotations?.[AnnotationKey.savedFrom] };
  } catch (error) {
    // an empty or damaged layout is there, and can't be read
    const reason = error instanceof Error ? error.message : String(error);
    return { state: "unreadable", error, reason };
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
