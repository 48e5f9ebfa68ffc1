// SPDX-License-Identifier: MIT
import { completeHistory, formatCreated } from "../../image/edit/history.ts";
import { makeConfig, makeManifest } from "../../image/edit/image-document.ts";
import type { Image } from "../../image/image.ts";
import {
  storedLayers,
  viewOf,
  type ImageView,
  type ViewLayer,
} from "../../image/edit/image-view.ts";
import { rewriteConfig } from "../../image/edit/rewrite-document.ts";
import type { ImageConfig } from "../../oci/documents/image-config.ts";
import type { Platform } from "../../oci/platform.ts";
import type { StoredLayer } from "../../store/layer-output.ts";
import type { ReadableStore } from "../../store/store.ts";

const CREATED_BY = "oci-kit pack";

/** Node's names of processors for which the specification has another name. */
const ARCHITECTURES: Readonly<Record<string, string>> = Object.freeze({
  x64: "amd64",
  ia32: "386",
  loong64: "loong64",
  ppc64: "ppc64le",
});

/** What an image without a base is made from. */
export interface FreshImage {
  /** The configuration of the unpacked image, whose settings are kept. */
  readonly config: ImageConfig | undefined;
  readonly platform: Platform | undefined;
  /** RFC 3339. */
  readonly created: string | undefined;
}

/**
 * An image without layers, to add layers to. Its platform is the one given, or that of the configuration,
 * or else Linux on this machine's processor. It takes the settings of the configuration but not its
 * history.
 */
export function emptyImage(store: ReadableStore, fresh: FreshImage): Image {
  const { created: inherited = formatCreated(0), ...known } = fresh.config ?? hostPlatform();
  const config = makeConfig({
    ...known,
    created: fresh.created ?? inherited,
    ...fresh.platform,
    rootfs: { type: "layers", diff_ids: [] },
    history: [],
  });
  const manifest = makeManifest({ config: config.descriptor, layers: [] });
  return { store, descriptor: manifest.descriptor, manifest, config };
}

function hostPlatform(): Platform & Pick<ImageConfig, "created"> {
  return { architecture: ARCHITECTURES[process.arch] ?? process.arch, os: "linux" };
}

/** An image with added layers, which the store already holds, and a history entry for each. */
export function withLayers(
  image: Image,
  store: ReadableStore,
  layers: readonly StoredLayer[],
  created: string | undefined,
): ImageView {
  const time = created ?? image.config.value.created ?? formatCreated(0);
  const entry = { created: time, created_by: CREATED_BY };
  const history = [...completeHistory(image.config.value), ...layers.map(() => entry)];
  return {
    ...viewOf(image),
    config: rewriteConfig(image.config, { image: { created: time, history } }),
    layers: [...storedLayers(image), ...layersIn(store, layers)],
  };
}

/** An image with the same layers in another stored form. Its configuration stays identical. */
export function withSameLayers(
  image: Image,
  store: ReadableStore,
  layers: readonly StoredLayer[],
): ImageView {
  return { ...viewOf(image), layers: layersIn(store, layers) };
}

function layersIn(store: ReadableStore, layers: readonly StoredLayer[]): ViewLayer[] {
  return layers.map(({ descriptor, diffId }) => ({ kind: "stored", store, descriptor, diffId }));
}
