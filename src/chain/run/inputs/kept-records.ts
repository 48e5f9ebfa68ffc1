// SPDX-License-Identifier: MIT
import { join } from "node:path";
import { digestEncoded, type Digest } from "../../../oci/digest.ts";
import { openKeptFiles } from "../../../store/kept-files.ts";
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

/** Opens what is kept in `stage-inputs` of the cache directory. */
export function openKeptRecords(cacheDirectory: string): KeptRecords {
  const kept = openKeptFiles(join(cacheDirectory, "stage-inputs"));
  return {
    keep: (record) => kept.write(digestEncoded(digestOfRecord(record)), formatInputRecord(record)),
    async read(digest) {
      const bytes = await kept.read(digestEncoded(digest));
      try {
        return bytes && parseInputRecord(bytes);
      } catch {
        return undefined; // of another version
      }
    },
  };
}
