// SPDX-License-Identifier: MIT

import { AnnotationKey } from "../../oci/annotations.ts";

const { inputKey, warnings } = AnnotationKey;

/**
 * The annotations of an image without those by which `assemble` finds that it made this very image: one that
 * was edited is not what they say any more. Who the parent is and which generation it belongs to stay.
 */
export function withoutAssembly(
  annotations: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  if (annotations[inputKey] === undefined && annotations[warnings] === undefined) {
    return annotations;
  }
  const kept = Object.entries(annotations).filter(([key]) => key !== inputKey && key !== warnings);
  return Object.fromEntries(kept);
}
