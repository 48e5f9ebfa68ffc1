// SPDX-License-Identifier: MIT
import type { RootFilesystem } from "../rootfs/root-filesystem.ts";

/** A plain directory read as a root filesystem. */
export interface DirectoryFilesystem extends RootFilesystem {
  /** The directory's path, as given. */
  readonly directory: string;
  /** Frees the directory's descriptor. Idempotent. */
  close(): void;
}

/**
 * Opens a directory as a root filesystem. Nothing leads out of it: every part of a path is opened by
 * itself and no link is followed. Fifos and devices are never opened. Names are bytes. Extended
 * attributes are not read: Node has no call for that. Owners have no names here, only numbers.
 * @throws OciError `not-found`, `unreadable`
 */
export declare function openDirectory(directory: string): DirectoryFilesystem;
