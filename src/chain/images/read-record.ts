// SPDX-License-Identifier: MIT
import type { ReadOptions } from "../../image/image.ts";
import { type Digest, isDigest } from "../../oci/digest.ts";
import { isOciError } from "../../oci/errors.ts";
import { quote } from "../../oci/quote.ts";
import type { Recorded } from "../../publish/records/provenance.ts";
import { readConfig } from "../../store/read-documents.ts";
import type { ReadableStore } from "../../store/store.ts";
import type { PresentImage } from "./chain-image.ts";

/**
 * What an image records under a key: in its annotations, and where they say nothing in its configuration's
 * labels, which are read only then. An empty record is unreadable, and so is a configuration that can't be read.
 */
export async function readRecord(
  store: ReadableStore,
  image: PresentImage,
  key: string,
  options: ReadOptions = {},
): Promise<Recorded> {
  const annotation = own(image.annotations, key);
  if (annotation !== undefined) return told(key, annotation, "annotation");
  if (image.config === undefined) return { state: "absent" };
  try {
    const config = await readConfig(store, image.config, options);
    const label = own(config.value.config?.Labels ?? {}, key);
    return label === undefined ? { state: "absent" } : told(key, label, "label");
  } catch (error) {
    if (!isOciError(error)) throw error;
    return { state: "unreadable", reason: error.message };
  }
}

function told(key: string, value: string, by: "annotation" | "label"): Recorded {
  if (value !== "") return { state: "recorded", value, by };
  return { state: "unreadable", reason: `${key} is recorded, and empty` };
}

function own(records: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(records, key) ? records[key] : undefined;
}

/** A recorded digest; or that none is recorded, or none that can be read. */
export type RecordedDigest =
  | { readonly state: "recorded"; readonly digest: Digest }
  | { readonly state: "absent" }
  | { readonly state: "unreadable"; readonly reason: string };

/**
 * The digest in a record. It may be the full `repository@digest`: only the digest counts, so that a fork under
 * another repository still compares.
 */
export function digestIn(recorded: Recorded): RecordedDigest {
  if (recorded.state !== "recorded") return recorded;
  const digest = recorded.value.slice(recorded.value.lastIndexOf("@") + 1);
  if (isDigest(digest)) return { state: "recorded", digest };
  return {
    state: "unreadable",
    reason: `expected a digest in the record, got ${quote(recorded.value)}`,
  };
}
