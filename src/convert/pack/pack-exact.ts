// SPDX-License-Identifier: MIT
import { throwIfAborted } from "../../bytes/abort.ts";
import { toText } from "../../bytes/byte-string.ts";
import type { Image } from "../../image/image.ts";
import { formatCreated } from "../../image/edit/history.ts";
import type { ImageView } from "../../image/edit/image-view.ts";
import { writeImage } from "../../image/edit/write-image.ts";
import { OciError } from "../../oci/errors.ts";
import { comparePairs, type Difference } from "../../rootfs/compare/compare-trees.ts";
import { createTarOutput } from "../../store/layer-output.ts";
import type { ContentStore } from "../../store/store.ts";
import { readImageDocuments } from "../exact/image-documents.ts";
import { readRecordedLayer, type RecordedLayer } from "../exact/replay-layer.ts";
import { pairTouched } from "../../disk/proof/pair-touched.ts";
import type { UnpackedDirectory } from "../../disk/sidecar/open-unpacked.ts";
import { sidecarOf } from "../../disk/sidecar/sidecar-files.ts";
import type { UnpackRecord } from "../../disk/sidecar/unpack-record.ts";
import type { PackOptions, PackedImage, PackedLayer } from "./pack-options.ts";
import { createPackProgress } from "./pack-progress.ts";
import { emptyImage, withLayers, withSameLayers } from "./packed-image.ts";

/**
 * Reproduces the unpacked layers byte for byte, from what the sidecar recorded and the files in the
 * directory. Each is verified by its diffID. For a whole image the configuration stays identical; a single
 * layer goes into an image of its own.
 * @throws OciError `gate-refused` if the directory is not what was unpacked, with the paths;
 * `invalid-argument` if it was not unpacked with `exact`; `diff-id-mismatch`, `invalid-sidecar`
 */
export async function packExact(
  unpacked: UnpackedDirectory,
  target: ContentStore,
  options: PackOptions,
): Promise<PackedImage> {
  const { dryRun = false, tag, signal } = options;
  const sidecar = options.sidecar ?? sidecarOf(unpacked.directory);
  const record = exactRecord(unpacked);
  checkUnchanged(unpacked);
  const recorded = numbersOf(record).map((layer) => readRecordedLayer(sidecar, layer));
  const entries = recorded.reduce((sum, { contents }) => sum + contents, 0);
  const bytes = recorded.reduce((sum, { contentBytes }) => sum + contentBytes, 0);
  const content = { entries, bytes, changes: [], skipped: [] };
  if (dryRun) return { image: undefined, layers: [], ...content };
  const layers: PackedLayer[] = [];
  for (const [at, layer] of recorded.entries()) {
    layers.push(await replayLayer(layer, at, unpacked, target, options));
  }
  const view = viewOfLayers(sidecar, record, target, layers, options);
  const { descriptor } = await writeImage(view, target, { tag, signal });
  return { image: descriptor, layers, ...content };
}

function exactRecord({ record, name }: UnpackedDirectory): UnpackRecord {
  if (record?.exact === true) return record;
  const got = record === undefined ? "no sidecar" : "a sidecar without the bytes of the layers";
  throw new OciError(
    "invalid-argument",
    `${name}: expected a directory that was unpacked with --exact, got ${got}`,
    { hint: "Unpack the image with --exact, or pack the directory without." },
  );
}

const SHOWN = 10;

function checkUnchanged(unpacked: UnpackedDirectory): void {
  const { differences, undecided } = comparePairs(pairTouched(unpacked, unpacked.recorded!), {
    sameContent: (path) => unpacked.isUntouched(path),
  });
  const paths = [...differences.map(showDifference), ...undecided.map(toText)];
  if (paths.length === 0) return;
  const more = paths.length > SHOWN ? `; and ${paths.length - SHOWN} more` : "";
  throw new OciError(
    "gate-refused",
    `${unpacked.name}: expected just what was unpacked, got changes: ${paths.slice(0, SHOWN).join("; ")}${more}`,
    {
      details: { differences: paths },
      hint: "Only an unchanged directory packs to the same bytes: pack it without --exact.",
    },
  );
}

function showDifference({ path, kind, fields }: Difference): string {
  const what = kind === "different" ? fields.map(({ field }) => field).join(", ") : kind;
  return `${toText(path)} (${what})`;
}

function numbersOf({ layer, diffIds }: UnpackRecord): number[] {
  return layer === undefined ? diffIds.map((_, at) => at) : [layer];
}

async function replayLayer(
  recorded: RecordedLayer,
  number: number,
  unpacked: UnpackedDirectory,
  target: ContentStore,
  options: PackOptions,
): Promise<PackedLayer> {
  const { compression = "gzip", level, signal } = options;
  const output = createTarOutput(target, { compression, level, signal });
  const progress = createPackProgress(options, number);
  try {
    for await (const chunk of recorded.tar(unpacked, { signal })) {
      throwIfAborted(signal, unpacked.name);
      output.write(chunk);
      await output.ready();
      progress.entry(chunk.length);
    }
    const stored = await output.finish(recorded.diffId);
    return { ...stored, entries: recorded.contents, bytes: recorded.contentBytes };
  } catch (error) {
    await output.abort(error);
    throw error;
  }
}

function viewOfLayers(
  sidecar: string,
  record: UnpackRecord,
  target: ContentStore,
  layers: readonly PackedLayer[],
  options: PackOptions,
): ImageView {
  const documents = readImageDocuments(sidecar, record.image.digest, options.limits);
  if (record.layer === undefined && documents !== undefined && options.platform === undefined) {
    const { manifest, config } = documents;
    const image: Image = { store: target, descriptor: manifest.descriptor, manifest, config };
    return withSameLayers(image, target, layers);
  }
  const created = options.created === undefined ? undefined : formatCreated(options.created);
  const config = documents?.config.value;
  const empty = emptyImage(target, { config, platform: options.platform, created });
  return withLayers(empty, target, layers, created);
}
