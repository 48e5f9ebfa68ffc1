// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { ImageFilesystem } from "../../rootfs/image-filesystem.ts";
import { applyMetadata } from "../../disk/inode/apply-metadata.ts";
import { startFromNothing } from "../../disk/inode/start-from-nothing.ts";
import { createXattrBatch } from "../../disk/xattrs/xattr-batch.ts";
import { writeRecord, type UnpackRecord } from "../../disk/sidecar/unpack-record.ts";
import { openDestination, type OpenDestination } from "./destination.ts";
import { dropRecords, finishRecords } from "./exact-records.ts";
import type { NeededInodes } from "../staging/needed-inodes.ts";
import { clearObstacles, moveIntoTree } from "./move-into-tree.ts";
import { stageInodes } from "../staging/stage-inodes.ts";
import { createLayerStager, type LayerStager } from "../staging/stage-layers.ts";
import { createStaging, stagingName, type Staging } from "../staging/staging.ts";
import type { UnpackJob } from "./unpack-job.ts";
import type { TreeChanges } from "./tree-changes.ts";

/** A destination that is being worked in. Its record in the sidecar says so. */
export interface UnpackSession {
  readonly stager: LayerStager;
  /** Reads what is needed and not staged yet, and changes the directory as the plan says. */
  build(tree: ImageFilesystem, plan: TreeChanges, needed: NeededInodes): Promise<void>;
  /** Removes leftovers of the work and closes everything. Idempotent. */
  close(): Promise<void>;
}

/**
 * Writes the record, then opens the destination and makes a staging directory in it.
 * @throws OciError `unwritable`; `invalid-argument` if a link has taken the directory's place
 */
export function openUnpackSession(job: UnpackJob, record: UnpackRecord): UnpackSession {
  const { destination, options, policy, view } = job;
  const { sidecar } = destination;
  const name = stagingName();
  writeRecord(sidecar, { ...record, staging: name });
  const open = openDestination(destination, job.machine);
  const staging = makeStaging(job, open, name);
  const batch = createXattrBatch(policy);
  const numberOf = (layer: number): number => options.layer ?? layer;
  const stager = createLayerStager(view, {
    staging,
    policy,
    batch,
    limits: options.limits,
    onProgress: options.onProgress,
    exact: options.exact === true ? { sidecar, numberOf } : undefined,
  });
  let closed = false;
  return {
    stager,
    async build(tree, plan, needed) {
      const { signal, onProgress } = options;
      const directory = destination.directory;
      await stager.stage(needed.contents, { signal });
      stageInodes(tree, needed.special, { staging, policy, batch, directory });
      batch.finish();
      const total = plan.counts.written + plan.counts.changed;
      const onMoved =
        onProgress && ((entries: number) => onProgress({ kind: "moving", entries, total }));
      const { cursor } = open;
      const place = { staging, policy, batch, directory, signal, onMoved, cursor };
      await clearObstacles(plan, place);
      await moveIntoTree(tree, plan, needed.names, place);
      batch.finish();
      await dropRecords(sidecar, [...stager.recorders.keys()].map(numberOf));
      finishRecords(stager.recorders, tree, staging);
      await staging.remove();
      finishRoot(job, tree, open);
    },
    async close() {
      if (closed) return;
      closed = true;
      stager.discard();
      batch.discard();
      // If it can't be removed now, the next run recognises its name and removes it.
      await staging.remove().catch(() => undefined);
      staging.close();
      open.close();
    },
  };
}

/**
 * Makes the staging directory so that nothing is inherited from the surroundings of the destination, such
 * as a default ACL.
 */
function makeStaging(
  { destination, policy }: UnpackJob,
  open: OpenDestination,
  name: string,
): Staging {
  let staging: Staging | undefined;
  try {
    const { fd, root, usesProcPaths } = open;
    if (destination.state !== "unpacked") startFromNothing({ path: `${root}/.`, fd }, policy);
    staging = createStaging(root, name, usesProcPaths);
    startFromNothing({ path: `${root}/${name}`, fd: staging.fd }, policy);
    return staging;
  } catch (error) {
    staging?.close();
    open.close();
    throw error;
  }
}

/** The root is finished last, because removing the staging directory changed its time. */
function finishRoot({ policy }: UnpackJob, tree: ImageFilesystem, open: OpenDestination): void {
  const node = tree.lstat("/" as ByteString)!;
  applyMetadata({ path: `${open.root}/.`, fd: open.fd, existed: true }, node, policy);
}
