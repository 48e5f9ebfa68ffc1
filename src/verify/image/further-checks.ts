// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { Image } from "../../image/image.ts";
import type { Limits } from "../../oci/limits.ts";
import type { Platform } from "../../oci/platform.ts";
import type { Node, RootFilesystem } from "../../rootfs/root-filesystem.ts";
import type { Examination } from "./examination.ts";
import type { AskedPolicy, ImageFinding, ImageFindingCode } from "./image-report.ts";

/** Further questions about the root filesystems that are verified, answered on the same walk. */
export interface FurtherChecks {
  /** Begins with one root filesystem. */
  begin(subject: CheckSubject): RootChecks;
  /** What only the comparison of all roots tells, by the names of the roots. Called once, last. */
  compare(): ReadonlyMap<string, readonly ImageFinding[]>;
}

/** One root filesystem, before it is walked. */
export interface CheckSubject extends AbortOptions {
  readonly root: RootFilesystem;
  /** Undefined for a plain directory. */
  readonly image: Image | undefined;
  /** Undefined when nothing says it. */
  readonly platform: Platform | undefined;
  readonly limits: Partial<Limits> | undefined;
}

/** The further questions about one root filesystem. */
export interface RootChecks {
  /** What is asked, for reports. */
  readonly policies: readonly AskedPolicy[];
  /** Codes that these checks judge in place of the usual ones. */
  readonly replaces: ReadonlySet<ImageFindingCode>;
  /** The trees whose machine these checks judge. */
  readonly trees: readonly JudgedTree[];
  /** Called for every path, parents before children. */
  readonly visit: (path: ByteString, node: Node) => void;
  /** Called after the walk, when contents can be read. */
  finish(examination: Examination): Promise<readonly ImageFinding[]>;
}

/** A tree whose machine is judged by itself. */
export interface JudgedTree {
  /** Without links. */
  readonly place: ByteString;
  /** Undefined when it has to be the image's. Otherwise it is a tree of its own, of which the image runs nothing. */
  readonly architecture: string | undefined;
}
