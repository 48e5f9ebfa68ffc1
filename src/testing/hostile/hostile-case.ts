// SPDX-License-Identifier: MIT
import type { NodeType } from "../../rootfs/root-filesystem.ts";
import type { ErrorCode } from "../../oci/errors.ts";
import type { Limits } from "../../oci/limits.ts";

/**
 * What must happen to a hostile or odd image. `refused`: an error. `limited`: an error because a limit is
 * exceeded. `contained`: an attack that must have its effect inside the root. `accepted`: odd but legitimate,
 * it must work. In every case nothing outside the destination may change.
 */
export type HostileExpectation = "refused" | "limited" | "contained" | "accepted";

/** What is around the destination, for attacks to aim at. */
export interface Surroundings {
  /** Absolute path of a directory outside the destination. It holds `file`, `directory/file` and `setuid`. */
  readonly canary: string;
  /** The path of the canary relative to the destination: `../../canary`. */
  readonly up: string;
  /** Name of the destination. There is a sibling with `-evil` added to that name. */
  readonly destination: string;
  /** A regular file in the working directory of the process. */
  readonly inWorkingDirectory: string;
}

/** A layer's blob, with what the image says about it. */
export interface HostileBlob {
  /** The bytes of the blob, in chunks, since some are too large for memory. */
  readonly blob: () => Iterable<Uint8Array>;
  /** Default: `application/vnd.oci.image.layer.v1.tar`. */
  readonly mediaType?: string | undefined;
  /** The uncompressed tar, from which the diffID is computed. Default: the blob. */
  readonly tar?: (() => Iterable<Uint8Array>) | undefined;
}

/** A layer: the bytes of an uncompressed tar, or any blob. */
export type HostileLayer = Uint8Array | HostileBlob;

/**
 * Changes the documents of an image, or the layout after it was written. A changed document is a value for
 * JSON, or text or bytes.
 */
export interface LayoutDamage {
  readonly config?: (config: JsonObject) => JsonObject | string | Uint8Array;
  readonly manifest?: (manifest: JsonObject) => JsonObject | string | Uint8Array;
  readonly index?: (index: JsonObject) => JsonObject | string | Uint8Array;
  /** Changes files of the layout. */
  readonly directory?: (layout: WrittenLayout) => void;
}

/** An object of a JSON document. */
export type JsonObject = Record<string, unknown>;

/** The paths of a case's layout and its files. */
export interface WrittenLayout {
  readonly directory: string;
  readonly config: string;
  readonly manifest: string;
  /** Paths of the layers' blobs, the lowest first. */
  readonly layers: readonly string[];
}

/** What a path of the resulting tree must be. Fields that are not given are not checked. */
export interface TreeFact {
  /** `absent` if nothing may be there. */
  readonly type?: NodeType | "absent" | undefined;
  readonly content?: string | undefined;
  readonly size?: number | undefined;
  readonly linkTarget?: string | undefined;
  /** Permission bits without setuid, setgid and sticky. */
  readonly mode?: number | undefined;
  /** Whole seconds. */
  readonly mtime?: number | undefined;
  /** Another path that must be the same inode. */
  readonly sameAs?: string | undefined;
}

/** Facts by absolute path. Paths are byte strings; links in them are not followed. */
export type TreeFacts = Readonly<Record<string, TreeFact>>;

/** An image, with the tree that it must give if it is accepted or contained. */
export interface HostileImage {
  /** The lowest first. */
  readonly layers: readonly HostileLayer[];
  readonly damage?: LayoutDamage | undefined;
  readonly tree?: TreeFacts | undefined;
}

/** The number of an attack, to be spread into its cases. */
export type Numbered = Pick<HostileCase, "number">;

/** One attack, or one odd but legitimate image, made by code. */
export interface HostileCase {
  /** The attack that the case is a variant of: a key of `HOSTILE_ATTACKS`. */
  readonly number: number;
  /** Unique in the corpus. */
  readonly name: string;
  readonly expect: HostileExpectation;
  /** The codes of oci-kit's error, one of which must be thrown. */
  readonly codes?: readonly ErrorCode[] | undefined;
  /** Limits for unpacking, where reaching the default ones would take minutes. */
  readonly limits?: Partial<Limits> | undefined;
  /** Whether a tree in memory can hold it and a disk can't, so that it is refused only when it is written. */
  readonly refusedOnDisk?: boolean | undefined;
  /** Puts something into the destination before. Without it, the destination does not exist yet. */
  readonly prepare?: ((destination: string, surroundings: Surroundings) => void) | undefined;
  readonly build: (surroundings: Surroundings) => HostileImage;
}
