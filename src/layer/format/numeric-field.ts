// SPDX-License-Identifier: MIT
import { fromBytes, toText, type ByteString } from "../../bytes/byte-string.ts";
import type { Field } from "./header-layout.ts";
import { LayerFault } from "./layer-fault.ts";

const SPACE = 0x20;
const ZERO = 0x30;
// Zeros in front, which some tars write to fill a field, are not part of the number.
const DECIMAL = /^0{0,64}[0-9]{1,16}$/;

/** The largest user, group or device number: Linux has 32 bits for each. */
export const LARGEST_ID = 0xffff_ffff;

/**
 * The number in a header field: octal digits with spaces or NULs around them (an empty field is 0), or GNU's
 * big-endian binary form, which has the top bit set, and the next bit for a negative number. Undefined when
 * the field holds neither, or a number that is not a safe integer.
 */
export function tryNumber(block: Uint8Array, { at, length }: Field): number | undefined {
  if (block[at]! >= 0x80) return readBinary(block, at, at + length);
  const end = at + length;
  let next = at;
  while (next < end && (block[next] === SPACE || block[next] === 0)) next += 1;
  let value = 0;
  for (; next < end; next += 1) {
    const digit = block[next]! - ZERO;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  for (; next < end; next += 1) if (block[next] !== SPACE && block[next] !== 0) return undefined;
  return value;
}

/**
 * A time in seconds, which may fill the 64 bits of GNU's binary form. What a double can't hold, millions
 * of years away from here, is the last second that it can.
 * @throws LayerFault `invalid-layer`
 */
export function readSeconds(block: Uint8Array, field: Field): number {
  const { at, length } = field;
  const isFar = block[at]! >= 0x80 && readBinary(block, at, at + length) === undefined;
  if (!isFar) return readNumber(block, field);
  return (block[at]! & 0x40) === 0 ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER;
}

function readBinary(block: Uint8Array, at: number, end: number): number | undefined {
  const negative = (block[at]! & 0x40) !== 0;
  const flip = negative ? 0xff : 0;
  let value = (block[at]! ^ flip) & 0x7f;
  for (let next = at + 1; next < end; next += 1) {
    value = value * 256 + (block[next]! ^ flip);
    if (value > Number.MAX_SAFE_INTEGER) return undefined;
  }
  return negative ? -1 - value : value;
}

/** The number in a header field. @throws LayerFault `invalid-layer` where {@link tryNumber} gives none */
export function readNumber(block: Uint8Array, field: Field): number {
  const value = tryNumber(block, field);
  if (value !== undefined) return value;
  const got = toText(fromBytes(block, field.at, field.at + field.length));
  throw new LayerFault(
    "invalid-layer",
    `field ${field.name}: expected an octal number, got "${got}"`,
  );
}

/** The number in a header field, which must not be negative. @throws LayerFault `invalid-layer` */
export function readCount(block: Uint8Array, field: Field): number {
  const value = readNumber(block, field);
  if (value >= 0) return value;
  throw new LayerFault("invalid-layer", `field ${field.name}: expected 0 or more, got ${value}`);
}

/** The user, group or device number in a header field. @throws LayerFault `invalid-layer` */
export function readId(block: Uint8Array, field: Field): number {
  return checkId(readNumber(block, field), field.name);
}

/** The decimal number of a PAX record: a safe integer that is not negative. @throws LayerFault `invalid-layer` */
export function parseCount(value: ByteString, what: string): number {
  const number = DECIMAL.test(value) ? Number(value) : Number.NaN;
  if (Number.isSafeInteger(number)) return number;
  throw new LayerFault(
    "invalid-layer",
    `${what}: expected a decimal number from 0 to 2^53 - 1, got "${toText(value.slice(0, 64) as ByteString)}"`,
  );
}

/** The user, group or device number of a PAX record. @throws LayerFault `invalid-layer` */
export function parseId(value: ByteString, what: string): number {
  return checkId(parseCount(value, what), what);
}

function checkId(value: number, what: string): number {
  if (value >= 0 && value <= LARGEST_ID) return value;
  throw new LayerFault(
    "invalid-layer",
    `${what}: expected a number from 0 to ${LARGEST_ID}, got ${value}`,
  );
}

/** Whether `value` can be written as octal digits and a NUL. */
export function fitsOctal(value: number, { length }: Field): boolean {
  return value >= 0 && value < 8 ** (length - 1);
}

/** Writes a number that {@link fitsOctal} as octal digits, zeros in front, a NUL behind. */
export function writeOctal(block: Uint8Array, at: number, { length }: Field, value: number): void {
  let left = value;
  for (let next = at + length - 2; next >= at; next -= 1) {
    block[next] = ZERO + (left % 8);
    left = Math.floor(left / 8);
  }
}
