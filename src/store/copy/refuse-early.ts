// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { blaming } from "./copy-error.ts";
import type { ContentStore } from "../store.ts";

/**
 * Refuses content that the target is known not to take before anything is sent. What it has already is not refused.
 * @throws CopyError `limit-exceeded`
 */
export async function refuseEarly(
  blobs: readonly Descriptor[],
  target: ContentStore,
  options: AbortOptions,
): Promise<void> {
  const { checkSize } = target.capabilities;
  if (checkSize === undefined) return;
  for (const blob of blobs) {
    await blaming("send", "target", blob, target, async () => {
      try {
        checkSize(blob);
      } catch (error) {
        if (!(await target.exists(blob, options))) throw error;
      }
    });
  }
}
