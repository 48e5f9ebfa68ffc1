// SPDX-License-Identifier: MIT

/**
 * The annotation of a manifest by which `assemble` finds that it made this very image from the same
 * inputs. An image that was edited is not what it says any more, so every edit drops it; who the parent
 * is and which generation it belongs to stay.
 */
export const INPUT_KEY = "org.kataglyphis.assemble.key";

/** The annotation of a manifest with what `assemble` warned of. It goes with {@link INPUT_KEY}. */
export const WARNINGS = "org.kataglyphis.assemble.warnings";

/** The annotations of an image that was assembled, as those of one that was edited since. */
export function withoutAssembly(
  annotations: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  if (annotations[INPUT_KEY] === undefined && annotations[WARNINGS] === undefined) {
    return annotations;
  }
  const kept = Object.entries(annotations).filter(([key]) => key !== INPUT_KEY && key !== WARNINGS);
  return Object.fromEntries(kept);
}
