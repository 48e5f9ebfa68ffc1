// SPDX-License-Identifier: MIT
import {
  withSource,
  type Named,
  type SourceOptions,
} from "../../image/by-reference/with-reference.ts";
import { findImage } from "../../image/find-image.ts";
import { readImage } from "../../image/image.ts";
import type { OpenReference } from "../../image/open-reference.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { isIndexType } from "../../oci/media-types.ts";
import { formatPlatform, normalisePlatform } from "../../oci/platform.ts";
import { readDocumentBytes, readIndex } from "../../store/read-documents.ts";
import type { ReadableStore } from "../../store/store.ts";
import { explainDocuments } from "./explain-documents.ts";
import { explainImages, type ExplainOptions } from "./explain-images.ts";
import { createReasons, type Reason } from "./reason.ts";

/** What two references lead to, and why that is not one thing. */
export interface DigestExplanation {
  readonly one: ExplainedSide;
  readonly other: ExplainedSide;
  /** Empty when both have the same digest. */
  readonly reasons: readonly Reason[];
}

export interface ExplainedSide {
  /** The store. */
  readonly name: string;
  readonly descriptor: Descriptor;
}

/**
 * Why two references have different digests. Of two indexes, without a platform, the indexes are compared, and their
 * images by platform; else one image of each. Layers that are the same are not read, and nothing is kept in memory but
 * what indexes of layers take.
 * @throws OciError what opening and reading throw
 */
export function explainReferences(
  one: Named,
  other: Named,
  options: SourceOptions & ExplainOptions = {},
): Promise<DigestExplanation> {
  return withSource(one, options, (first) =>
    withSource(other, options, (second) => explainRoots(first, second, options)),
  );
}

async function explainRoots(
  one: OpenReference,
  other: OpenReference,
  options: SourceOptions & ExplainOptions,
): Promise<DigestExplanation> {
  const [first, second] = [await one.root(options), await other.root(options)];
  const areIndexes =
    options.platform === undefined && isIndexType(first.mediaType) && isIndexType(second.mediaType);
  const here = { store: one.store, descriptor: first };
  const there = { store: other.store, descriptor: second };
  if (areIndexes) return answer(here, there, await explainIndexes(here, there, options, ""));
  const mine = {
    ...here,
    descriptor: await findImage(one.store, first, options.platform, options),
  };
  const theirs = {
    ...there,
    descriptor: await findImage(other.store, second, options.platform, options),
  };
  return answer(mine, theirs, await explainStored(mine, theirs, options, ""));
}

interface Stored {
  readonly store: ReadableStore;
  readonly descriptor: Descriptor;
}

function answer(one: Stored, other: Stored, reasons: readonly Reason[]): DigestExplanation {
  const [here, there] = [one, other].map(({ store, descriptor }) => ({
    name: store.name,
    descriptor,
  }));
  return { one: here!, other: there!, reasons };
}

async function explainStored(
  one: Stored,
  other: Stored,
  options: ExplainOptions,
  prefix: string,
): Promise<readonly Reason[]> {
  if (one.descriptor.digest === other.descriptor.digest) return [];
  if (isIndexType(one.descriptor.mediaType) && isIndexType(other.descriptor.mediaType)) {
    return explainIndexes(one, other, options, prefix);
  }
  const [first, second] = [
    await readImage(one.store, one.descriptor, options),
    await readImage(other.store, other.descriptor, options),
  ];
  return explainImages(first, second, options, prefix);
}

async function explainIndexes(
  one: Stored,
  other: Stored,
  options: ExplainOptions,
  prefix: string,
): Promise<readonly Reason[]> {
  if (one.descriptor.digest === other.descriptor.digest) return [];
  const reasons = createReasons(`${prefix}index`);
  explainDocuments(
    await readDocumentBytes(one.store, one.descriptor, options),
    await readDocumentBytes(other.store, other.descriptor, options),
    reasons,
    (field) => /^manifests\.\d+(\.|$)/.test(field) && !field.includes(".annotations."),
  );
  const [first, second] = [await childrenOf(one, options), await childrenOf(other, options)];
  const below: Reason[] = [];
  for (const [platform, descriptor] of first) {
    const there = second.get(platform);
    if (there === undefined) reasons.add("platforms", { one: platform });
    else if (isImage(descriptor) && isImage(there)) {
      const mine = { store: one.store, descriptor };
      below.push(
        ...(await explainStored(
          mine,
          { store: other.store, descriptor: there },
          options,
          `${prefix}${platform}: `,
        )),
      );
    } else if (descriptor.digest !== there.digest) {
      reasons.add("field", { field: platform, one: descriptor.digest, other: there.digest });
    }
  }
  for (const platform of second.keys()) {
    if (!first.has(platform)) reasons.add("platforms", { other: platform });
  }
  const [order, otherOrder] = [[...first.keys()].join(", "), [...second.keys()].join(", ")];
  if (reasons.all().length + below.length === 0 && order !== otherOrder) {
    reasons.add("platforms", { one: order, other: otherOrder });
  }
  return [...reasons.all(), ...below];
}

function isImage({ platform }: Descriptor): boolean {
  return platform !== undefined && platform.os !== "unknown";
}

/** The entries of an index by their platforms; those with the same, or without one, are counted. */
async function childrenOf(
  { store, descriptor }: Stored,
  options: ExplainOptions,
): Promise<ReadonlyMap<string, Descriptor>> {
  const index = await readIndex(store, descriptor, options);
  const children = new Map<string, Descriptor>();
  for (const child of index.value.manifests) {
    const name =
      child.platform === undefined
        ? "without a platform"
        : formatPlatform(normalisePlatform(child.platform));
    let [key, number] = [name, 1];
    while (children.has(key)) key = `${name} (${(number += 1)})`;
    children.set(key, child);
  }
  return children;
}
