// SPDX-License-Identifier: MIT

/** The platform of an image (image-spec, image-index.md, "platform"), its JSON keys unchanged. */
export interface Platform {
  readonly architecture: string;
  readonly os: string;
  readonly "os.version"?: string | undefined;
  readonly "os.features"?: readonly string[] | undefined;
  readonly variant?: string | undefined;
}
