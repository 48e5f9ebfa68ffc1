// SPDX-License-Identifier: MIT
import { makeIndex } from "../../image/index-document.ts";
import type { Location } from "../../image/location.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { OciError } from "../../oci/errors.ts";
import { gatherFromLocations, type GatheredChildren } from "../children/gather-children.ts";
import type { LeftOut } from "../children/index-child.ts";
import { withEntries } from "./index-entries.ts";
import {
  editTaggedIndex,
  requireIndex,
  type EditedIndex,
  type EditIndexOptions,
  type IndexEdit,
  type TaggedIndex,
} from "./tagged-index.ts";

export interface AddToIndexOptions extends EditIndexOptions {
  /** Lets an image take the place of another one for the same platform; for a new index, of what the tag names. */
  readonly replace?: boolean | undefined;
}

export interface CreateIndexOptions extends AddToIndexOptions {
  /** Annotations of the index. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** An index that images were added to, and what was found beside them. */
export interface AddedToIndex extends EditedIndex {
  readonly leftOut: readonly LeftOut[];
}

/**
 * Makes an index of images, in this order, under a tag; an index among the references contributes its images with
 * their attestations. The images are copied there first.
 * @throws OciError `already-exists` when the tag names something else, or two images are for one platform, without
 *   `replace`; what `editTaggedIndex` and reading throw
 */
export function createIndex(
  reference: Location | string,
  from: readonly (Location | string)[],
  options: CreateIndexOptions = {},
): Promise<AddedToIndex> {
  return gathering(from, options, (gathered) =>
    editTaggedIndex(reference, options, async (current) => {
      const { annotations } = options;
      const edit = additions([], gathered, current, { replace: false });
      const { descriptor } = makeIndex(edit.manifests, { annotations });
      if (options.replace !== true) refuseOther(current, descriptor);
      return Promise.resolve({ ...edit, annotations, isNew: true });
    }),
  );
}

/** A tag that names the very index is no obstacle: then there is nothing to do. */
function refuseOther({ store, tag, before }: TaggedIndex, index: Descriptor): void {
  if (before === undefined || before.digest === index.digest) return;
  throw new OciError(
    "already-exists",
    `${store.name}:${tag}: expected no such tag yet, got one of ${before.digest}`,
    {
      details: { before },
      hint: "Add to that index with oci-kit manifest add, or replace it with --replace.",
    },
  );
}

/**
 * Adds images to the index under a tag; see {@link createIndex}.
 * @throws OciError `not-found` when the index is not there; `already-exists` for a platform that it has, without
 *   `replace`; what `editTaggedIndex` and reading throw
 */
export function addToIndex(
  reference: Location | string,
  from: readonly (Location | string)[],
  options: AddToIndexOptions = {},
): Promise<AddedToIndex> {
  return gathering(from, options, (gathered) =>
    editTaggedIndex(reference, options, async (current) => {
      const { manifests } = requireIndex(current).value;
      return Promise.resolve(additions(manifests, gathered, current, options));
    }),
  );
}

async function gathering(
  from: readonly (Location | string)[],
  options: EditIndexOptions,
  edit: (gathered: GatheredChildren) => Promise<EditedIndex>,
): Promise<AddedToIndex> {
  const gathered = await gatherFromLocations(from, options);
  try {
    const { children, leftOut } = gathered;
    if (children.length > 0) return { ...(await edit(gathered)), leftOut };
    throw new OciError("not-found", "manifest: expected images for the index, got none", {
      details: { leftOut },
      hint: "Name images or indexes of images: --from REF",
    });
  } finally {
    await gathered.close();
  }
}

function additions(
  entries: readonly Descriptor[],
  { children }: GatheredChildren,
  { store, tag }: TaggedIndex,
  { replace = false }: AddToIndexOptions,
): IndexEdit {
  const more = [
    ...children.map(({ descriptor }) => descriptor),
    ...children.flatMap(({ attestations }) => attestations),
  ];
  const where = `${store.name}:${tag}`;
  const contents = children.flatMap(({ image, descriptor, attestations }) =>
    [descriptor, ...attestations].map((root) => ({ store: image.store, root })),
  );
  return { manifests: withEntries(entries, more, { replace, where }), contents };
}
