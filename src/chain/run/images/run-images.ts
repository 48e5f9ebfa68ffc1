// SPDX-License-Identifier: MIT
import type { Digest } from "../../../oci/digest.ts";
import type { Descriptor } from "../../../oci/documents/descriptor.ts";
import type { NamedContext } from "../../buildkit/request/build-request.ts";
import type { PushBuiltOptions } from "../../buildkit/push/push-built.ts";
import type { StageUnit } from "../../graph/stage-graph.ts";
import type { ChainImage } from "../../images/chain-image.ts";
import type { ImageSource } from "../../images/image-source.ts";

/** Where the images of a run are: what children are built FROM, and where what was made goes. Units are read anew each time. */
export interface RunImages extends ImageSource {
  /** The image of a unit by its digest, whatever its tag names. Never throws, except when it is aborted. */
  byDigest(unit: StageUnit, digest: Digest): Promise<ChainImage>;
  /** Makes the unit's tag name an image that is there. @throws OciError what the store throws */
  retag(unit: StageUnit, digest: Digest): Promise<void>;
  /**
   * Takes a built image in. Its layout is moved to where the unit is saved, or removed.
   * @throws CopyError; OciError `digest-mismatch` when the tag names another image afterwards
   */
  publish(unit: StageUnit, built: BuiltLayout, options: PushBuiltOptions): Promise<void>;
  /** How BuildKit gets an image of a unit, by its digest. */
  context(unit: StageUnit, digest: Digest): NamedContext;
  /** The same as a reference: `repository@digest`, or `oci:DIR@digest`. */
  reference(unit: StageUnit, digest: Digest): string;
}

/** A layout that holds one image, just built. */
export interface BuiltLayout {
  readonly directory: string;
  readonly descriptor: Descriptor;
}
