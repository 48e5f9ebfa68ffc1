// SPDX-License-Identifier: MIT
import type { Image } from "./image.ts";

/** A recorded fact: its value, or that nothing is recorded, or that the record can't be read. The last two differ. */
export type Recorded =
  | {
      readonly state: "recorded";
      readonly value: string;
      readonly by: "annotation" | "label";
    }
  | { readonly state: "absent" }
  | { readonly state: "unreadable"; readonly reason: string };

/**
 * Reads what an image records under a key, in its manifest's annotations or its configuration's labels. An
 * empty record is unreadable, and so are two that contradict each other; neither counts as absent.
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

function recordOf(
  records: Readonly<Record<string, string>> | undefined,
  key: string,
): string | undefined {
  return records && Object.hasOwn(records, key) ? records[key] : undefined;
}
