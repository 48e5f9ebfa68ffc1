// SPDX-License-Identifier: MIT
import type { Image } from "../image/image.ts";

/** The names under which the family records where an image came from. */
export interface ProvenanceKeys {
  /** The image it was built from, as `repository@sha256:…`. */
  readonly parentDigest: string;
  readonly parentStage: string;
  /** What the images of one generation share. */
  readonly runId: string;
}

/** The family's names. */
export const DEFAULT_PROVENANCE_KEYS: ProvenanceKeys = Object.freeze({
  parentDigest: "org.kataglyphis.parent-digest",
  parentStage: "org.kataglyphis.parent-stage",
  runId: "org.kataglyphis.run-id",
});

/** A recorded fact: its value, or that there is none, or that it can't be told. The last two differ. */
export type Recorded =
  | {
      readonly state: "recorded";
      readonly value: string;
      readonly by: "annotation" | "label";
    }
  | { readonly state: "absent" }
  | { readonly state: "unreadable"; readonly reason: string };

/**
 * What an image records under a key: in its manifest's annotations, else in its configuration's labels.
 * An empty record, or two that contradict each other, is unreadable, never absent.
 */
export function readRecorded(image: Image, key: string): Recorded {
  const annotation = recordOf(image.manifest.value.annotations, key);
  const label = recordOf(image.config.value.config?.Labels, key);
  if (annotation === "" || label === "") {
    return { state: "unreadable", reason: `${key} is recorded, and empty` };
  }
  if (annotation !== undefined && label !== undefined && annotation !== label) {
    const reason = `${key} is ${JSON.stringify(annotation)} in the manifest and ${JSON.stringify(label)} in the configuration`;
    return { state: "unreadable", reason };
  }
  if (annotation !== undefined) return { state: "recorded", value: annotation, by: "annotation" };
  if (label !== undefined) return { state: "recorded", value: label, by: "label" };
  return { state: "absent" };
}

/** The run that made an image: see {@link readRecorded}. */
export function readRunId(image: Image, keys: ProvenanceKeys = DEFAULT_PROVENANCE_KEYS): Recorded {
  return readRecorded(image, keys.runId);
}

function recordOf(
  records: Readonly<Record<string, string>> | undefined,
  key: string,
): string | undefined {
  return records && Object.hasOwn(records, key) ? records[key] : undefined;
}
