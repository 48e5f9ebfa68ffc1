// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import { OciError } from "../../oci/errors.ts";
import type { RootFilesystem } from "../../rootfs/root-filesystem.ts";
import type { UnpackRecord } from "./unpack-record.ts";

/** An unpacked directory and its sidecar as one root filesystem. */
export interface UnpackedDirectory extends RootFilesystem {
  /** The directory's path, as given. */
  readonly directory: string;
  /** Undefined when there is no sidecar: then this is the plain directory. */
  readonly record: UnpackRecord | undefined;
  /**
   * Whether the file at a path is, content included, what was unpacked there, as far as its inode, size
   * and times tell; false for what has no record. Costs one lstat.
   */
  isUntouched(path: ByteString): boolean;
  /** Frees the directory's descriptors; nothing can be asked afterwards. Idempotent. */
  close(): void;
}

export interface OpenUnpackedOptions {
  /** Default: `sidecarOf(directory)`. */
  readonly sidecar?: string | undefined;
  /** Reads every content that is asked for, also where the sidecar knows that it did not change. */
  readonly readContents?: boolean | undefined;
}

/**
 * Opens an unpacked directory as the image that it now is. A field that the disk shows just as it was
 * left after unpacking is the image's; one that was changed since is the disk's.
 * @throws OciError `invalid-sidecar` when the sidecar is damaged or the unpack was not finished;
 * `not-found`, `invalid-argument`, `unreadable`
 */
export function openUnpacked(
  directory: string,
  options: OpenUnpackedOptions = {},
): UnpackedDirectory {
  throw new OciError("unsupported-operation", directory, { details: { options } });
}
