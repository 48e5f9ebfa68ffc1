// SPDX-License-Identifier: MIT
import type { Descriptor } from "../../oci/descriptor.ts";
import type { DiffId, Digest } from "../../oci/digest.ts";
import { OciError } from "../../oci/errors.ts";
import type { IdRange } from "../placement.ts";

/** `sidecar.json`: what was unpacked, how, and whether it was finished. docs/sidecar.md describes it. */
export interface UnpackRecord {
  readonly version: 1;
  /** `writing` from before the first change in the directory until everything in it is proven. */
  readonly state: "writing" | "complete";
  readonly image: {
    /** The manifest's. */
    readonly digest: Digest;
    /** The reference, or whatever else people know the image by. */
    readonly name: string;
  };
  /** Of all layers of the image, the lowest first. */
  readonly diffIds: readonly DiffId[];
  /** The only layer that was unpacked, from 0. */
  readonly layer?: number | undefined;
  /** The patterns of the only paths that were unpacked. */
  readonly include?: readonly string[] | undefined;
  /** Whether `layers/` holds what gives the layers' exact bytes back. */
  readonly exact: boolean;
  readonly sameOwner: boolean;
  readonly uidMap: readonly IdRange[];
  readonly gidMap: readonly IdRange[];
  readonly rootlessXattr: boolean;
  /** Who unpacked: files that he makes later belong to 0:0 in the image when owners are not real. */
  readonly user: { readonly uid: number; readonly gid: number };
  /** While `writing`: the name of the directory inside, in which files are made before they get their names. */
  readonly staging?: string | undefined;
  /** When `complete`: what the disk did not take, with reasons for people. */
  readonly refusals?: RecordedRefusals | undefined;
  /** When `complete`: the paths that were compared with the image, and how many of them have each field from the sidecar alone. */
  readonly counts?: { readonly paths: number; readonly held: HeldCounts } | undefined;
  /** When `complete`: the sidecar's other files, so that damage to them is found. */
  readonly files?: { readonly tree: RecordedFile; readonly placed: RecordedFile } | undefined;
}

export interface RecordedRefusals {
  readonly owner?: string | undefined;
  readonly special: Readonly<Record<string, string>>;
  readonly xattrs: Readonly<Record<string, string>>;
}

/** How many paths have a field that the disk does not show as the image has it. */
export type HeldCounts = Readonly<Record<HeldField, number>>;
export type HeldField = "owner" | "type" | "mode" | "time" | "xattrs";

/** A file of the sidecar, as it was written. */
export type RecordedFile = Pick<Descriptor, "size" | "digest">;

/** Where the sidecar of a directory is: beside it, as `<directory>.oci-kit`. */
export function sidecarOf(directory: string): string {
  throw new OciError("unsupported-operation", directory);
}

/**
 * The record of a sidecar; undefined when there is no sidecar.
 * @throws OciError `invalid-sidecar` when it is damaged or of another version, `unreadable`
 */
export function readRecord(sidecar: string): UnpackRecord | undefined {
  throw new OciError("unsupported-operation", sidecar);
}

/** Writes the record, atomically; makes the sidecar's directory if need be. @throws OciError `unwritable` */
export function writeRecord(sidecar: string, record: UnpackRecord): void {
  throw new OciError("unsupported-operation", sidecar, { details: { record } });
}
