// SPDX-License-Identifier: MIT
import type { ByteString } from "../bytes/byte-string.ts";
import type { Limits } from "../oci/limits.ts";
import type { RootFilesystem } from "../rootfs/root-filesystem.ts";
import type { LinkReport } from "./link-report.ts";

/** Where a path has to end. */
export interface LinkExpectation {
  /** Absolute, in the root. */
  readonly path: string;
  /** Absolute, in the root. Both are resolved: the ends have to be the same. */
  readonly target: string;
}

export interface VerifyLinksOptions {
  /** As in an image's configuration: `amd64`. Unknown: all compilers have to be of one architecture. */
  readonly architecture?: string | undefined;
  /** The environment of the image's configuration; what counts is its `PATH`. */
  readonly environment?: readonly string[] | undefined;
  readonly expect?: readonly LinkExpectation[] | undefined;
  /** Asks the machine that this runs on; without it `host-only` is not told from `dangling`. */
  readonly existsOnHost?: ((path: ByteString) => boolean) | undefined;
  readonly limits?: Partial<Limits> | undefined;
}

/**
 * Follows every compiler on the image's PATH (`cc`, `c++`, `gcc`, `g++`, `clang`, `clang++`) and every
 * expected link to its end inside the root, and says what is wrong on the way.
 * @throws OciError what the root throws when it can't be read; `unsupported-operation` for an
 * architecture without a known ELF machine
 */
export declare function verifyLinks(root: RootFilesystem, options?: VerifyLinksOptions): LinkReport;
