// SPDX-License-Identifier: MIT
import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { ByteString } from "../../bytes/byte-string.ts";
import type { AbortOptions } from "../../bytes/bytes.ts";
import { OciError } from "../../oci/errors.ts";
import type { Difference } from "../../rootfs/compare/compare-trees.ts";
import type { Node, RootFilesystem } from "../../rootfs/root-filesystem.ts";
import { WORTH_A_THREAD } from "../ahead/read-ahead.ts";
import { openDirectory, type OpenDirectoryOptions } from "../directory.ts";
import type { MetadataPolicy, Refusals } from "../metadata-policy.ts";
import { draftSidecar, type SidecarDraft } from "../sidecar/draft-sidecar.ts";
import type { Maker } from "./explain-difference.ts";
import { countTree } from "../sidecar/format-tree.ts";
import { withEveryPair } from "./paced-pairs.ts";
import { syncDirectoryTree } from "./sync-directory-tree.ts";
import { createReading } from "./read-back.ts";
import { recordRefusals } from "../sidecar/recorded-refusals.ts";
import { writeRecord, type HeldCounts, type UnpackRecord } from "../sidecar/unpack-record.ts";

/** The outcome of reading an unpacked directory back. It is proven when nothing differs. */
export interface Proof {
  /** Paths. */
  readonly compared: number;
  /** Files whose content was read; 0 when that was not asked for. */
  readonly contents: number;
  /** Bytes of them. */
  readonly contentBytes: number;
  readonly differences: readonly Difference[];
  /** Paths with a field that the disk does not show as the image has it, and the sidecar keeps. */
  readonly held: HeldCounts;
  /** Paths whose extended attributes this machine has no way to read back. */
  readonly unreadXattrs: number;
}

/** How far a proof has got. */
export interface ProofProgress {
  readonly compared: number;
  readonly contentBytes: number;
}

export interface ProveOptions
  extends AbortOptions, Pick<OpenDirectoryOptions, "loadXattrs" | "dumpXattrs"> {
  /** Where the sidecar is written: `sidecarOf(directory)`. */
  readonly sidecar: string;
  /** Whether the content of every file is read and hashed; without it only sizes are compared. */
  readonly verifyContent: boolean;
  readonly onProgress?: ((progress: ProofProgress) => void) | undefined;
}

/**
 * Reads a directory back and compares it with the tree that was put there. Only what the policy
 * explains may differ: refused owners, special files and attributes, mapped numbers, times as near as
 * Node and the disk have them, and set-id bits of files whose owner is not real. When nothing else
 * differs, brings the directory to the disk and writes `tree.mtree` and `placed`, and last `sidecar.json`
 * with the state `complete`, durably; else writes nothing.
 * @throws OciError `nothing-to-check` when nothing was compared; `unreadable`, `unwritable`,
 * `unsupported-operation` where extended attributes can't be read, `aborted`
 */
export async function proveAndRecord(
  directory: string,
  tree: RootFilesystem,
  policy: MetadataPolicy,
  record: UnpackRecord,
  options: ProveOptions,
): Promise<Proof> {
  const { sidecar, verifyContent, onProgress, signal, loadXattrs, dumpXattrs } = options;
  const { paths, names } = countTree(tree);
  let unreadXattrs = 0;
  const assumeXattrs = (path: ByteString): ReadonlyMap<ByteString, ByteString> => {
    unreadXattrs += 1;
    return xattrsSet(tree.lstat(path), policy);
  };
  const disk = openDirectory(directory, {
    widen: true,
    loadXattrs,
    dumpXattrs,
    assumeXattrs,
    readAhead: paths < WORTH_A_THREAD ? "none" : verifyContent ? "contents" : "inodes",
  });
  const draft = draftSidecar(sidecar, names);
  const maker = makerOf(directory, record);
  const reading = createReading({ tree, disk, policy, maker, draft, verifyContent });
  try {
    const compared = await withEveryPair(tree, disk, reading.add, {
      what: `reading ${JSON.stringify(directory)} back`,
      onTurn: (done) =>
        onProgress?.({ compared: done, contentBytes: reading.counts().contentBytes }),
      prepare: (path) => disk.prepare(path),
      pause: reading.pause,
      signal,
    });
    const differences = await reading.finish({ signal });
    const { both, contents, contentBytes, held } = reading.counts();
    if (both === 0) throw nothingCompared(directory);
    const proof = { compared, contents, contentBytes, differences, held, unreadXattrs };
    if (differences.length > 0) return proof;
    // Once at the end: what the record calls complete is on the disk before the record is.
    await syncDirectoryTree(disk, sidecar, { signal });
    complete(sidecar, record, draft, proof, policy.refusals);
    return proof;
  } finally {
    await reading.close();
    draft.discard();
    disk.close();
  }
}

/** The attributes of a node that the system took when they were set. */
function xattrsSet(
  node: Node | undefined,
  { refusals }: MetadataPolicy,
): ReadonlyMap<ByteString, ByteString> {
  return new Map([...(node?.xattrs ?? [])].filter(([name]) => !refusals.xattrs.has(name)));
}

function complete(
  sidecar: string,
  record: UnpackRecord,
  draft: SidecarDraft,
  { compared, held }: Proof,
  refusals: Refusals,
): void {
  writeRecord(sidecar, {
    ...record,
    state: "complete",
    staging: undefined,
    refusals: recordRefusals(refusals),
    counts: { paths: compared, held },
    files: draft.publish(),
  });
}

function nothingCompared(directory: string): OciError {
  return new OciError(
    "nothing-to-check",
    `${JSON.stringify(directory)}: expected paths to compare, got none`,
  );
}

const SETGID = 0o2000;

/** Files made in a set-group-ID directory have its group. */
function makerOf(directory: string, { user }: UnpackRecord): Maker {
  const parent = statSync(dirname(resolve(directory)), { throwIfNoEntry: false });
  const inherits = parent !== undefined && (parent.mode & SETGID) !== 0;
  return { uid: user.uid, gids: inherits ? [user.gid, parent.gid] : [user.gid] };
}
