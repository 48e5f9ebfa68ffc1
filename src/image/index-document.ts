// SPDX-License-Identifier: MIT
import { describe } from "../bytes/describe-content.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import type { Document } from "../oci/documents/document.ts";
import type { ImageIndex } from "../oci/documents/image-index.ts";
import { formatJson } from "../oci/json.ts";
import { parseIndex } from "../oci/documents/parse-documents.ts";
import { MediaType } from "../oci/media-types.ts";
import type { Platform } from "../oci/platform.ts";
import type { Image } from "./image.ts";
import { platformOf } from "./list-images.ts";

export interface IndexOptions {
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/**
 * Makes an OCI index of these children, in this order. The same children give the same bytes, whatever the
 * order of the keys in their descriptors.
 * @throws OciError as {@link parseIndex}, for what could not be read again
 */
export function makeIndex(
  children: readonly Descriptor[],
  options: IndexOptions = {},
): Document<ImageIndex> {
  const value: ImageIndex = {
    schemaVersion: 2,
    mediaType: MediaType.index,
    manifests: children.map(inOrder),
    ...annotationsOf(options),
  };
  const bytes = formatJson(value);
  return parseIndex(bytes, describe(MediaType.index, bytes));
}

/** The descriptor of an image for an index: that of its manifest, with the platform of its configuration. */
export function describeImage(image: Image): Descriptor {
  const { mediaType, digest, size } = image.descriptor;
  return { mediaType, digest, size, platform: platformOf(image.config.value) };
}

function inOrder(descriptor: Descriptor): Descriptor {
  const { mediaType, digest, size, platform, annotations, ...rest } = descriptor;
  return {
    mediaType,
    digest,
    size,
    ...(platform !== undefined && { platform: platformInOrder(platform) }),
    ...annotationsOf({ annotations }),
    ...(sortKeys(rest) as Partial<Descriptor>),
  };
}

function platformInOrder(platform: Platform): Platform {
  const { architecture, os, ...rest } = platform;
  return { architecture, os, ...(sortKeys(rest) as Partial<Platform>) };
}

function annotationsOf(options: IndexOptions): IndexOptions {
  const { annotations } = options;
  return annotations === undefined || Object.keys(annotations).length === 0
    ? {}
    : { annotations: sortKeys(annotations) as Readonly<Record<string, string>> };
}

function sortKeys(record: object): object {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
