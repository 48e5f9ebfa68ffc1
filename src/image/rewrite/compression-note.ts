// SPDX-License-Identifier: MIT
import { digestBytes } from "../../bytes/hash.ts";
import { formatCompression, type CompressionChoice } from "../../bytes/level/compression-choice.ts";
import { AnnotationKey } from "../../oci/annotations.ts";
import type { DiffId } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";

/**
 * Of how this library compresses, cuts and frames. To be raised when the same level is to be made anew: gzip 1 was
 * zlib's at all levels.
 */
const FORMATS: Readonly<Record<string, number>> = { gzip: 2 };

/**
 * The descriptor of a layer that was compressed so, with the note of it: the choice and the format, and a digest over
 * them, the tar and the layer. So whoever wants the same layer again takes this one, whatever bytes another machine
 * or another version of Node would make; and a layer that a tool put in its place is not taken for it.
 */
export function withCompressionNote(
  layer: Descriptor,
  choice: CompressionChoice,
  diffId: DiffId,
): Descriptor {
  const note = noteOf(layer, formatCompression(choice), diffId);
  return { ...layer, annotations: { ...layer.annotations, [AnnotationKey.compression]: note } };
}

/** How a layer was compressed according to its note, as `zstd:19`; undefined without a note that holds. */
export function notedCompression(layer: Descriptor, diffId: DiffId): string | undefined {
  const note = layer.annotations?.[AnnotationKey.compression];
  const text = note?.split(" ", 1)[0];
  return text !== undefined && note === noteOf(layer, text, diffId) ? text : undefined;
}

/** The descriptor without such a note: Docker's format has no place for one. */
export function withoutCompressionNote(layer: Descriptor): Descriptor {
  const { [AnnotationKey.compression]: note, ...others } = layer.annotations ?? {};
  if (note === undefined) return layer;
  return { ...layer, annotations: Object.keys(others).length === 0 ? undefined : others };
}

function noteOf({ digest, size }: Descriptor, choice: string, diffId: DiffId): string {
  const format = FORMATS[choice.split(":", 1)[0]!] ?? 1;
  const said = JSON.stringify([format, choice, diffId, digest, size]);
  return `${choice} ${digestBytes(new TextEncoder().encode(said))}`;
}
