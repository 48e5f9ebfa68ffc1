// SPDX-License-Identifier: MIT
import { makeIndex } from "../image/index-document.ts";
import { AnnotationKey } from "../oci/annotations.ts";
import type { Document } from "../oci/documents/document.ts";
import type { ImageIndex } from "../oci/documents/image-index.ts";
import { rememberIndex } from "../oci/index-history.ts";
import { MediaType } from "../oci/media-types.ts";
import type { GateFinding } from "./gates/gate.ts";
import type { Child } from "./children/index-child.ts";
import type { Published } from "./published-index.ts";

interface IndexParts {
  readonly overridden: readonly GateFinding[];
  readonly aliases: readonly { readonly tag: string }[];
}

/**
 * The index to publish: the images, then their attestations; in its annotations what the tag named before, its
 * aliases, and the gates that were overridden. If the published index has these images already, it is that one.
 */
export function makePublishedIndex(
  children: readonly Child[],
  published: Published,
  { overridden, aliases }: IndexParts,
): Document<ImageIndex> {
  const entries = [
    ...children.map((child) => child.descriptor),
    ...children.flatMap((child) => child.attestations),
  ];
  const { manifests } = makeIndex(entries).value;
  const document = published.state === "present" ? published.document : undefined;
  const isSame =
    document?.descriptor.mediaType === MediaType.index &&
    JSON.stringify(document.value.manifests) === JSON.stringify(manifests);
  if (isSame) return document;
  const annotations = {
    ...historyOf(published),
    ...forcedNote(overridden),
    ...(aliases.length > 0 && {
      [AnnotationKey.indexAliases]: aliases.map(({ tag }) => tag).join(","),
    }),
  };
  return makeIndex(entries, { annotations });
}

/** The annotation that names the gates that were overridden; empty when none was. */
export function forcedNote(overridden: readonly GateFinding[]): Readonly<Record<string, string>> {
  const names = [...new Set(overridden.map(({ gate }) => gate))].sort();
  return names.length === 0 ? {} : { [AnnotationKey.forcedGates]: names.join(",") };
}

function historyOf(published: Published): Readonly<Record<string, string>> {
  if (published.state !== "present") return {};
  const { descriptor, history } = published;
  return rememberIndex(
    descriptor.digest,
    history.map(({ digest }) => digest),
  );
}
