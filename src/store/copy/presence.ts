// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../../bytes/bytes.ts";
import { drain } from "../../bytes/streams/read-all.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { isOciError, OciError } from "../../oci/errors.ts";
import type { ContentStore, ReadableStore } from "../store.ts";
import { blaming } from "./copy-error.ts";

/** Whether the target of a copy has content. */
export type Presence = "absent" | "held" | "damaged";

/**
 * Asks the target whether it has content, unless it need not be asked for what is from there (`assume`). With
 * `verifyPresent`, what it has is also read and hashed. Only wrong bytes count as damage: content that can't be read is
 * an error.
 * @throws CopyError
 */
export function presenceOf(
  {
    source,
    target,
    verifyPresent = false,
  }: {
    readonly source: ReadableStore;
    readonly target: ContentStore;
    readonly verifyPresent?: boolean | undefined;
  },
  descriptor: Descriptor,
  abort: AbortOptions,
): Promise<Presence> {
  return blaming("check", "target", descriptor, target, async () => {
    if (!verifyPresent && target.capabilities.assume?.(descriptor, source) === true) return "held";
    if (!(await target.exists(descriptor, abort))) return "absent";
    if (!verifyPresent) return "held";
    try {
      await drain(target.fetch(descriptor, abort));
      return "held";
    } catch (error) {
      if (isOciError(error, "digest-mismatch", "size-mismatch", "truncated")) return "damaged";
      throw error;
    }
  });
}

/** The error for damaged content in a store that can't replace content, such as a registry. */
export function beyondRepair(target: ContentStore, descriptor: Descriptor): OciError {
  return new OciError(
    "digest-mismatch",
    `${target.name}: expected ${descriptor.digest}, got other bytes under that digest, which can't be replaced there`,
    {
      details: { descriptor },
      hint: "A registry takes content for a digest that it has without looking at it: delete it there first, or have its operator do so, then copy again.",
    },
  );
}
