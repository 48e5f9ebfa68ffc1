// SPDX-License-Identifier: MIT
import { AnnotationKey } from "../../oci/annotations.ts";
import { shortDigest, type DiffId } from "../../oci/digest.ts";
import { OciError } from "../../oci/errors.ts";
import { formatPlatform } from "../../oci/platform.ts";
import { isSamePlatform } from "../find-image.ts";
import { completeHistory, historyAbove } from "./history.ts";
import type { Image } from "../image.ts";
import { storedLayers, type ImageView } from "./image-view.ts";
import { rewriteConfig } from "./rewrite-document.ts";

export interface RebaseOptions {
  /** The public name of the new base, for the annotation: a reference to a registry, never a path. */
  readonly name?: string | undefined;
}

/**
 * Puts the image on another base: layers and history are those of the new base, followed by those that the
 * image has above the old one. The image keeps its own configuration (environment, entrypoint and so on);
 * only version and features of the operating system are the new base's. The annotations that name the base
 * are set. No layer is read.
 * @throws OciError `invalid-argument` when the image's layers do not begin with all layers of the old base,
 *   or the old base has none; `wrong-architecture` for a new base of another platform
 */
export function rebaseImage(
  view: ImageView,
  oldBase: Image,
  newBase: Image,
  options: RebaseOptions = {},
): ImageView {
  checkBase(view, oldBase);
  checkPlatform(view, newBase);
  const { layers, config } = view;
  const base = newBase.config.value;
  const below = oldBase.manifest.value.layers.length;
  const above = historyAbove(config.value, oldBase.config.value);
  return {
    ...view,
    config: rewriteConfig(config, {
      image: {
        history: [...completeHistory(base), ...above],
        "os.version": base["os.version"],
        "os.features": base["os.features"],
      },
    }),
    layers: [...storedLayers(newBase), ...layers.slice(below)],
    annotations: annotate(view.annotations, newBase, options.name),
  };
}

function annotate(
  annotations: ImageView["annotations"],
  base: Image,
  name: string | undefined,
): ImageView["annotations"] {
  const others = Object.entries(annotations).filter(([key]) => key !== AnnotationKey.baseName);
  return {
    ...Object.fromEntries(others),
    [AnnotationKey.baseDigest]: base.descriptor.digest,
    ...(name !== undefined && { [AnnotationKey.baseName]: name }),
  };
}

function checkBase({ image, layers }: ImageView, oldBase: Image): void {
  const expected = oldBase.config.value.rootfs.diff_ids;
  const at = expected.findIndex((diffId, layer) => diffIdAt(layers, layer) !== diffId);
  if (at < 0 && expected.length > 0) return;
  const where = `${image.store.name}@${shortDigest(image.descriptor.digest)}`;
  const base = `${oldBase.store.name}@${shortDigest(oldBase.descriptor.digest)}`;
  const got = at < 0 ? "a base without layers" : `another layer ${at}`;
  throw new OciError(
    "invalid-argument",
    `${where}: expected an image whose lowest layers are those of ${base}, got ${got}`,
    {
      details: { expected, layer: at },
      hint: "The old base has to be the very image that this one was built on.",
    },
  );
}

function diffIdAt(layers: ImageView["layers"], at: number): DiffId | undefined {
  const layer = layers[at];
  return layer?.kind === "stored" ? layer.diffId : undefined;
}

function checkPlatform({ config }: ImageView, { config: base, descriptor }: Image): void {
  if (isSamePlatform(withoutVersion(config.value), withoutVersion(base.value))) return;
  const [expected, got] = [formatPlatform(config.value), formatPlatform(base.value)];
  throw new OciError(
    "wrong-architecture",
    `new base ${shortDigest(descriptor.digest)}: expected an image for ${expected}, got ${got}`,
    { details: { expected, got } },
  );
}

function withoutVersion(platform: {
  architecture: string;
  os: string;
  variant?: string | undefined;
}) {
  const { architecture, os, variant } = platform;
  return { architecture, os, variant };
}
