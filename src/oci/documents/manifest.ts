// SPDX-License-Identifier: MIT
import type { Descriptor } from "./descriptor.ts";

/** An image manifest, OCI's (image-spec, manifest.md) or Docker's schema 2; unknown keys stay on it. */
export interface Manifest {
  readonly schemaVersion: 2;
  readonly mediaType?: string | undefined;
  readonly artifactType?: string | undefined;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly subject?: Descriptor | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}
