// SPDX-License-Identifier: MIT
import type { Image } from "../../image/image.ts";
import type { MetadataPolicy } from "../../disk/metadata-policy.ts";
import type { Destination } from "./destination.ts";
import type { UnpackOptions } from "./unpack-options.ts";

/** What the machine can do. Tests use it to simulate another machine. */
export interface Machine {
  /** Whether paths can start at open directories. Default: it is tested. */
  readonly hasProcPaths?: boolean | undefined;
}

/** One unpack: what is wanted and what was found. */
export interface UnpackJob {
  readonly image: Image;
  /** The whole image, or the one layer of it that is wanted. */
  readonly view: Image;
  readonly options: UnpackOptions;
  readonly policy: MetadataPolicy;
  readonly machine: Machine;
  readonly destination: Destination;
}
