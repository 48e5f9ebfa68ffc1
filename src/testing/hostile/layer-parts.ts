// SPDX-License-Identifier: MIT
import { gnuLongName, joinBytes, paxHeader, rawEntry, rawTar, type RawHeader } from "../raw-tar.ts";
import type { HostileImage, HostileLayer, TreeFacts } from "./hostile-case.ts";

// The parts that cases are built from: entries of a layer, layers, and images.

const encoder = new TextEncoder();
const FIELD = 100;

/** A regular file. */
export function file(
  name: string,
  content: string | Uint8Array = "",
  header: RawHeader = {},
): Uint8Array {
  return named(name, "", (fields) => rawEntry({ ...fields, ...header }, content));
}

/** A directory, of mode 0755 unless the header sets another. */
export function directory(name: string, header: RawHeader = {}): Uint8Array {
  return entry("5", name, { mode: 0o755, ...header });
}

/** A symbolic link to any text. */
export function symlink(name: string, target: string, header: RawHeader = {}): Uint8Array {
  return link("2", name, target, { mode: 0o777, ...header });
}

/** A hard link to a path of the image. */
export function hardlink(name: string, target: string, header: RawHeader = {}): Uint8Array {
  return link("1", name, target, header);
}

/** An entry of any type without content. */
export function entry(typeFlag: string, name: string, header: RawHeader = {}): Uint8Array {
  return named(name, "", (fields) => rawEntry({ ...fields, typeFlag, ...header }));
}

function link(typeFlag: string, name: string, target: string, header: RawHeader): Uint8Array {
  return named(name, target, (fields) => rawEntry({ ...fields, typeFlag, ...header }));
}

/** An entry preceded by GNU's headers for names that don't fit into its own. */
function named(
  name: string,
  linkName: string,
  make: (fields: RawHeader) => Uint8Array,
): Uint8Array {
  const long = (text: string): boolean => encoder.encode(text).length > FIELD;
  return joinBytes(
    ...(long(linkName) ? [gnuLongName("K", linkName)] : []),
    ...(long(name) ? [gnuLongName("L", name)] : []),
    make({ name, linkName }),
  );
}

/** An entry preceded by a PAX header with these records. */
export function withRecords(
  records: Readonly<Record<string, string | Uint8Array>>,
  part: Uint8Array,
): Uint8Array {
  return joinBytes(paxHeader(records), part);
}

/** An image of one layer. */
export function oneLayer(parts: readonly Uint8Array[], tree: TreeFacts = {}): HostileImage {
  return { layers: [rawTar(...parts)], tree };
}

/** An image of layers, the lowest first. */
export function layers(
  stack: readonly (readonly Uint8Array[])[],
  tree: TreeFacts = {},
): HostileImage {
  return { layers: stack.map((parts) => rawTar(...parts)), tree };
}

/** A layer from a blob in memory: a compressed one, or one that is not a tar. */
export function blobLayer(blob: Uint8Array, mediaType: string, tar?: Uint8Array): HostileLayer {
  return { blob: () => [blob], mediaType, tar: tar && ((): Uint8Array[] => [tar]) };
}

/** One byte for each character up to U+00FF, to make names that are not UTF-8. */
export function raw(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
