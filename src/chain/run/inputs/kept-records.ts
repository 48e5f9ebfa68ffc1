// SPDX-License-Identifier: MIT
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { digestEncoded, type Digest } from "../../../oci/digest.ts";
import { openDigestCache } from "../../../store/digest-cache.ts";
import {
  digestOfRecord,
  formatInputRecord,
  type InputRecord,
  parseInputRecord,
} from "../../context/key/input-record.ts";

/** Keeps the records of what stages were made of, by their digests. */
export interface KeptRecords {
  /** Idempotent. What can't be written is not kept, which is no error: a later difference is then not told. */
  keep(record: InputRecord): Promise<void>;
  /** Undefined when the record, or a sound one, is not kept any more. */
  read(digest: Digest): Promise<InputRecord | undefined>;
}

const FILE = "record.json";

/** Opens what is kept in `stage-inputs` of the cache directory. */
export function openKeptRecords(cacheDirectory: string): KeptRecords {
  const cache = openDigestCache(join(cacheDirectory, "stage-inputs"));
  return {
    async keep(record) {
      try {
        const bytes = formatInputRecord(record);
        const key = digestEncoded(digestOfRecord(record));
        await cache.getOrCreate(key, (fresh) => writeFile(join(fresh, FILE), bytes));
      } catch {
        // As said above.
      }
    },
    async read(digest) {
      try {
        const place = await cache.get(digestEncoded(digest));
        if (place === undefined) return undefined;
        const record = parseInputRecord(await readFile(join(place, FILE)));
        return digestOfRecord(record) === digest ? record : undefined;
      } catch {
        return undefined;
      }
    },
  };
}
