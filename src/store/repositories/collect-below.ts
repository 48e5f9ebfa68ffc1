// SPDX-License-Identifier: MIT
import { closeSync } from "node:fs";
import type { Digest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { parseIndex, parseManifest } from "../../oci/documents/parse-documents.ts";
import { isOciError } from "../../oci/errors.ts";
import type { Limits } from "../../oci/limits.ts";
import { isIndexType } from "../../oci/media-types.ts";
import { childrenOf, namesContent } from "../content-graph.ts";
import { openBlob } from "../layout/layout-blobs.ts";
import type { LayoutStore } from "../layout/layout.ts";
import { readDocumentBytes } from "../read-documents.ts";
import type { RecordedManifest } from "./manifest-record.ts";
import type { RepositoryRecords } from "./repository-records.ts";

/** What a layout holds below some roots and a repository has no record of. */
export interface Belongings {
  readonly blobs: ReadonlySet<Digest>;
  /** Children before parents. */
  readonly manifests: readonly RecordedManifest[];
}

/**
 * Lists what is below these roots. A root below which something can't be read is left out whole; content that
 * is missing, or has a digest that can't be verified, is left out alone.
 */
export async function collectBelow(
  layout: LayoutStore,
  roots: readonly Descriptor[],
  records: RepositoryRecords,
  limits: Partial<Limits> | undefined,
): Promise<Belongings> {
  const blobs = new Set<Digest>();
  const manifests = new Map<Digest, RecordedManifest>();
  for (const root of roots) {
    const found: Found = { blobs: [], manifests: new Map(), known: manifests };
    try {
      await collect(layout, root, records, found, limits);
    } catch (error) {
      if (isOciError(error)) continue;
      throw error;
    }
    for (const digest of found.blobs) {
      if (!blobs.has(digest) && !records.hasBlob(digest)) blobs.add(digest);
    }
    for (const [digest, manifest] of found.manifests) manifests.set(digest, manifest);
  }
  return { blobs, manifests: [...manifests.values()] };
}

interface Found {
  readonly blobs: Digest[];
  readonly manifests: Map<Digest, RecordedManifest>;
  readonly known: ReadonlyMap<Digest, RecordedManifest>;
}

async function collect(
  layout: LayoutStore,
  descriptor: Descriptor,
  records: RepositoryRecords,
  found: Found,
  limits: Partial<Limits> | undefined,
): Promise<void> {
  const { digest } = descriptor;
  if (!isStored(layout, descriptor)) return;
  if (!namesContent(descriptor)) {
    found.blobs.push(digest);
    return;
  }
  if (found.manifests.has(digest) || found.known.has(digest) || records.hasManifest(digest)) return;
  const bytes = await readDocumentBytes(layout, descriptor, { limits });
  for (const child of childrenOf(descriptor, bytes, limits)) {
    await collect(layout, child, records, found, limits);
  }
  const parse = isIndexType(descriptor.mediaType) ? parseIndex : parseManifest;
  const { subject } = parse(bytes, descriptor, { limits }).value;
  found.manifests.set(digest, { descriptor, subject: subject?.digest });
}

/** Whether the bytes are there. Unlike `exists` of a store, this leaves the time of the file as it is. */
function isStored({ directory }: LayoutStore, { digest, size }: Descriptor): boolean {
  try {
    const { fd, size: stored } = openBlob(directory, digest);
    closeSync(fd);
    return stored === size;
  } catch (error) {
    if (isOciError(error, "unsupported-algorithm", "not-found")) return false;
    throw error;
  }
}
