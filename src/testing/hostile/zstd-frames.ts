// SPDX-License-Identifier: MIT
import { joinBytes } from "../raw-tar.ts";

// Frames of zstd made by hand (RFC 8878, section 3.1), with stored blocks: Node 20 can't compress to zstd.

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
const MOST = 128 * 1024;
const RAW = 0;
const RUN = 1;

/** A frame of stored blocks. `window` is the byte that describes the window's size: exponent << 3. */
export function zstdFrame(
  content: Uint8Array,
  options: { readonly window?: number | undefined } = {},
): Uint8Array {
  const { window } = options;
  const header = window === undefined ? [0xa0, ...littleEndian(content.length, 4)] : [0, window];
  const parts: Uint8Array[] = [Uint8Array.from([...MAGIC, ...header])];
  let at = 0;
  do {
    const block = content.subarray(at, at + MOST);
    at += block.length;
    parts.push(blockHeader(block.length, RAW, at === content.length), block);
  } while (at < content.length);
  return joinBytes(...parts);
}

/** A frame of `size` zeros: four bytes for each 128 KiB. */
export function zstdOfZeros(size: number): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.from([...MAGIC, 0, 0x48])];
  for (let left = size; left > 0; left -= MOST) {
    const length = Math.min(left, MOST);
    parts.push(blockHeader(length, RUN, left <= MOST), new Uint8Array(1));
  }
  return joinBytes(...parts);
}

/** A skippable frame of a kind from 0 to 15. */
export function skippableFrame(content: Uint8Array, kind = 0): Uint8Array {
  const header = [0x50 + kind, 0x2a, 0x4d, 0x18, ...littleEndian(content.length, 4)];
  return joinBytes(Uint8Array.from(header), content);
}

function blockHeader(length: number, type: number, isLast: boolean): Uint8Array {
  return Uint8Array.from(littleEndian(length * 8 + type * 2 + (isLast ? 1 : 0), 3));
}

function littleEndian(value: number, length: number): number[] {
  return Array.from({ length }, (_, at) => Math.floor(value / 256 ** at) % 256);
}
