// SPDX-License-Identifier: MIT
import { rmSync } from "node:fs";
import { listClaimable } from "../../files/claimed-file.ts";
import { isOurs, sweepAbandoned } from "../../files/owned-name.ts";
import { OWN_PREFIX } from "./layout-blobs.ts";

/** The prefix of uploads, which any process may continue. */
export const UPLOAD = `${OWN_PREFIX}upload.`;
/** The prefix of blobs of which only the beginning has arrived: whoever fetches them again goes on there. */
export const PARTIAL = `${OWN_PREFIX}partial.`;

const LASTING = [UPLOAD, PARTIAL];

/**
 * Removes temporary files of a layout: those of processes that are dead, and those of unknown processes, uploads and
 * partial blobs that nobody has touched for `age` milliseconds.
 */
export function sweepTemporary(directory: string, age: number): void {
  sweepAbandoned(directory, OWN_PREFIX, age, LASTING);
  for (const { stem, path, stats, isHeld } of listClaimable(directory)) {
    if (isHeld || !LASTING.some((prefix) => stem.startsWith(prefix))) continue;
    if (Date.now() - stats.mtimeMs > age && isOurs(path)) rmSync(path, { force: true });
  }
}
