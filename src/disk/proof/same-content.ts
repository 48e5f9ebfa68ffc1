// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { AbortOptions, Bytes } from "../../bytes/bytes.ts";
import type { FieldDifference } from "../../rootfs/compare/compare-nodes.ts";
import type { RootFilesystem } from "../../rootfs/root-filesystem.ts";

/**
 * Compares the content of a file in two root filesystems by reading both. Undefined when it is the same.
 * @throws what the two filesystems throw
 */
export async function compareContent(
  path: ByteString,
  expected: RootFilesystem,
  actual: RootFilesystem,
  options: AbortOptions,
): Promise<FieldDifference | undefined> {
  const at = await firstDifference(expected.read(path, options), actual.read(path, options));
  if (at === undefined) return undefined;
  return { field: "content", expected: "the same bytes", got: `others from byte ${at} on` };
}

/** The offset of the first byte at which two streams differ; undefined when they are equal. */
async function firstDifference(one: Bytes, other: Bytes): Promise<number | undefined> {
  const others = other[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array();
  let at = 0;
  try {
    for await (const chunk of one) {
      for (let from = 0; from < chunk.length;) {
        if (rest.length === 0) {
          const next = await others.next();
          if (next.done === true) return at;
          rest = next.value;
        }
        const count = Math.min(chunk.length - from, rest.length);
        const [a, b] = [chunk.subarray(from, from + count), rest.subarray(0, count)];
        if (Buffer.compare(a, b) !== 0) return at + a.findIndex((byte, index) => byte !== b[index]);
        rest = rest.subarray(count);
        from += count;
        at += count;
      }
    }
    while (rest.length === 0) {
      const next = await others.next();
      if (next.done === true) return undefined;
      rest = next.value;
    }
    return at;
  } finally {
    await others.return?.();
  }
}
