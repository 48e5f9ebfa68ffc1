// SPDX-License-Identifier: MIT
import type { Location } from "../image/location.ts";
import type { AbortOptions } from "../bytes/bytes.ts";

/** A root filesystem found on disk. */
export interface FoundRoot {
  /** For messages: the path as it was reached, and the platform where a layout holds several. */
  readonly name: string;
  /** What `openRootFilesystem` takes. */
  readonly location: Location;
  /**
   * The architectures that its surroundings say it is of, with who says so: the directory's name, an
   * `artifact.env`. Not what an image's configuration says.
   */
  readonly claims: readonly ArchitectureClaim[];
}

export interface ArchitectureClaim {
  readonly architecture: string;
  /** For messages: `the directory's name arm64`. */
  readonly by: string;
}

/**
 * Every root filesystem at or below a path: each image of each OCI image layout, each directory named
 * `rootfs`, the path itself if it looks like one. In order of their paths; symbolic links are not
 * followed, and nothing is looked for inside what was found.
 * @throws OciError `not-found`, `unreadable`, `invalid-layout`
 */
export declare function findRootFilesystems(
  path: string,
  options?: AbortOptions,
): Promise<readonly FoundRoot[]>;
