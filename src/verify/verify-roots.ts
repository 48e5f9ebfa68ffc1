// SPDX-License-Identifier: MIT
import type { OpenRootOptions } from "../disk/open-root-filesystem.ts";
import type { LinkReport } from "./link-report.ts";
import type { LinkExpectation } from "./verify-links.ts";

export interface VerifyRootsOptions extends OpenRootOptions {
  /** What every root has to be of. Default: what its configuration or its surroundings say. */
  readonly architecture?: string | undefined;
  /** Where links have to end in a root of an architecture (undefined when it is unknown). */
  readonly expect?: ((architecture: string | undefined) => readonly LinkExpectation[]) | undefined;
}

/**
 * Verifies the links of every root filesystem that the targets name: paths are searched for layouts and
 * `rootfs` directories, references are opened. Reports come in the order of the targets.
 * @throws OciError `nothing-to-check` when no root is found, or one has nothing to check
 */
export declare function verifyRoots(
  targets: readonly string[],
  options?: VerifyRootsOptions,
): Promise<readonly LinkReport[]>;
