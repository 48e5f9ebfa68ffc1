// SPDX-License-Identifier: MIT
import { throwIfAborted } from "../../bytes/abort.ts";
import type { ByteString } from "../../bytes/byte-string.ts";
import type { AbortOptions, Bytes } from "../../bytes/bytes.ts";
import { createHasher } from "../../bytes/hash.ts";
import type { Image } from "../../image/image.ts";
import { OciError } from "../../oci/errors.ts";
import { mergeLayers } from "../../rootfs/merge/merge-layers.ts";
import { comparePairs, type Difference } from "../../rootfs/compare/compare-trees.ts";
import { viewTree, type ImageFilesystem } from "../../rootfs/image-filesystem.ts";
import { indexLayers } from "../../rootfs/layer-index/image-indexes.ts";
import { createContentPlanner } from "../../rootfs/contents/content-plan.ts";
import { nameImage } from "../../rootfs/contents/open-layer-tar.ts";
import { readPlanned } from "../../rootfs/contents/read-planned.ts";
import type { RootFilesystem } from "../../rootfs/root-filesystem.ts";
import { pairTrees } from "../../rootfs/walk-filesystem.ts";
import { pairTouched } from "../../disk/proof/pair-touched.ts";
import type { UnpackedDirectory } from "../../disk/sidecar/open-unpacked.ts";
import { selectTree } from "../../rootfs/merge/select-tree.ts";
import { inOrder, watchNames, withOtherNames } from "./hard-link-names.ts";
import type { PackOptions } from "./pack-options.ts";

const INTERVAL = 100;

/**
 * The differences between the base and the directory, in walk order. In the directory, only files that were
 * touched since unpacking are read. If the base is the unpacked image, its tree comes from the sidecar;
 * otherwise it comes from the indexes of its layers. If only some paths were unpacked, only those are
 * compared.
 * @throws OciError `invalid-argument` for a directory that holds a single layer; `nothing-to-check`; what
 * reading either side throws
 */
export async function findChanges(
  base: Image,
  directory: UnpackedDirectory,
  options: PackOptions,
): Promise<readonly Difference[]> {
  checkWhole(directory);
  const { record, recorded } = directory;
  const onCompared = tellComparing(options);
  let opened: ImageFilesystem | undefined;
  const openBase = async (): Promise<ImageFilesystem> =>
    (opened ??= await openBaseTree(base, directory, options));
  const unpackedTree = record?.image.digest === base.descriptor.digest ? recorded : undefined;
  const pairs = watchNames(
    unpackedTree === undefined
      ? pairTrees(await openBase(), directory)
      : pairTouched(directory, unpackedTree, onCompared),
  );
  const { compared, differences, undecided } = comparePairs(
    pairs,
    unpackedTree === undefined
      ? { onCompared }
      : { sameContent: (path) => directory.isUntouched(path) },
  );
  if (compared === 0) {
    throw new OciError("nothing-to-check", `${directory.name}: expected something to compare`);
  }
  const read =
    undecided.length === 0
      ? []
      : await differingContents(undecided, await openBase(), directory, options);
  return withOtherNames(withContents(differences, read), directory, pairs);
}

function checkWhole({ record, name }: UnpackedDirectory): void {
  if (record?.layer === undefined) return;
  throw new OciError(
    "invalid-argument",
    `${name}: expected a whole image to compare with the base, got layer ${record.layer} alone`,
    { hint: "Pack it without a base, or unpack the whole image." },
  );
}

async function openBaseTree(
  base: Image,
  { record }: UnpackedDirectory,
  { cache, limits, signal, onProgress }: PackOptions,
): Promise<ImageFilesystem> {
  const indexes = await indexLayers(base, { cache, limits, signal, onProgress });
  const root = mergeLayers(indexes, { limits });
  const include = record?.include;
  const part = include === undefined ? root : selectTree(root, include, nameImage(base));
  return viewTree(base, indexes, part, { limits });
}

function tellComparing({ onProgress, signal }: PackOptions): (compared: number) => void {
  let due = 0;
  return (compared) => {
    if (compared % 256 !== 0) return;
    throwIfAborted(signal, "pack");
    const now = performance.now();
    if (now < due) return;
    due = now + INTERVAL;
    onProgress?.({ kind: "comparing", compared });
  };
}

/** Which of these paths, files of equal size on both sides, differ in content. Each layer is read once. */
async function differingContents(
  paths: readonly ByteString[],
  base: ImageFilesystem,
  directory: RootFilesystem,
  { signal }: AbortOptions,
): Promise<readonly ByteString[]> {
  const planner = createContentPlanner<ByteString>();
  for (const path of paths) {
    const node = base.lstat(path)!;
    planner.add(base.location(node)!, path, node.size);
  }
  const differing: ByteString[] = [];
  for await (const { wants, content } of readPlanned(base, planner.plan(), { signal })) {
    const before = await hash(content!);
    for (const path of wants) {
      if (before !== (await hash(directory.read(path, { signal })))) differing.push(path);
    }
  }
  return differing;
}

async function hash(bytes: Bytes): Promise<string> {
  const hasher = createHasher("sha256");
  for await (const chunk of bytes) hasher.update(chunk);
  return hasher.hex();
}

function withContents(
  differences: readonly Difference[],
  paths: readonly ByteString[],
): readonly Difference[] {
  const known = new Set(differences.map(({ path }) => path));
  const more = paths
    .filter((path) => !known.has(path))
    .map((path): Difference => ({ path, kind: "different", fields: [] }));
  return inOrder(differences, more);
}
