// SPDX-License-Identifier: MIT
import { fromBytes, type ByteString } from "../../bytes/byte-string.ts";
import type { AbortOptions } from "../../bytes/bytes.ts";
import { createContentPlanner } from "../../rootfs/contents/content-plan.ts";
import { readPlanned } from "../../rootfs/contents/read-planned.ts";
import type { ImageFilesystem } from "../../rootfs/image-filesystem.ts";

/** The largest file that is read. A package with 100,000 files has a list of 8 MB. */
const LARGEST = 16 * 1024 * 1024;
/** The most bytes of records in one image. Eight hundred packages have 4 MB. */
const MOST = 64 * 1024 * 1024;

/**
 * Reads the files at some paths of an image, each layer that holds any of them once, and hands them out in the
 * order of the layers. What is no file is left out, and so is what is larger than any record.
 * @returns the paths that were left out because they are too large
 * @throws OciError what reading the layers throws
 */
export async function readRecords(
  root: ImageFilesystem,
  paths: readonly ByteString[],
  take: (path: ByteString, text: ByteString) => void,
  { signal }: AbortOptions,
): Promise<readonly ByteString[]> {
  const planner = createContentPlanner<ByteString>();
  const tooLarge: ByteString[] = [];
  let bytes = 0;
  for (const path of paths) {
    const node = root.lstat(path);
    const location = node?.type === "file" ? root.location(node) : undefined;
    if (node === undefined || location === undefined || node.size === 0) continue;
    if (node.size > LARGEST || bytes + node.size > MOST) {
      tooLarge.push(path);
      continue;
    }
    bytes += node.size;
    planner.add(location, path, node.size);
  }
  for await (const { wants, content } of readPlanned(root, planner.plan(), { signal })) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of content ?? []) chunks.push(chunk.slice());
    const text = fromBytes(Buffer.concat(chunks));
    for (const path of wants) take(path, text);
  }
  return tooLarge;
}
