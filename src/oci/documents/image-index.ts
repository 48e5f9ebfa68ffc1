// SPDX-License-Identifier: MIT
import type { Descriptor } from "./descriptor.ts";

/** An index of manifests, OCI's (image-spec, image-index.md) or Docker's list; unknown keys stay on it. */
export interface ImageIndex {
  readonly schemaVersion: 2;
  readonly mediaType?: string | undefined;
  readonly artifactType?: string | undefined;
  readonly manifests: readonly Descriptor[];
  readonly subject?: Descriptor | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}
