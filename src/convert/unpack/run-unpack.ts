// SPDX-License-Identifier: MIT
import { mergeLayers } from "../../rootfs/merge/merge-layers.ts";
import { viewTree, type ImageFilesystem } from "../../rootfs/image-filesystem.ts";
import { indexLayers } from "../../rootfs/layer-index/image-indexes.ts";
import { nameImage } from "../../rootfs/contents/open-layer-tar.ts";
import { writeImageDocuments } from "../exact/image-documents.ts";
import { proveAndRecord, type Proof } from "../../disk/proof/prove.ts";
import { writeRecord, type UnpackRecord } from "../../disk/sidecar/unpack-record.ts";
import { dropRecords } from "./exact-records.ts";
import { findNeeded, type NeededInodes } from "../staging/needed-inodes.ts";
import { comparePresent, currentUser } from "./present-tree.ts";
import { selectTree } from "../../rootfs/merge/select-tree.ts";
import type { LayerStager } from "../staging/stage-layers.ts";
import type { UnpackJob } from "./unpack-job.ts";
import type { UnpackOptions, UnpackResult } from "./unpack-options.ts";
import { planAll, planDifferences, type TreeChanges } from "./tree-changes.ts";
import { openUnpackSession, type UnpackSession } from "./unpack-session.ts";

const REPORT_EVERY_MS = 100;

/** Works out what an unpack would do, and changes nothing. @throws what reading and merging the layers throw */
export async function planUnpack(job: UnpackJob): Promise<UnpackResult> {
  const tree = await openTree(job, undefined);
  const plan = await planFor(job, tree);
  return { ...resultOf(job, plan, findNeeded(tree, plan.isMade)), plan: plan.list() };
}

/**
 * Performs an unpack in a locked directory. New inodes are staged, then put in place, then proven. The
 * record says `writing` from before the first change until after the last.
 * @throws OciError as `unpack` does
 */
export async function runUnpack(job: UnpackJob): Promise<UnpackResult> {
  const { destination, options } = job;
  const isWhole = destination.state !== "unpacked" && options.include === undefined;
  let workplace: UnpackSession | undefined;
  const start = (): UnpackSession => (workplace ??= openUnpackSession(job, recordOf(job)));
  try {
    const tree = await openTree(job, isWhole ? start().stager : undefined);
    const plan = await planFor(job, tree);
    const needed = findNeeded(tree, plan.isMade);
    if (hasWork(job, plan)) {
      await start().build(tree, plan, needed);
    } else {
      writeRecord(destination.sidecar, recordOf(job));
      await dropRecords(destination.sidecar, []);
    }
    const proof = await prove(job, tree, plan.paths);
    return { ...resultOf(job, plan, needed), proof };
  } finally {
    await workplace?.close();
  }
}

/**
 * Builds the tree that should be in the directory. With a stager, layers that must be read for this are
 * staged at once.
 */
async function openTree(
  { view, options }: UnpackJob,
  stager: LayerStager | undefined,
): Promise<ImageFilesystem> {
  const { signal, limits, onProgress, exact, include } = options;
  const indexes = await indexLayers(view, {
    signal,
    limits,
    onProgress,
    // The exact bytes are only in the layers themselves, so the index cache can't replace reading them.
    cache: exact === true && stager !== undefined ? undefined : options.cache,
    listenersOf: stager && ((layer) => stager.listenersOf(layer)),
  });
  const root = mergeLayers(indexes, { limits });
  const selected = include === undefined ? root : selectTree(root, include, nameImage(view));
  return viewTree(view, indexes, selected, { limits });
}

async function planFor(
  { destination, policy, options }: UnpackJob,
  tree: ImageFilesystem,
): Promise<TreeChanges> {
  if (destination.state !== "unpacked") return planAll(tree);
  return planDifferences(tree, await comparePresent(tree, destination, policy, options));
}

function hasWork({ destination, options }: UnpackJob, plan: TreeChanges): boolean {
  const { written, changed, removed } = plan.counts;
  return (
    destination.state !== "unpacked" || options.exact === true || written + changed + removed > 0
  );
}

function prove(job: UnpackJob, tree: ImageFilesystem, paths: number): Promise<Proof> {
  const { destination, image, policy, options } = job;
  const { directory, sidecar } = destination;
  writeImageDocuments(sidecar, image);
  return proveAndRecord(directory, tree, policy, recordOf(job), {
    sidecar,
    verifyContent: options.verify !== false,
    signal: options.signal,
    onProgress: options.onProgress && throttleProof(paths, options.onProgress),
  });
}

function throttleProof(
  total: number,
  onProgress: NonNullable<UnpackOptions["onProgress"]>,
): (progress: { readonly compared: number }) => void {
  let reported = -Infinity;
  return ({ compared }) => {
    const now = performance.now();
    if (now - reported < REPORT_EVERY_MS) return;
    reported = now;
    onProgress({ kind: "proving", compared, total });
  };
}

function recordOf({ image, options, policy }: UnpackJob): UnpackRecord {
  const { layer, include, exact } = options;
  const { sameOwner, rootlessXattr } = policy;
  return {
    version: 1,
    state: "writing",
    image: { digest: image.descriptor.digest, name: nameImage(image) },
    diffIds: [...image.config.value.rootfs.diff_ids],
    ...(layer !== undefined && { layer }),
    ...(include !== undefined && { include }),
    exact: exact === true,
    sameOwner,
    uidMap: [...policy.uidMap],
    gidMap: [...policy.gidMap],
    rootlessXattr,
    user: currentUser(),
  };
}

function resultOf(job: UnpackJob, plan: TreeChanges, needed: NeededInodes): UnpackResult {
  const { image, policy, options, destination } = job;
  return {
    directory: destination.directory,
    sidecar: destination.sidecar,
    image: image.descriptor,
    dryRun: options.dryRun === true,
    counts: plan.counts,
    bytes: needed.contents.bytes,
    proof: undefined,
    refusals: policy.refusals,
    plan: undefined,
  };
}
