// SPDX-License-Identifier: MIT

/** Bytes from `start` to `end`, both included, as HTTP counts them. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const RANGE = /^bytes=(\d{0,16})-(\d{0,16})$/;
const CONTENT_RANGE = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16}|\*)$/;
const UPLOAD_RANGE = /^(?:bytes[ =])?(\d{1,16})-(\d{1,16})(?:\/(?:\d{1,16}|\*))?$/;

/**
 * Parses a `Range` request header for content of this size (RFC 9110, 14.2). Undefined means send everything:
 * the header is absent or malformed, has another unit, or asks for several ranges. `unsatisfiable` means
 * answer 416.
 */
export function parseRange(
  header: string | undefined,
  size: number,
): ByteRange | "unsatisfiable" | undefined {
  const [, first, last] = RANGE.exec(header ?? "") ?? [];
  if (first === undefined || last === undefined || first + last === "") return undefined;
  if (first === "") {
    const length = Math.min(Number(last), size);
    return length === 0 ? "unsatisfiable" : { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  const end = last === "" ? size - 1 : Math.min(Number(last), size - 1);
  if (last !== "" && Number(last) < start) return undefined;
  return start >= size ? "unsatisfiable" : { start, end };
}

/** Formats `bytes 0-99/1234`. */
export function formatContentRange({ start, end }: ByteRange, size: number): string {
  return `bytes ${start}-${end}/${size}`;
}

/** Parses the `Content-Range` of a 206 answer; `size` is absent where the header has `*`. */
export function parseContentRange(
  header: string | undefined,
): (ByteRange & { readonly size: number | undefined }) | undefined {
  const [, start, end, size] = CONTENT_RANGE.exec(header ?? "") ?? [];
  if (start === undefined || end === undefined || Number(end) < Number(start)) return undefined;
  return {
    start: Number(start),
    end: Number(end),
    size: size === "*" ? undefined : Number(size),
  };
}

/**
 * The `Range` of an answer about an upload: `0-99` for 100 bytes received (distribution-spec, "Pushing a blob
 * in chunks"). For no bytes it is `0-0`, as every registry sends it.
 */
export function formatUploadRange(received: number): string {
  return `0-${Math.max(0, received - 1)}`;
}

/**
 * Parses the `Content-Range` of a chunk (`100-199`) or the `Range` of an answer about an upload. Undefined
 * when it is neither.
 */
export function parseUploadRange(header: string | undefined): ByteRange | undefined {
  const [, start, end] = UPLOAD_RANGE.exec(header ?? "") ?? [];
  if (start === undefined || end === undefined || Number(end) < Number(start)) return undefined;
  return { start: Number(start), end: Number(end) };
}
