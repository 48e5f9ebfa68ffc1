// SPDX-License-Identifier: MIT
import type { Location } from "../../image/location.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { OciError } from "../../oci/errors.ts";
import type { Platform } from "../../oci/platform.ts";
import { chooseEntries, type EntryChoice } from "./index-entries.ts";
import {
  editTaggedIndex,
  requireIndex,
  type EditedIndex,
  type EditIndexOptions,
} from "./tagged-index.ts";

/** What an annotation of an index or of one of its entries changes. An empty text removes what it is given for. */
export interface IndexNotes {
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** Fields of the entry's platform. An empty list of features removes them. */
  readonly platform?: Partial<Pick<Platform, "os.version" | "os.features" | "variant">> | undefined;
}

/**
 * Annotates the index under a tag, or one entry of it. The image of the entry stays as it is.
 * @param choice the entry; undefined for the index itself
 * @throws OciError `not-found` for a choice that nothing fits; `invalid-argument` for fields of the platform where
 *   there is none; what `editTaggedIndex` throws
 */
export function annotateIndex(
  reference: Location | string,
  choice: EntryChoice | undefined,
  notes: IndexNotes,
  options: EditIndexOptions = {},
): Promise<EditedIndex> {
  return editTaggedIndex(reference, options, async (current) => {
    const { manifests, annotations } = requireIndex(current).value;
    const where = `${current.store.name}:${current.tag}`;
    if (choice === undefined) {
      if (notes.platform !== undefined) throw noPlatform(where);
      return Promise.resolve({ manifests, annotations: merged(annotations, notes.annotations) });
    }
    const chosen = chooseEntries(manifests, choice, where);
    return Promise.resolve({
      manifests: manifests.map((entry) =>
        chosen.includes(entry) ? annotated(entry, notes, where) : entry,
      ),
    });
  });
}

function annotated(entry: Descriptor, notes: IndexNotes, where: string): Descriptor {
  const { annotations: before, platform, ...rest } = entry;
  if (notes.platform !== undefined && platform === undefined) throw noPlatform(where);
  const annotations = merged(before, notes.annotations);
  return {
    ...rest,
    ...(platform !== undefined && { platform: withFields(platform, notes.platform) }),
    ...(Object.keys(annotations).length > 0 && { annotations }),
  };
}

function merged(
  before: Readonly<Record<string, string>> = {},
  changes: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries({ ...before, ...changes }).filter(([key]) => changes[key] !== ""),
  );
}

function withFields(platform: Platform, fields: IndexNotes["platform"] = {}): Platform {
  const result = { ...platform, ...fields };
  const isGone = (value: unknown): boolean =>
    value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
  return Object.fromEntries(
    Object.entries(result).filter(([key, value]) => !isGone(value) || !(key in fields)),
  ) as unknown as Platform;
}

function noPlatform(where: string): OciError {
  return new OciError(
    "invalid-argument",
    `${where}: expected an entry with a platform for its fields, got none`,
    { hint: "Name the entry: --platform OS/ARCHITECTURE, or its digest" },
  );
}
