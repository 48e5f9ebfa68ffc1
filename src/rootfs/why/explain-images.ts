// SPDX-License-Identifier: MIT
import type { Image } from "../../image/image.ts";
import { openLayerTar } from "../contents/open-layer-tar.ts";
import { indexLayers, type IndexLayersOptions } from "../layer-index/image-indexes.ts";
import { explainBlobs } from "./explain-blobs.ts";
import { explainDocuments } from "./explain-documents.ts";
import { explainEntries } from "./explain-entries.ts";
import { explainTars } from "./explain-tars.ts";
import { createReasons, type Reason } from "./reason.ts";

export type ExplainOptions = Pick<IndexLayersOptions, "cache" | "limits" | "signal" | "onProgress">;

/**
 * Why two images have different digests: what differs in their manifests, their configurations and their layers, each
 * reason once. Layers are compared in their order; those that both begin or end with are left out.
 * @param prefix is put before each `where`
 * @throws OciError what reading throws
 */
export async function explainImages(
  one: Image,
  other: Image,
  options: ExplainOptions = {},
  prefix = "",
): Promise<readonly Reason[]> {
  const manifest = createReasons(`${prefix}manifest`);
  explainDocuments(one.manifest.bytes, other.manifest.bytes, manifest, (field) =>
    /^(config|layers\.\d+)(\.(digest|size))?$/.test(field),
  );
  const configuration = createReasons(`${prefix}configuration`);
  explainDocuments(one.config.bytes, other.config.bytes, configuration, (field) =>
    field.startsWith("rootfs.diff_ids."),
  );
  return [
    ...manifest.all(),
    ...configuration.all(),
    ...(await explainLayers(one, other, options, prefix)),
  ];
}

/** The layers of two images that have no equal in the other: those between what both begin and end with. */
function unequalLayers(one: Image, other: Image): readonly (readonly [number, number])[] {
  const [first, second] = [one, other].map(({ manifest }) => manifest.value.layers) as [
    Image["manifest"]["value"]["layers"],
    Image["manifest"]["value"]["layers"],
  ];
  const most = Math.min(first.length, second.length);
  let start = 0;
  while (start < most && first[start]!.digest === second[start]!.digest) start += 1;
  let end = 0;
  while (end < most - start && first.at(-1 - end)!.digest === second.at(-1 - end)!.digest) end += 1;
  return Array.from({ length: Math.max(first.length, second.length) - start - end }, (_, at) => [
    start + at < first.length - end ? start + at : -1,
    start + at < second.length - end ? start + at : -1,
  ]);
}

async function explainLayers(
  one: Image,
  other: Image,
  options: ExplainOptions,
  prefix: string,
): Promise<readonly Reason[]> {
  const found: Reason[] = [];
  for (const [here, there] of unequalLayers(one, other)) {
    const reasons = createReasons(`${prefix}layer ${Math.max(here, there)}`);
    if (here < 0) reasons.add("layers", { other: layerText(other, there) });
    else if (there < 0) reasons.add("layers", { one: layerText(one, here) });
    else
      await explainLayer(
        { image: one, layer: here },
        { image: other, layer: there },
        { options, reasons },
      );
    found.push(...reasons.all());
  }
  return found;
}

function layerText({ manifest }: Image, layer: number): string {
  const { digest, size } = manifest.value.layers[layer]!;
  return `${digest}, ${size} bytes`;
}

interface LayerOf {
  readonly image: Image;
  readonly layer: number;
}

interface Explaining {
  readonly options: ExplainOptions;
  readonly reasons: ReturnType<typeof createReasons>;
}

async function explainLayer(
  one: LayerOf,
  other: LayerOf,
  { options, reasons }: Explaining,
): Promise<void> {
  if (diffIdOf(one) === diffIdOf(other)) {
    await explainBlobs(blobOf(one), blobOf(other), reasons, options);
    return;
  }
  const [first, second] = [await indexOf(one, options), await indexOf(other, options)];
  if (explainEntries(first, second, reasons)) return;
  const open = ({ image, layer }: LayerOf) =>
    openLayerTar({ image, limits: options.limits }, layer, options);
  await explainTars(
    () => open(one),
    () => open(other),
    reasons,
    options,
  );
}

function diffIdOf({ image, layer }: LayerOf): string {
  return image.config.value.rootfs.diff_ids[layer]!;
}

function blobOf({ image, layer }: LayerOf): Parameters<typeof explainBlobs>[0] {
  return { store: image.store, descriptor: image.manifest.value.layers[layer]! };
}

async function indexOf({ image, layer }: LayerOf, options: ExplainOptions) {
  const [index] = await indexLayers(image, { ...options, allowMissing: true, only: [layer] });
  return index!;
}
