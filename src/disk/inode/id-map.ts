// SPDX-License-Identifier: MIT
import { OciError } from "../../oci/errors.ts";
import { escapeText } from "../../bytes/byte-string.ts";

/** A range of owner numbers: `size` numbers that start at `image` in the image and at `disk` on the disk. */
export interface IdRange {
  readonly image: number;
  readonly disk: number;
  readonly size: number;
}

/** One more than the highest number that can be used: to chown, 2^32 - 1 means "do not change". */
const END_OF_IDS = 2 ** 32 - 1;

/** The number on the disk for a number in the image; undefined when no range contains it. An empty map changes nothing. */
export function toDisk(map: readonly IdRange[], id: number): number | undefined {
  if (map.length === 0) return id < END_OF_IDS ? id : undefined;
  const range = map.find(({ image, size }) => id >= image && id < image + size);
  return range && id - range.image + range.disk;
}

/** The number in the image for a number on the disk; undefined when no range contains it. An empty map changes nothing. */
export function toImage(map: readonly IdRange[], id: number): number | undefined {
  if (map.length === 0) return id;
  const range = map.find(({ disk, size }) => id >= disk && id < disk + size);
  return range && id - range.disk + range.image;
}

/**
 * Parses `IMAGE:DISK[:SIZE]`, decimal numbers; the default size is 1.
 * @throws OciError `invalid-argument`
 */
export function parseIdRange(text: string): IdRange {
  const match = /^(\d{1,10}):(\d{1,10})(?::(\d{1,10}))?$/.exec(text);
  if (match === null) {
    throw new OciError(
      "invalid-argument",
      `ID map: expected IMAGE:DISK[:SIZE], got "${escapeText(text)}"`,
      { hint: 'Write for example "0:100000:65536": 0 in the image is 100000 on the disk.' },
    );
  }
  const range = { image: Number(match[1]), disk: Number(match[2]), size: Number(match[3] ?? 1) };
  checkIdMap([range]);
  return range;
}

/**
 * Requires that a map is unambiguous in both directions.
 * @throws OciError `invalid-argument` for an empty range, one past 2^32 - 2, and ranges that overlap
 */
export function checkIdMap(map: readonly IdRange[]): void {
  for (const range of map) {
    const { image, disk, size } = range;
    const numbers = [image, disk, size];
    const fits = numbers.every((number) => Number.isInteger(number) && number >= 0);
    if (!fits || size === 0 || Math.max(image, disk) + size > END_OF_IDS) {
      throw invalidMap(`expected numbers from 0 to ${END_OF_IDS - 1}, got ${formatIdRange(range)}`);
    }
  }
  for (const side of ["image", "disk"] as const) {
    const sorted = [...map].sort((a, b) => a[side] - b[side]);
    for (const [at, range] of sorted.entries()) {
      const before = sorted[at - 1];
      if (before !== undefined && before[side] + before.size > range[side]) {
        const both = `${formatIdRange(before)} and ${formatIdRange(range)}`;
        throw invalidMap(`expected each number once on the side of the ${side}, got ${both}`);
      }
    }
  }
}

/** Formats a range so that {@link parseIdRange} can parse it. */
export function formatIdRange({ image, disk, size }: IdRange): string {
  return `${image}:${disk}:${size}`;
}

function invalidMap(problem: string): OciError {
  return new OciError("invalid-argument", `ID map: ${problem}`);
}
