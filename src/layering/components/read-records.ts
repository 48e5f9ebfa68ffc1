// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { AbortOptions } from "../../bytes/bytes.ts";
import { createContentPlanner } from "../../rootfs/contents/content-plan.ts";
import { readPlanned } from "../../rootfs/contents/read-planned.ts";
import type { ImageFilesystem } from "../../rootfs/image-filesystem.ts";

/** The largest file that is read. A package with 100,000 files has a list of 8 MB. */
const LARGEST = 16 * 1024 * 1024;
/** The most bytes of records in one image. Eight hundred packages have 4 MB. */
const MOST = 64 * 1024 * 1024;

export interface ReadRecordsOptions extends AbortOptions {
  /** The most bytes of one file, and of all. Default: those of records that have a file for each package. */
  readonly most?: number | undefined;
}

/**
 * Reads the files at some paths of an image, each layer that holds any of them once, and hands them out in the
 * order of the layers. What is no file is left out, and so is what is larger than any record.
 * @returns the paths that were left out because they are too large
 * @throws OciError what reading the layers throws
 */
export async function readRecords(
  root: ImageFilesystem,
  paths: readonly ByteString[],
  take: (path: ByteString, bytes: Uint8Array) => void,
  { most, signal }: ReadRecordsOptions,
): Promise<readonly ByteString[]> {
  const planner = createContentPlanner<ByteString>();
  const tooLarge: ByteString[] = [];
  const sizes = new Map<ByteString, number>();
  let bytes = 0;
  for (const path of paths) {
    const node = root.lstat(path);
    const location = node?.type === "file" ? root.location(node) : undefined;
    if (node === undefined || location === undefined || node.size === 0) continue;
    if (node.size > (most ?? LARGEST) || bytes + node.size > (most ?? MOST)) {
      tooLarge.push(path);
      continue;
    }
    bytes += node.size;
    sizes.set(path, node.size);
    planner.add(location, path, node.size);
  }
  for await (const { wants, content } of readPlanned(root, planner.plan(), { signal })) {
    const whole = new Uint8Array(sizes.get(wants[0]!)!);
    let filled = 0;
    for await (const chunk of content ?? []) {
      whole.set(chunk, filled);
      filled += chunk.length;
    }
    for (const path of wants) take(path, whole);
  }
  return tooLarge;
}
