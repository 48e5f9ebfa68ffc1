// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../bytes/bytes.ts";
import type { ImageView } from "../image/edit/image-view.ts";
import type { Digest } from "../oci/digest.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import type { Limits } from "../oci/limits.ts";
import { layerCompression, type Compression } from "../oci/media-types.ts";
import { openImageFilesystem, type ImageFilesystem } from "../rootfs/image-filesystem.ts";
import type { IndexProgress } from "../rootfs/layer-index/image-indexes.ts";
import type { LayerIndexCache } from "../rootfs/layer-index/index-cache.ts";
import type { ContentStore } from "../store/store.ts";
import type { DeclaredComponent } from "./components/declared-component.ts";
import { findComponents, type Components } from "./components/find-components.ts";
import { groupName } from "./groups/layer-group.ts";
import type { DropReason } from "./plan/choose-dropped.ts";
import type { PreviousImage } from "./plan/kept-layers.ts";
import type { ComponentShare, NewLayer } from "./plan/new-layer.ts";
import {
  planLayers,
  type KeptLayer,
  type LayerPlan,
  type PlanLayersOptions,
} from "./plan/plan-layers.ts";
import { rechunkedView, type PlacedLayer } from "./rechunked-view.ts";
import { writeLayers } from "./write/write-layers.ts";

export interface RechunkImageOptions extends AbortOptions, PlanLayersOptions {
  readonly components?: readonly DeclaredComponent[] | undefined;
  /** How new layers are stored. Default: as most layers of the image are. */
  readonly compression?: Compression | undefined;
  readonly level?: number | undefined;
  readonly cache?: LayerIndexCache | undefined;
  readonly limits?: Partial<Limits> | undefined;
  readonly onProgress?: ((event: RechunkProgress) => void) | undefined;
}

/** Progress of rechunking. */
export type RechunkProgress =
  | IndexProgress
  /** `bytes` of `total` bytes of the contents of new layers are written. */
  | { readonly kind: "rechunking"; readonly bytes: number; readonly total: number };

/** A layer of the result. */
export interface RechunkedLayer {
  readonly kind: "kept" | "new";
  /** What it holds, for people. */
  readonly group: string;
  readonly descriptor: Descriptor;
  /** Bytes of its tar but for directories. */
  readonly tarBytes: number;
  /** Of a kept layer: bytes of its tar that other layers replaced or removed. */
  readonly deadBytes: number;
  /** Of a new layer: the components in it, the largest first. */
  readonly components: readonly ComponentShare[];
  /** Of a new layer: how many paths it removes from the layers below. */
  readonly removed: number;
}

/** One image that was rechunked, or would be. */
export interface RechunkedImage {
  /** The image whose layers could be kept. */
  readonly previous: Digest | undefined;
  /** The lowest first. */
  readonly layers: readonly RechunkedLayer[];
  /** Layers of the previous image that are not kept. */
  readonly dropped: readonly {
    readonly group: string;
    readonly descriptor: Descriptor;
    readonly why: DropReason;
  }[];
  /** Bytes of all layers as they are stored: of those that are kept, and of new ones. */
  readonly keptBytes: number;
  readonly newBytes: number;
  /** Dead bytes of all layers, and all bytes, of their tars. */
  readonly deadBytes: number;
  readonly tarBytes: number;
  /** What could not be used, each as one line for people. */
  readonly notices: readonly string[];
}

/**
 * Divides the files of an image among layers of which a later version changes few, keeps the layers of a previous
 * version that still hold, and writes the others to the target. Nothing but layers is written: the caller writes the
 * view. The tree stays the same, but for the times of what is kept.
 * @throws OciError what indexing, reading and storing throw
 */
export async function rechunkImage(
  view: ImageView,
  target: ContentStore,
  previous: PreviousImage | undefined,
  options: RechunkImageOptions,
): Promise<{ readonly view: ImageView; readonly rechunked: RechunkedImage }> {
  const { signal, components: declared, limits, cache, onProgress } = options;
  const root = await openImageFilesystem(view.image, { signal, limits, cache, onProgress });
  let components: Promise<Components> | undefined;
  const componentsOf = (): Promise<Components> =>
    (components ??= findComponents(root, { declared, signal }));
  const plan = await planLayers(root, previous, componentsOf, options);
  const placed = await placeLayers(view, root, plan, target, previous, options);
  return {
    view: rechunkedView(view, placed, previous),
    rechunked: {
      previous: previous?.image.descriptor.digest,
      ...summarise(plan, placed),
      notices: (await components)?.notices ?? [],
    },
  };
}

async function placeLayers(
  view: ImageView,
  root: ImageFilesystem,
  { kept, added }: LayerPlan,
  target: ContentStore,
  previous: PreviousImage | undefined,
  options: RechunkImageOptions,
): Promise<readonly PlacedLayer[]> {
  const { compression = usualCompression(view), level, signal, cache, onProgress } = options;
  const total = added.reduce((sum, { bytes }) => sum + bytes, 0);
  let bytes = 0;
  const onBytes = (more: number): void => {
    bytes += more;
    onProgress?.({ kind: "rechunking", bytes, total });
  };
  const onUnkept = (at: number, error: unknown): void =>
    onProgress?.({ kind: "cache-unusable", layer: kept.length + at, error });
  const how = { compression, level, signal, cache, onBytes, onUnkept };
  const stored = await writeLayers(root, added, target, how);
  return [
    ...kept.map(({ descriptor, diffId, group }) => ({
      ...{ store: previous!.image.store, descriptor, diffId, group },
    })),
    ...stored.map((layer, at) => ({ ...layer, store: target, group: added[at]!.group })),
  ];
}

/** How most layers of an image are compressed; gzip where none is. */
function usualCompression({ image }: ImageView): Compression {
  const sizes = { gzip: 0, zstd: 0, none: 0 };
  for (const { mediaType, size } of image.manifest.value.layers) {
    sizes[layerCompression(mediaType) ?? "gzip"] += size;
  }
  return sizes.zstd > sizes.gzip ? "zstd" : "gzip";
}

function summarise(
  { kept, added, dropped }: LayerPlan,
  placed: readonly PlacedLayer[],
): Omit<RechunkedImage, "previous" | "notices"> {
  const layers = placed.map(({ descriptor }, at) =>
    at < kept.length ? keptLayer(kept[at]!) : newLayer(added[at - kept.length]!, descriptor),
  );
  const stored = (kind: RechunkedLayer["kind"]): number =>
    sum(layers.map((layer) => (layer.kind === kind ? layer.descriptor.size : 0)));
  return {
    layers,
    dropped: dropped.map(({ layer: { group, descriptor }, why }) => ({
      ...{ group: groupName(group), descriptor, why },
    })),
    keptBytes: stored("kept"),
    newBytes: stored("new"),
    deadBytes: sum(layers.map(({ deadBytes }) => deadBytes)),
    tarBytes: sum([...kept, ...added].map(({ bytes }) => bytes)),
  };
}

function keptLayer({ group, descriptor, bytes, used }: KeptLayer): RechunkedLayer {
  const deadBytes = Math.max(0, bytes - used);
  return {
    kind: "kept",
    group: groupName(group),
    descriptor,
    tarBytes: bytes,
    deadBytes,
    components: [],
    removed: 0,
  };
}

function newLayer(
  { group, components, removed, bytes }: NewLayer,
  descriptor: Descriptor,
): RechunkedLayer {
  return {
    kind: "new",
    group: groupName(group),
    descriptor,
    tarBytes: bytes,
    deadBytes: 0,
    components,
    removed: removed.length,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
