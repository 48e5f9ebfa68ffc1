// SPDX-License-Identifier: MIT
import { isAttestation } from "../../image/list-images.ts";
import type { Location } from "../../image/location.ts";
import { OciError } from "../../oci/errors.ts";
import { chooseEntries, withoutEntries, type EntryChoice } from "./index-entries.ts";
import {
  editTaggedIndex,
  requireIndex,
  type EditedIndex,
  type EditIndexOptions,
} from "./tagged-index.ts";

/**
 * Removes entries from the index under a tag, and the attestations of the images removed. Their content stays
 * where it is.
 * @throws OciError `not-found` for a choice that nothing fits; `invalid-argument` when no image would be left;
 *   what `editTaggedIndex` throws
 */
export function removeFromIndex(
  reference: Location | string,
  choices: readonly EntryChoice[],
  options: EditIndexOptions = {},
): Promise<EditedIndex> {
  return editTaggedIndex(reference, options, async (current) => {
    const { manifests } = requireIndex(current).value;
    const where = `${current.store.name}:${current.tag}`;
    const gone = choices.flatMap((choice) => chooseEntries(manifests, choice, where));
    const left = withoutEntries(manifests, gone);
    if (left.some((entry) => !isAttestation(entry))) return Promise.resolve({ manifests: left });
    throw new OciError(
      "invalid-argument",
      `${where}: expected an image to stay in the index, got none`,
      { hint: "Remove the tag instead, if nothing of it is wanted any more." },
    );
  });
}
