// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import { nameImage } from "../../rootfs/contents/open-layer-tar.ts";
import { platformOf } from "../../image/list-images.ts";
import type { Image } from "../../image/image.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Platform } from "../../oci/platform.ts";
import { normalisePlatform } from "../../oci/platform.ts";
import { makeImageFilesystem, type ImageFilesystem } from "../../rootfs/image-filesystem.ts";
import { tracePath } from "../../rootfs/resolve-path.ts";
import { indexLayers, type IndexLayersOptions } from "../../rootfs/layer-index/image-indexes.ts";
import type { LayerIndex } from "../../rootfs/layer-index/layer-index.ts";
import type { FactsCache } from "../facts/facts-cache.ts";
import type { LayerFacts } from "../facts/layer-facts.ts";
import { createFactsGatherer, type FactsGatherer } from "../facts/gather-facts.ts";
import { readImageFacts, type ImageFactsOptions } from "../facts/image-facts.ts";
import { checkDocuments } from "./check-documents.ts";
import { checkTables } from "./check-tables.ts";
import type { OnExamined } from "./examined-image.ts";
import type { FurtherChecks } from "./further-checks.ts";
import { errorsFirst, isError, type ImageFinding, type ImageReport } from "./image-report.ts";
import type { ReportCache } from "./report-cache.ts";
import { surveyRoot } from "./root-survey.ts";
import type { OnVerifyProgress } from "./verify-progress.ts";
import { verifyRoot } from "./verify-root.ts";

export interface VerifyImageOptions extends Pick<
  IndexLayersOptions,
  "cache" | "limits" | "signal"
> {
  /** Where what is known of contents is kept, so that the next run reads no layer. */
  readonly facts?: FactsCache | undefined;
  /** Where is kept what was found in images: then no tree is made of one that was verified before, unless `checks` or `onExamined` ask for it. */
  readonly reports?: ReportCache | undefined;
  /** The platform that an index gives for the image. */
  readonly entry?: Platform | undefined;
  /** Asked on the walk through the root filesystem. */
  readonly checks?: FurtherChecks | undefined;
  readonly onProgress?: OnVerifyProgress;
  /** Called with the digest of each layer whose blob was read to its end, and is right. */
  readonly onLayerRead?: ((digest: Digest) => void) | undefined;
  readonly onExamined?: OnExamined | undefined;
}

/**
 * Whether an image would start: its documents agree, every layer has its diffID, and its root filesystem
 * has what the configuration starts. A layer is read once, and not at all when its index and its facts are kept.
 * @throws what opening the image's filesystem throws; OciError `aborted`
 */
export async function verifyImage(
  image: Image,
  options: VerifyImageOptions = {},
): Promise<ImageReport> {
  const { checks, onExamined, signal } = options;
  const reports = checks === undefined && onExamined === undefined ? options.reports : undefined;
  const kept = await reports?.read(image, options);
  if (kept !== undefined && (await hasLayers(image, signal))) return kept;
  const report = await examine(image, options);
  await reports?.write(image, options, report);
  return report;
}

/** What is said of an image whose layers are not there is not what was kept of it. */
async function hasLayers(image: Image, signal: AbortSignal | undefined): Promise<boolean> {
  for (const layer of image.manifest.value.layers) {
    if (!(await image.store.exists(layer, { signal }))) return false;
  }
  return true;
}

async function examine(image: Image, options: VerifyImageOptions): Promise<ImageReport> {
  const { filesystem, indexes, gathered } = await open(image, options);
  const { limits, signal, facts, onProgress } = options;
  const platform = platformOf(image.config.value);
  const isLinux = normalisePlatform(platform).os === "linux";
  const subject = { root: filesystem, image, platform, limits, signal };
  const checks = isLinux ? options.checks?.begin(subject) : undefined;
  const survey = await surveyRoot(filesystem, { visit: checks?.visit, onProgress, signal });
  const objects = survey.objects.map(({ path, node }) => [path, node] as const);
  const readable = await readImageFacts(filesystem, objects, {
    ...{ cache: facts, gathered, signal },
    onObject: (read, total) => onProgress?.({ kind: "reading-objects", read, total }),
  });
  const root = isLinux
    ? await verifyRoot(readable, survey, {
        execution: image.config.value.config,
        architecture: normalisePlatform(platform).architecture,
        ...{ limits, signal, checks, onProgress },
      })
    : undefined;
  const all = [
    ...checkDocuments(image, options.entry),
    ...(await checkTables(image, indexes, options)),
    ...(root?.findings ?? []),
  ].map((finding) => withLayer(finding, filesystem));
  const checked = root?.checked ?? { ...NOTHING, paths: survey.paths };
  const report: ImageReport = {
    name: nameImage(image),
    digest: image.descriptor.digest,
    platform,
    checked: { layers: image.manifest.value.layers.length, ...checked },
    findings: errorsFirst(all),
    ok: !all.some(isError),
    policies: checks?.policies,
  };
  options.onExamined?.({
    ...{ report, root: filesystem, image, indexes },
    ...{ closure: root?.closure, started: root?.started ?? new Set() },
  });
  return report;
}

/** Adds the layer that brought the path of a finding. */
function withLayer(finding: ImageFinding, filesystem: ImageFilesystem): ImageFinding {
  if (finding.layer !== undefined || finding.path?.startsWith("/") !== true) return finding;
  const { node } = tracePath(filesystem, finding.path as ByteString, { followLast: false });
  const number = node && filesystem.location(node)?.layer;
  if (number === undefined) return finding;
  const { digest } = filesystem.image.manifest.value.layers[number]!;
  return { ...finding, layer: { number, digest } };
}

const NOTHING = Object.freeze({ objects: 0, programs: 0, scripts: 0, commands: 0 });

interface Opened {
  readonly filesystem: ImageFilesystem;
  readonly indexes: readonly LayerIndex[];
  readonly gathered: ImageFactsOptions["gathered"];
}

/** Opens the merged tree. Of layers that have to be read for that, what the checks want to know is gathered on the way. */
async function open(
  image: Image,
  { cache, limits, signal, onProgress, onLayerRead }: VerifyImageOptions,
): Promise<Opened> {
  const gatherers = new Map<number, FactsGatherer>();
  const read = new Set<number>();
  const indexes = await indexLayers(image, {
    ...{ cache, limits, signal },
    listenersOf: (layer) => {
      const gatherer = createFactsGatherer();
      gatherers.set(layer, gatherer);
      return [gatherer.listener];
    },
    onProgress: (event) => {
      if (event.kind === "layer-indexed") {
        read.add(event.layer);
        onLayerRead?.(image.manifest.value.layers[event.layer]!.digest);
      }
      onProgress?.(event);
    },
  });
  const { layers } = image.manifest.value;
  const diffIds = image.config.value.rootfs.diff_ids;
  const gathered = new Map<number, LayerFacts>();
  for (const layer of layers.keys()) {
    // The same layer again is not read again. Another blob, or another diffID, is another layer.
    const same = [...read].find(
      (other) =>
        layers[other]!.digest === layers[layer]!.digest && diffIds[other] === diffIds[layer],
    );
    const gatherer = same === undefined ? undefined : gatherers.get(same);
    if (gatherer !== undefined) gathered.set(layer, gatherer.facts(indexes[layer]!));
  }
  return { filesystem: makeImageFilesystem(image, indexes, { limits }), indexes, gathered };
}
