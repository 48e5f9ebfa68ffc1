// SPDX-License-Identifier: MIT
import { sourceOf, type AbortOptions } from "../../bytes/bytes.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Document } from "../../oci/documents/document.ts";
import type { ImageConfig } from "../../oci/documents/image-config.ts";
import type { Limits } from "../../oci/limits.ts";
import type { Manifest } from "../../oci/documents/manifest.ts";
import { MediaType } from "../../oci/media-types.ts";
import type { TransferTotal } from "../../store/copy/copy.ts";
import type { StoredLayer } from "../../store/layer-output.ts";
import { mapBounded } from "../../bytes/map-bounded.ts";
import { refuseOutputInside } from "../../store/own-output.ts";
import { pushTagged } from "../../store/push-tagged.ts";
import type { ContentStore } from "../../store/store.ts";
import { transferBlob, type CopyEvent, type Transfer } from "../../store/copy/transfer.ts";
import { withoutAssembly } from "./assembled.ts";
import { inOciTerms } from "./image-document.ts";
import type { ImageView, NewLayer, ViewLayer } from "./image-view.ts";
import { platformOf } from "../list-images.ts";
import { makeLayer } from "./make-layer.ts";
import { rewriteConfig, rewriteManifest } from "./rewrite-document.ts";

/** Progress: existing layers being copied to the target, and new ones being made. */
export type WriteProgress =
  | CopyEvent
  /** Bytes of the uncompressed layer so far. Reported at most once for each MiB. */
  | { readonly kind: "making"; readonly layer: string; readonly bytes: number };

export interface WriteImageOptions extends AbortOptions {
  /** The tag to set, after everything is stored. Without a tag the target keeps the image as a root without a name. */
  readonly tag?: string | undefined;
  /** Whether an image without a tag becomes a root. False for an image that an index will name. */
  readonly keepRoot?: boolean | undefined;
  /** Makes the new layers only to compute their digests, and writes nothing. */
  readonly dryRun?: boolean | undefined;
  /** The compression level of new layers. */
  readonly level?: number | undefined;
  /** Layers that were made for other images and need not be made again. New ones are added. */
  readonly made?: Map<NewLayer, StoredLayer> | undefined;
  /** How many layers are copied or made at a time. */
  readonly concurrency?: number | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** Never awaited. */
  readonly onProgress?: ((event: WriteProgress) => void) | undefined;
}

/** A layer of the written image. */
export interface WrittenLayer extends StoredLayer {
  /** Whether the layer was made, rather than copied. */
  readonly made: boolean;
}

/** The image that was written, or would be with `dryRun`. */
export interface WrittenImage {
  /** The manifest, with its platform. */
  readonly descriptor: Descriptor;
  readonly layers: readonly WrittenLayer[];
  /** Number and bytes of the layers that were made. */
  readonly made: TransferTotal;
  /** Likewise of the layers that were sent, were there already, or were mounted from another repository. */
  readonly copied: TransferTotal;
  readonly skipped: TransferTotal;
  readonly mounted: TransferTotal;
}

const CONCURRENCY = 4;
const REPORT_EVERY = 1024 * 1024;

/**
 * Writes a view to a store. Existing layers are copied, unless the target has them or its registry can mount
 * them; new ones are made; configuration, manifest and tag follow. So a store that holds the base gets none
 * of its bytes again. Safe to repeat after any failure. Docker's media types become OCI's, except when
 * nothing differs and the image stays the same.
 * @throws OciError `invalid-argument` for a target inside the directory that a layer is made from; CopyError
 *   for existing layers; what making a layer and the stores throw
 */
export async function writeImage(
  view: ImageView,
  target: ContentStore,
  options: WriteImageOptions = {},
): Promise<WrittenImage> {
  for (const layer of view.layers) {
    if (layer.kind !== "new" || layer.layer.directory === undefined) continue;
    refuseOutputInside(layer.layer.directory, target, `layer ${layer.layer.name}`);
  }
  const transfers = await copyLayers(view, target, options);
  const layers = await makeLayers(view, target, options);
  const config = configOf(view, layers);
  const manifest = manifestOf(view, config, layers);
  const descriptor = { ...manifest.descriptor, platform: platformOf(config.value) };
  if (options.dryRun !== true) {
    await target.push(config.descriptor, sourceOf(config.bytes), options);
    await storeRoot(target, { descriptor, bytes: manifest.bytes }, options);
  }
  const transferred = (action: Transfer["action"]): TransferTotal =>
    total(transfers.filter((one) => one.action === action).map((one) => one.descriptor));
  return {
    descriptor,
    layers,
    made: total(layers.filter(({ made }) => made).map((layer) => layer.descriptor)),
    copied: transferred("copied"),
    skipped: transferred("skipped"),
    mounted: transferred("mounted"),
  };
}

type StoredViewLayer = Extract<ViewLayer, { kind: "stored" }>;

function copyLayers(
  view: ImageView,
  target: ContentStore,
  { dryRun, concurrency = CONCURRENCY, signal, onProgress }: WriteImageOptions,
): Promise<readonly Transfer[]> {
  const wanted = new Map<string, StoredViewLayer>();
  for (const layer of view.layers) {
    if (layer.kind === "stored") wanted.set(layer.descriptor.digest, layer);
  }
  const layers = [...wanted.values()];
  const bytes = layers.reduce((sum, { descriptor }) => sum + descriptor.size, 0);
  onProgress?.({ kind: "planned", pieces: layers.length, bytes });
  const copying = { target, dryRun: dryRun === true, onProgress };
  return mapBounded(
    layers,
    concurrency,
    ({ store, descriptor }, stop) => transferBlob({ ...copying, source: store }, descriptor, stop),
    { signal },
  );
}

async function makeLayers(
  view: ImageView,
  target: ContentStore,
  options: WriteImageOptions,
): Promise<readonly WrittenLayer[]> {
  const { made = new Map<NewLayer, StoredLayer>() } = options;
  const layers: WrittenLayer[] = [];
  for (const each of view.layers) {
    if (each.kind === "stored") {
      layers.push({ descriptor: each.descriptor, diffId: each.diffId, made: false });
      continue;
    }
    const onBytes = reportMaking(each.layer, options);
    const known = made.get(each.layer);
    const layer = known ?? (await makeLayer(each.layer, target, { ...options, onBytes }));
    made.set(each.layer, layer);
    layers.push({ ...layer, made: known === undefined });
  }
  return layers;
}

function reportMaking(
  { name }: NewLayer,
  { onProgress }: WriteImageOptions,
): (bytes: number) => void {
  let bytes = 0;
  let told = 0;
  return (length) => {
    bytes += length;
    if (bytes - told < REPORT_EVERY) return;
    told = bytes;
    onProgress?.({ kind: "making", layer: name, bytes });
  };
}

function configOf({ config }: ImageView, layers: readonly WrittenLayer[]): Document<ImageConfig> {
  const { rootfs } = config.value;
  const diffIds = layers.map(({ diffId }) => diffId);
  if (diffIds.join() === rootfs.diff_ids.join()) return config;
  return rewriteConfig(config, { image: { rootfs: { ...rootfs, diff_ids: diffIds } } });
}

/** The same manifest when nothing differs; otherwise an OCI one, with OCI's media types for Docker's layers. */
function manifestOf(
  { image, annotations }: ImageView,
  config: Document<ImageConfig>,
  layers: readonly WrittenLayer[],
): Document<Manifest> {
  const before = image.manifest.value;
  const isConfig = config.descriptor.digest === before.config.digest;
  const descriptors = layers.map(({ descriptor }) => descriptor);
  const isLayers =
    descriptors.length === before.layers.length &&
    descriptors.every((layer, at) => isSameLayer(layer, before.layers[at]!));
  const change = {
    config: isConfig ? before.config : withContentOf(before.config, config.descriptor),
    layers: isLayers ? before.layers : descriptors,
    ...(annotations !== before.annotations && { annotations: orNothing(annotations) }),
  };
  const after = rewriteManifest(image.manifest, change);
  if (after === image.manifest) return after;
  const kept = withoutAssembly(annotations);
  return rewriteManifest(image.manifest, {
    ...change,
    ...(kept !== before.annotations && { annotations: orNothing(kept) }),
    config: { ...change.config, mediaType: MediaType.config },
    layers: change.layers.map(inOciTerms),
  });
}

/** Whether a layer is one that was there, and says nothing of itself that it did not say then. */
function isSameLayer({ digest, annotations }: Descriptor, before: Descriptor): boolean {
  const isSaid = annotations !== undefined && annotations !== before.annotations;
  return digest === before.digest && !isSaid;
}

/** The descriptor of the new content, with all other fields (annotations, platform…) of the old one. */
function withContentOf(before: Descriptor, after: Descriptor): Descriptor {
  return { ...before, ...after, data: undefined, urls: undefined };
}

function orNothing(annotations: ImageView["annotations"]): ImageView["annotations"] | undefined {
  return Object.keys(annotations).length === 0 ? undefined : annotations;
}

/** Stores a manifest or index whose children are stored, and keeps it: by its tag, or else as a root. */
export async function storeRoot(
  target: ContentStore,
  root: Pick<Document<unknown>, "descriptor" | "bytes">,
  { tag, keepRoot = true, signal, onProgress }: WriteImageOptions,
): Promise<void> {
  const { descriptor, bytes } = root;
  if (tag !== undefined) {
    await pushTagged(target, root, tag, { signal });
    onProgress?.({ kind: "tagged", tag, descriptor });
    return;
  }
  await target.push(descriptor, sourceOf(bytes), { signal });
  if (keepRoot) await target.capabilities.addRoot?.(descriptor, { signal });
}

function total(descriptors: readonly Descriptor[]): TransferTotal {
  const bytes = descriptors.reduce((sum, { size }) => sum + size, 0);
  return { count: descriptors.length, bytes };
}
