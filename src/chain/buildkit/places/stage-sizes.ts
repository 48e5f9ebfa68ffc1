// SPDX-License-Identifier: MIT
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { withLock } from "../../../files/lock.ts";
import { makeDirectories } from "../../../files/make-directories.ts";
import { replaceDurably } from "../../../files/replace-durably.ts";
import { writing } from "../../../files/system-error.ts";

const FILE = "stage-sizes.json";
const KEPT_STAGES = 1000;

/**
 * The bytes that a stage took when it was built last; undefined when that is not known. A record that can't be read
 * knows nothing: it only saves a check.
 * @param directory where the record is kept, such as the cache directory
 */
export function recallSize(directory: string, stage: string): number | undefined {
  return readSizes(directory).get(stage);
}

/** Remembers what a stage took. Of several at once none is lost. @throws OciError `unwritable`, `locked` */
export async function rememberSize(directory: string, stage: string, bytes: number): Promise<void> {
  writing(directory, () => makeDirectories(directory));
  await withLock(join(directory, `.${FILE}.lock`), () => {
    const sizes = readSizes(directory);
    sizes.delete(stage);
    sizes.set(stage, bytes);
    const kept = Object.fromEntries([...sizes].slice(-KEPT_STAGES));
    const text = `${JSON.stringify(kept, null, 1)}\n`;
    replaceDurably(directory, FILE, Buffer.from(text), { stem: `.${FILE}` });
  });
}

function readSizes(directory: string): Map<string, number> {
  try {
    const read: unknown = JSON.parse(readFileSync(join(directory, FILE), "utf8"));
    if (typeof read !== "object" || read === null) return new Map();
    const entries = Object.entries(read as Readonly<Record<string, unknown>>);
    return new Map(
      entries.filter(
        (entry): entry is [string, number] =>
          typeof entry[1] === "number" && Number.isFinite(entry[1]) && entry[1] >= 0,
      ),
    );
  } catch {
    return new Map();
  }
}
