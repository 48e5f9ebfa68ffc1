// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import { createHasher } from "../../bytes/hash.ts";
import { digestOf } from "../../oci/digest.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";
import type { InodeStamp } from "../disk-node.ts";
import { createTreeFormatter } from "./format-mtree.ts";
import { formatProvenInode, startProvenInodes, type KeptFields } from "./proven-inodes.ts";
import { draftFile, PROVEN_FILE, prepareSidecar, TREE_FILE } from "./sidecar-files.ts";
import type { RecordedFile, UnpackRecord } from "./unpack-record.ts";

/** `tree.mtree` and `placed` while they are being written, path by path. */
export interface SidecarDraft {
  add(path: ByteString, node: Node, stamp: InodeStamp, kept: KeptFields): void;
  /** Gives both files their final names, durably. Call it once. */
  publish(): NonNullable<UnpackRecord["files"]>;
  /** Removes the files unless they were published. Idempotent. */
  discard(): void;
}

/** Starts both files. `names` comes from `countTree`. @throws OciError `unwritable`, `not-found` */
export function draftSidecar(sidecar: string, names: ReadonlyMap<Node, number>): SidecarDraft {
  prepareSidecar(sidecar);
  const tree = draftText(sidecar, TREE_FILE);
  const placed = draftText(sidecar, PROVEN_FILE);
  const formatter = createTreeFormatter(names);
  tree.write(formatter.start());
  placed.write(startProvenInodes());
  return {
    add(path, node, stamp, kept) {
      tree.write(formatter.entry(path, node));
      placed.write(formatProvenInode(stamp, kept));
    },
    publish() {
      tree.write(formatter.end());
      return { tree: tree.publish(), placed: placed.publish() };
    },
    discard() {
      tree.discard();
      placed.discard();
    },
  };
}

const CHUNK = 256 * 1024;

interface TextDraft {
  write(text: string): void;
  publish(): RecordedFile;
  discard(): void;
}

/** Writes ASCII text, collected into chunks. */
function draftText(sidecar: string, name: string): TextDraft {
  const file = draftFile(sidecar, name);
  const hasher = createHasher("sha256");
  let [pending, size] = ["", 0];
  const flush = (): void => {
    const bytes = Buffer.from(pending, "latin1");
    pending = "";
    size += bytes.length;
    hasher.update(bytes);
    file.write(bytes);
  };
  return {
    write(text) {
      pending += text;
      if (pending.length >= CHUNK) flush();
    },
    publish() {
      flush();
      file.publish();
      return { size, digest: digestOf("sha256", hasher.hex()) };
    },
    discard: () => file.discard(),
  };
}
