// SPDX-License-Identifier: MIT
import type { NodeType } from "../../rootfs/root-filesystem.ts";
import type { ErrorCode } from "../../oci/errors.ts";
import type { Limits } from "../../oci/limits.ts";

/**
 * What must become of a hostile or odd image. `refused`: an error. `limited`: an error, because a limit
 * of the case is exceeded. `contained`: it is an attack, and lands inside the root. `accepted`: odd and
 * legitimate, it must work. Whatever becomes of it, nothing outside the destination may change.
 */
export type HostileExpectation = "refused" | "limited" | "contained" | "accepted";

/** What lies around the destination: what a case tries to reach. */
export interface Surroundings {
  /** Absolute path of a directory beside the destination's parent; holds `file`, `directory/file` and `setuid`. */
  readonly canary: string;
  /** The same relative to the destination: `../../canary`. */
  readonly up: string;
  /** Name of the destination: a sibling with that name and `-evil` behind it is there. */
  readonly destination: string;
  /** A regular file in the working directory of the process. */
  readonly inWorkingDirectory: string;
}

/** A layer's blob and what is said of it. */
export interface HostileBlob {
  /** The bytes of the blob: a layer is not always held in memory. */
  readonly blob: () => Iterable<Uint8Array>;
  /** `application/vnd.oci.image.layer.v1.tar` if not given. */
  readonly mediaType?: string | undefined;
  /** The uncompressed tar, for its diffID; the blob if not given. */
  readonly tar?: (() => Iterable<Uint8Array>) | undefined;
}

/** A layer: an uncompressed tar, or a blob. */
export type HostileLayer = Uint8Array | HostileBlob;

/** What changes an image's documents, or its layout once it is written. Documents are text or values for JSON. */
export interface LayoutDamage {
  readonly config?: (config: JsonObject) => JsonObject | string | Uint8Array;
  readonly manifest?: (manifest: JsonObject) => JsonObject | string | Uint8Array;
  readonly index?: (index: JsonObject) => JsonObject | string | Uint8Array;
  /** Does something to the directory itself; `blob` gives the path of a blob. */
  readonly directory?: (layout: WrittenLayout) => void;
}

/** Parts of a document, to be changed at will. */
export type JsonObject = Record<string, unknown>;

/** Where a case was written. */
export interface WrittenLayout {
  readonly directory: string;
  readonly config: string;
  readonly manifest: string;
  /** Paths of the layers' blobs, the lowest first. */
  readonly layers: readonly string[];
}

/** A fact about a path of the tree that comes out; only what is given counts. */
export interface TreeFact {
  /** `absent`: there is nothing. */
  readonly type?: NodeType | "absent" | undefined;
  readonly content?: string | undefined;
  readonly size?: number | undefined;
  readonly linkTarget?: string | undefined;
  /** Permission bits without setuid, setgid and sticky. */
  readonly mode?: number | undefined;
  /** Whole seconds. */
  readonly mtime?: number | undefined;
  /** Another path of the same inode. */
  readonly sameAs?: string | undefined;
}

/** Facts by path. Paths are byte strings as in a layer, absolute, and links in them are not followed. */
export type TreeFacts = Readonly<Record<string, TreeFact>>;

/** An image, and what must come out when it is accepted or contained. */
export interface HostileImage {
  /** The lowest first. */
  readonly layers: readonly HostileLayer[];
  readonly damage?: LayoutDamage | undefined;
  readonly tree?: TreeFacts | undefined;
}

/** The family that cases belong to; `number: 14` finds them in the source. */
export type Numbered = Pick<HostileCase, "number">;

/** One attack, or one odd but legitimate image, made by code. */
export interface HostileCase {
  /** The family that it belongs to, in the numbering of this corpus. Cases of one number are variants. */
  readonly number: number;
  /** Unique in the corpus. */
  readonly name: string;
  readonly expect: HostileExpectation;
  /** What oci-kit's own error may be. */
  readonly codes?: readonly ErrorCode[] | undefined;
  /** Limits to unpack with, where the real ones would take minutes to reach. */
  readonly limits?: Partial<Limits> | undefined;
  /** A tree in memory can hold it and a disk can't: refused only where it is written. */
  readonly refusedOnDisk?: boolean | undefined;
  /** Puts something into the destination before, which is not there else. */
  readonly prepare?: ((destination: string, surroundings: Surroundings) => void) | undefined;
  readonly build: (surroundings: Surroundings) => HostileImage;
}
