// SPDX-License-Identifier: MIT
import type { Bytes } from "../../bytes/bytes.ts";
import { withStep } from "../../bytes/streams/chunk-steps.ts";
import { isHeader, isZeroBlock } from "../../layer/format/checksum.ts";
import { BLOCK } from "../../layer/format/header-layout.ts";
import { OciError } from "../../oci/errors.ts";

/** More than any tar without entries has, so that one of those may come before the archive, as with `cat a.tar b.tar`. */
const MOST_ZEROS = 1024 * 1024;

/**
 * The same bytes, which have to begin with the header of a tar entry, or with at most 1 MiB of zeros before it. A
 * stream that is no archive and has no end (`/dev/zero`) is so refused before it fills a disk. What is shorter than
 * that passes.
 * @throws OciError while reading: `invalid-archive`
 */
export function refuseOtherThanTar(bytes: Bytes, where: string): Bytes {
  const block = new Uint8Array(BLOCK);
  let [filled, zeros, isFound] = [0, 0, false];
  const take = (chunk: Uint8Array): void => {
    for (let at = 0; at < chunk.length && !isFound;) {
      const part = chunk.subarray(at, at + BLOCK - filled);
      block.set(part, filled);
      at += part.length;
      filled = (filled + part.length) % BLOCK;
      if (filled > 0) return;
      isFound = isHeader(block);
      if (isFound) return;
      zeros += BLOCK;
      if (!isZeroBlock(block)) throw noTar(where, "something else");
      if (zeros > MOST_ZEROS) throw noTar(where, "zeros alone");
    }
  };
  return withStep(bytes, {
    onChunk: (chunk) => {
      if (!isFound) take(chunk);
      return chunk;
    },
  });
}

function noTar(where: string, got: string): OciError {
  return new OciError("invalid-archive", `${where}: expected a tar archive, got ${got}`, {
    hint: "Is it an archive at all? What writes one is oci-kit copy REF oci-archive:-, or docker save.",
  });
}
