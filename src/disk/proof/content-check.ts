// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { Digest } from "../../oci/digest.ts";
import { OciError } from "../../oci/errors.ts";
import type { Findings } from "../../rootfs/compare/compare-trees.ts";
import type { Node, RootFilesystem } from "../../rootfs/root-filesystem.ts";
import { createContentHasher, type ContentHasherOptions } from "../content-hasher.ts";
import { compareContent } from "./same-content.ts";

/** A root filesystem whose files can be opened as file descriptors. */
export interface OpenableFilesystem extends RootFilesystem {
  /** Opens a regular file for reading. The caller closes it. @throws OciError `unreadable`, `not-found` */
  open(path: ByteString): number;
}

/** Compares the contents of files in the background. */
export interface ContentCheck {
  /** How many files were added to be read. Each is counted once, whatever its names. */
  readonly contents: number;
  readonly contentBytes: number;
  /** Adds two files of equal size. @throws OciError `unreadable`, `not-found` */
  add(path: ByteString, expected: Node, actual: Node): void;
  /** As `pause` of `ContentHasher`. */
  readonly pause: () => Promise<void> | undefined;
  /** Waits until all are compared; differences are added to the findings. @throws OciError `unreadable`, `aborted` */
  finish(options: AbortOptions): Promise<void>;
  /** Idempotent. */
  close(): Promise<void>;
}

/** Whether two nodes are files of equal size, so that their contents can be compared. */
export function haveEqualSize(one: Node, other: Node): boolean {
  return one.type === "file" && other.type === "file" && one.size === other.size;
}

export interface ContentCheckOptions extends ContentHasherOptions {
  /** The digest of a file whose content was read already; undefined for others. */
  readonly knownDigest?: ((actual: Node) => Digest | undefined) | undefined;
}

/** Starts a check that adds what it finds to `findings`. The caller closes it. */
export function createContentCheck(
  expected: RootFilesystem,
  actual: OpenableFilesystem,
  found: Findings,
  options: ContentCheckOptions = {},
): ContentCheck {
  const { knownDigest } = options;
  const hasher = createContentHasher(options);
  /**
   * A file with several names is read once for each expected node. Files with one name are not kept here: they
   * come once, and of a million of them each would take 500 bytes until the end.
   */
  const seen = new Map<Node, Node>();
  const undecided: ByteString[] = [];
  let failure: OciError | undefined;
  let [contents, contentBytes] = [0, 0];
  return {
    get contents() {
      return contents;
    },
    get contentBytes() {
      return contentBytes;
    },
    add(path, node, there) {
      if (there.linkCount !== 1) {
        if (seen.get(there) === node) return;
        seen.set(there, node);
      }
      contents += 1;
      contentBytes += there.size;
      if (there.size === 0) return;
      const digest = node.contentDigest;
      if (digest === undefined) {
        undecided.push(path);
        return;
      }
      const compare = (got: Digest): void => {
        if (got !== digest) found.add(path, { field: "content", expected: digest, got });
      };
      const known = knownDigest?.(there);
      if (known !== undefined) {
        compare(known);
        return;
      }
      hasher.add(actual.open(path), there.size, (outcome) => {
        if ("failure" in outcome) failure ??= unreadable(actual, path, outcome.failure);
        else compare(outcome.digest);
      });
    },
    pause: () => hasher.pause(),
    async finish(abort) {
      await hasher.finish(abort);
      if (failure !== undefined) throw failure;
      for (const path of undecided) {
        const field = await compareContent(path, expected, actual, abort);
        if (field !== undefined) found.add(path, field);
      }
    },
    close: () => hasher.close(),
  };
}

function unreadable(root: RootFilesystem, path: ByteString, why: string): OciError {
  return new OciError("unreadable", `${root.name}: ${toText(path)} can't be read: ${why}`, {
    details: { path },
  });
}
