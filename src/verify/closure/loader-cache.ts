// SPDX-License-Identifier: MIT
import { fromBytes, type ByteString } from "../../bytes/byte-string.ts";

/** The paths of libraries by name, in the loader's order. */
export type LoaderCache = ReadonlyMap<ByteString, readonly ByteString[]>;

const OLD_MAGIC = "ld.so-1.7.0\0";
const OLD_ENTRY = 12;
const MAGIC = "glibc-ld.so.cache1.1";
const HEADER = 48;
const ENTRY = 24;

/**
 * Parses glibc's `/etc/ld.so.cache` (the format of glibc 2.2 and later, also behind the older one that
 * `ldconfig -c compat` puts first). Undefined when it is no such file: then a loader goes on without it.
 */
export function parseLoaderCache(bytes: Uint8Array): LoaderCache | undefined {
  const start = newFormatStart(bytes);
  if (start === undefined) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, bytes.length - start);
  if (view.byteLength < HEADER) return undefined;
  // The byte order is the machine's; 2 at this place means little, 3 big, 0 that it was not said.
  const little = (view.getUint8(28) & 3) !== 3;
  const count = view.getUint32(20, little);
  if (HEADER + count * ENTRY > view.byteLength) return undefined;
  const libraries = new Map<ByteString, ByteString[]>();
  for (let index = 0; index < count; index += 1) {
    const at = HEADER + index * ENTRY;
    const name = stringAt(bytes, start + view.getUint32(at + 4, little));
    const path = stringAt(bytes, start + view.getUint32(at + 8, little));
    if (name === undefined || path === undefined) return undefined;
    const known = libraries.get(name);
    if (known === undefined) libraries.set(name, [path]);
    else known.push(path);
  }
  return libraries;
}

function newFormatStart(bytes: Uint8Array): number | undefined {
  if (hasText(bytes, 0, MAGIC)) return 0;
  if (!hasText(bytes, 0, OLD_MAGIC) || bytes.length < 16) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  // Compatibility caches exist only on machines that are little-endian or have no old format.
  const after = 16 + view.getUint32(12, true) * OLD_ENTRY;
  const start = Math.ceil(after / 8) * 8;
  return hasText(bytes, start, MAGIC) ? start : undefined;
}

function hasText(bytes: Uint8Array, at: number, text: string): boolean {
  return at + text.length <= bytes.length && fromBytes(bytes, at, at + text.length) === text;
}

function stringAt(bytes: Uint8Array, at: number): ByteString | undefined {
  const end = at < bytes.length ? bytes.indexOf(0, at) : -1;
  return end < 0 ? undefined : fromBytes(bytes, at, end);
}
