// SPDX-License-Identifier: MIT
import { nameImage } from "../../rootfs/contents/open-layer-tar.ts";
import { platformOf } from "../../image/list-images.ts";
import type { Image } from "../../image/image.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Platform } from "../../oci/platform.ts";
import { normalisePlatform } from "../../oci/platform.ts";
import { makeImageFilesystem, type ImageFilesystem } from "../../rootfs/image-filesystem.ts";
import { indexLayers, type IndexLayersOptions } from "../../rootfs/layer-index/image-indexes.ts";
import type { LayerIndex } from "../../rootfs/layer-index/layer-index.ts";
import type { FactsCache } from "../facts/facts-cache.ts";
import { readImageFacts } from "../facts/image-facts.ts";
import { checkDocuments } from "./check-documents.ts";
import type { OnExamined } from "./examined-image.ts";
import { errorsFirst, isError, type ImageReport } from "./image-report.ts";
import { surveyRoot } from "./root-survey.ts";
import { verifyRoot } from "./verify-root.ts";

export interface VerifyImageOptions extends Pick<
  IndexLayersOptions,
  "cache" | "limits" | "signal" | "onProgress"
> {
  /** Where what is known of contents is kept, so that the next run reads no layer. */
  readonly facts?: FactsCache | undefined;
  /** The platform that an index gives for the image. */
  readonly entry?: Platform | undefined;
  /** Called with the digest of each layer whose blob was read to its end, and is right. */
  readonly onLayerRead?: ((digest: Digest) => void) | undefined;
  readonly onExamined?: OnExamined | undefined;
}

/**
 * Whether an image would start: its documents agree, every layer has its diffID, and its root filesystem
 * has what the configuration starts. A layer is read at most twice, and not at all when its index and its facts are kept.
 * @throws what opening the image's filesystem throws; OciError `aborted`
 */
export async function verifyImage(
  image: Image,
  options: VerifyImageOptions = {},
): Promise<ImageReport> {
  const { filesystem, indexes, verified } = await open(image, options);
  const survey = surveyRoot(filesystem);
  const { limits, signal, facts } = options;
  const objects = survey.objects.map(({ path, node }) => [path, node] as const);
  const readable = await readImageFacts(filesystem, objects, { cache: facts, verified, signal });
  const platform = platformOf(image.config.value);
  const isLinux = normalisePlatform(platform).os === "linux";
  const root = isLinux
    ? await verifyRoot(readable, survey, {
        execution: image.config.value.config,
        architecture: normalisePlatform(platform).architecture,
        limits,
        signal,
      })
    : undefined;
  const all = [...checkDocuments(image, options.entry), ...(root?.findings ?? [])];
  const checked = root?.checked ?? { ...NOTHING, paths: survey.paths };
  const report: ImageReport = {
    name: nameImage(image),
    digest: image.descriptor.digest,
    platform,
    checked: { layers: image.manifest.value.layers.length, ...checked },
    findings: errorsFirst(all),
    ok: !all.some(isError),
  };
  options.onExamined?.({
    ...{ report, root: filesystem, image, indexes },
    ...{ closure: root?.closure, started: root?.started ?? new Set() },
  });
  return report;
}

const NOTHING = Object.freeze({ objects: 0, programs: 0, scripts: 0, commands: 0 });

interface Opened {
  readonly filesystem: ImageFilesystem;
  readonly indexes: readonly LayerIndex[];
  /** The numbers of the layers that were read. */
  readonly verified: ReadonlySet<number>;
}

/** Opens the merged tree, and remembers which layers were read for it. */
async function open(
  image: Image,
  { cache, limits, signal, onProgress, onLayerRead }: VerifyImageOptions,
): Promise<Opened> {
  const verified = new Set<number>();
  const indexes = await indexLayers(image, {
    ...{ cache, limits, signal },
    onProgress: (event) => {
      if (event.kind === "layer-indexed") {
        verified.add(event.layer);
        onLayerRead?.(image.manifest.value.layers[event.layer]!.digest);
      }
      onProgress?.(event);
    },
  });
  return { filesystem: makeImageFilesystem(image, indexes, { limits }), indexes, verified };
}
