// SPDX-License-Identifier: MIT
import { toText } from "../../bytes/byte-string.ts";
import { formatCreated } from "../../image/edit/history.ts";
import type { Image } from "../../image/image.ts";
import { viewOf } from "../../image/edit/image-view.ts";
import { writeImage } from "../../image/edit/write-image.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { OciError } from "../../oci/errors.ts";
import { refuseOutputInside } from "../../store/own-output.ts";
import type { ContentStore } from "../../store/store.ts";
import { readImageDocuments } from "../exact/image-documents.ts";
import { openUnpacked, type UnpackedDirectory } from "../../disk/sidecar/open-unpacked.ts";
import { sidecarOf } from "../../disk/sidecar/sidecar-files.ts";
import { findChanges } from "./find-changes.ts";
import { everything, itemsOf, withoutSockets, type LayerItem } from "./layer-items.ts";
import { mapOwners } from "./map-owners.ts";
import { packExact } from "./pack-exact.ts";
import type {
  PackOptions,
  PackedImage,
  PackedLayer,
  PackedPath,
  SkippedPath,
} from "./pack-options.ts";
import { emptyImage, withLayers } from "./packed-image.ts";
import { countItems, writePackedLayer } from "./write-packed-layer.ts";

/**
 * Makes an image from a directory and its sidecar, in a store. The layer is canonical: the same tree gives
 * the same diffID, whoever unpacked it, root or not. Without a base, the image has one layer with
 * everything, including the root's own metadata. With a base, it has the base's layers and one more with
 * the changes; if nothing changed, it is the base itself. The tag is set last.
 * @throws OciError `invalid-argument`, also for a target inside the directory; `unsupported-operation` for
 * entries that a layer can't hold (sockets are left out and reported); `unreadable`, `invalid-sidecar`,
 * `aborted`; with `exact`, `gate-refused` if the directory was changed; what the stores throw
 */
export async function packDirectory(
  directory: string,
  target: ContentStore,
  options: PackOptions = {},
): Promise<PackedImage> {
  checkOptions(options);
  refuseOutputInside(directory, target, "pack");
  const unpacked = openToPack(directory, options);
  try {
    if (options.exact === true) return await packExact(unpacked, target, options);
    return await packTree(unpacked, target, options);
  } finally {
    unpacked.close();
  }
}

function checkOptions({ base, exact, platform }: PackOptions): void {
  const clashes: readonly (readonly [boolean, string])[] = [
    [exact === true && base !== undefined, "exact or a base"],
    [platform !== undefined && base !== undefined, "a platform or a base, which has its own"],
  ];
  for (const [clash, expected] of clashes) {
    if (clash) throw new OciError("invalid-argument", `pack: expected ${expected}, got both`);
  }
}

function openToPack(
  directory: string,
  { sidecar, uidMap = [], gidMap = [] }: PackOptions,
): UnpackedDirectory {
  const unpacked = openUnpacked(directory, { sidecar, refuseTorn: true });
  try {
    const isMapped = uidMap.length > 0 || gidMap.length > 0;
    if (unpacked.record === undefined) return mapOwners(unpacked, { uidMap, gidMap });
    if (!isMapped) return unpacked;
    throw new OciError(
      "invalid-argument",
      `${unpacked.name}: expected no maps of owners: its sidecar knows how it was unpacked`,
    );
  } catch (error) {
    unpacked.close();
    throw error;
  }
}

async function packTree(
  unpacked: UnpackedDirectory,
  target: ContentStore,
  options: PackOptions,
): Promise<PackedImage> {
  const { base, dryRun = false } = options;
  const skipped: SkippedPath[] = [];
  const differences = base && (await findChanges(base, unpacked, options));
  const found = differences ? itemsOf(differences, unpacked) : everything(unpacked);
  const packable = withoutSockets(found, skipped);
  // Items of a whole directory are streamed to the layer; they are collected only if they must be reported.
  const items = base !== undefined || dryRun ? [...packable] : packable;
  const changes = Array.isArray(items) ? items.map(showItem) : [];
  if (dryRun) return { image: undefined, layers: [], ...countItems(items), changes, skipped };
  const layers: PackedLayer[] = [];
  if (base === undefined || changes.length > 0) {
    layers.push(await writePackedLayer(items, unpacked, target, options));
  }
  const image = await storeImage(unpacked, target, layers, options);
  const { entries, bytes } = layers[0] ?? { entries: 0, bytes: 0 };
  return { image, layers, entries, bytes, changes, skipped };
}

function showItem({ path, change }: LayerItem): PackedPath {
  return { change, path: toText(path) };
}

async function storeImage(
  unpacked: UnpackedDirectory,
  target: ContentStore,
  layers: readonly PackedLayer[],
  options: PackOptions,
): Promise<Descriptor> {
  const { base, tag, signal } = options;
  const below = base ?? freshImage(unpacked, target, options);
  const view =
    layers.length === 0 ? viewOf(below) : withLayers(below, target, layers, createdOf(options));
  const { descriptor } = await writeImage(view, target, { tag, signal });
  return descriptor;
}

function createdOf({ created }: PackOptions): string | undefined {
  return created === undefined ? undefined : formatCreated(created);
}

function freshImage(
  { record, directory }: UnpackedDirectory,
  target: ContentStore,
  options: PackOptions,
): Image {
  const { sidecar = sidecarOf(directory), platform, limits } = options;
  const documents = record && readImageDocuments(sidecar, record.image.digest, limits);
  return emptyImage(target, {
    config: documents?.config.value,
    platform,
    created: createdOf(options),
  });
}
