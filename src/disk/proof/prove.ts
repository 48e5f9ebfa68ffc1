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
import { countTree } from "../sidecar/format-mtree.ts";
import { withEveryPair } from "./paced-pairs.ts";
import { syncDirectoryTree } from "./sync-directory-tree.ts";
import { createReading } from "./read-back.ts";
import { recordRefusals } from "../sidecar/recorded-refusals.ts";
import { writeRecord, type HeldCounts, type UnpackRecord } from "../sidecar/unpack-record.ts";

/** The result of reading an unpacked directory back. It is proven when there are no `differences`. */
export interface Proof {
  /** How many paths were compared. */
  readonly compared: number;
  /** How many files had their content read; 0 when that was not asked for. */
  readonly contents: number;
  /** The bytes of those contents. */
  readonly contentBytes: number;
  readonly differences: readonly Difference[];
  /** How many paths have a field that the disk does not show as in the image, so that the sidecar keeps it. */
  readonly held: HeldCounts;
  /** How many paths have extended attributes that this machine cannot read back. */
  readonly unreadXattrs: number;
}

/** How far a proof is. */
export interface ProofProgress {
  readonly compared: number;
  readonly contentBytes: number;
}

export interface ProveOptions
  extends AbortOptions, Pick<OpenDirectoryOptions, "loadXattrs" | "dumpXattrs"> {
  /** The path of the sidecar to write: `sidecarOf(directory)`. */
  readonly sidecar: string;
  /** Whether to read and hash the content of every file. Otherwise only sizes are compared. */
  readonly verifyContent: boolean;
  readonly onProgress?: ((progress: ProofProgress) => void) | undefined;
}

/**
 * Reads a directory back and compares it with the tree that was put there. Only differences that the policy
 * explains are allowed: refused owners, special files and attributes; mapped numbers; times as close as Node
 * and the disk allow; and missing set-id bits of files whose owner was not set. If there are no others, it
 * syncs the directory to the disk and durably writes `tree.mtree` and `placed`, and last `sidecar.json` with
 * the state `complete`. Otherwise it writes nothing.
 * @throws OciError `nothing-to-check` when nothing was compared; `unreadable`, `unwritable`,
 * `unsupported-operation` where extended attributes cannot be read, `aborted`
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
    // Synced before the record is written: what it calls complete must be on the disk first.
    await syncDirectoryTree(disk, sidecar, { signal });
    complete(sidecar, record, draft, proof, policy.refusals);
    return proof;
  } finally {
    await reading.close();
    draft.discard();
    disk.close();
  }
}

/** The attributes of a node without those that the system refused to set. */
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

/** The unpacking user. Files made in a set-group-ID directory have the group of that directory. */
function makerOf(directory: string, { user }: UnpackRecord): Maker {
  const parent = statSync(dirname(resolve(directory)), { throwIfNoEntry: false });
  const inherits = parent !== undefined && (parent.mode & SETGID) !== 0;
  return { uid: user.uid, gids: inherits ? [user.gid, parent.gid] : [user.gid] };
}
