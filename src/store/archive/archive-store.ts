// SPDX-License-Identifier: MIT
import { once } from "../../bytes/bytes.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { digestEncoded, knownAlgorithm, type Digest } from "../../oci/digest.ts";
import { isOciError, OciError } from "../../oci/errors.ts";
import { withLimits, type Limits } from "../../oci/limits.ts";
import {
  checkLayoutDocument,
  INDEX_FILE,
  LAYOUT_FILE,
  parseLayoutIndex,
} from "../layout/layout-index.ts";
import { describeManifest } from "../describe-manifest.ts";
import { findHeldRoots, type HeldRoots, type HeldRootsOptions } from "./held-roots.ts";
import type { ArchiveFile, OuterArchive } from "./outer-archive.ts";
import { checkSize, readContent } from "../read-content.ts";
import { readDocumentBytes } from "../read-documents.ts";
import {
  findRoot,
  meansDigest,
  noSuchRoot,
  rootNames,
  type RootEntry,
} from "../layout/root-entries.ts";
import type { ReadableStore } from "../store.ts";

/** An archive that is open for reading. */
export interface ArchiveReader extends ReadableStore {
  /** Closes the file; reads in progress fail. Idempotent. */
  readonly close: () => Promise<void>;
}

/** Where a piece of an archive's content is: made in memory, or in a file of the archive. */
export type Held = Uint8Array | ArchiveFile;

/** Finds content by its digest. Undefined when the archive does not hold it. */
export type Hold = (digest: Digest) => Held | undefined;

/** The content that an archive offers. */
export interface Offer {
  readonly roots: readonly RootEntry[];
  readonly hold: Hold;
  /** Content that the archive names but does not hold. */
  readonly absent?: readonly Descriptor[] | undefined;
}

/** Makes a store of an open archive, whatever its format. */
export function archiveStore(
  archive: OuterArchive,
  { roots, hold, absent = [] }: Offer,
  limits: Partial<Limits> | undefined,
): ArchiveReader {
  const name = archive.where;
  const whatIs = ({ digest }: Descriptor): string => `${name}: ${digest}`;
  const store: ArchiveReader = {
    name,
    capabilities: {
      tags: async () => Promise.resolve(rootNames(roots)),
      roots: async () => Promise.resolve(roots),
      absent: async () => Promise.resolve(absent),
    },
    ...readContent(whatIs, (descriptor, part, abort) => {
      const held = hold(descriptor.digest);
      if (held === undefined) throw noContent(name, descriptor);
      const size = sizeOf(held);
      checkSize(whatIs(descriptor), descriptor, size);
      const { offset, length } = part ?? { offset: 0, length: size };
      if (held instanceof Uint8Array) return once(held.slice(offset, offset + length));
      return archive.read({ ...held, offset: held.offset + offset, size: length }, abort);
    }),
    exists: async ({ digest, size }) => {
      const held = hold(digest);
      return Promise.resolve(held !== undefined && sizeOf(held) === size);
    },
    resolve: async (reference, abort) => {
      const root = findRoot(roots, reference, name);
      if (root !== undefined) return root;
      const held = meansDigest(reference) ? hold(reference) : undefined;
      if (held === undefined || sizeOf(held) > withLimits(limits).documentBytes) {
        throw noSuchRoot(reference, name);
      }
      const descriptor = { mediaType: "", digest: reference as Digest, size: sizeOf(held) };
      const bytes = await readDocumentBytes(store, descriptor, { limits, ...abort });
      const found = describeManifest(descriptor.digest, bytes, limits);
      if (found === undefined) throw noSuchRoot(reference, name);
      return found;
    },
    close: archive.close,
  };
  return store;
}

/** The OCI layout in an archive: the part of what its index.json names that the archive really holds. */
export interface ArchivedLayout extends HeldRoots {
  readonly hold: Hold;
}

/**
 * Reads the OCI layout in an archive.
 * @throws OciError `invalid-layout`, `invalid-index`; `invalid-archive` when there is no layout
 */
export async function readArchivedLayout(
  archive: OuterArchive,
  options: HeldRootsOptions,
): Promise<ArchivedLayout> {
  const { where } = archive;
  const { limits } = options;
  if (!archive.has(LAYOUT_FILE) || !archive.has(INDEX_FILE)) {
    throw new OciError(
      "invalid-archive",
      `${where}: expected an OCI layout, got an archive without ${archive.has(LAYOUT_FILE) ? INDEX_FILE : LAYOUT_FILE}`,
      archive.has("manifest.json") ? { hint: "It looks like docker-archive:FILE." } : {},
    );
  }
  checkLayoutDocument(await archive.readDocument(LAYOUT_FILE), `${where}: ${LAYOUT_FILE}`);
  const index = parseLayoutIndex(
    await archive.readDocument(INDEX_FILE),
    `${where}: ${INDEX_FILE}`,
    limits,
  );
  const hold = (digest: Digest): Held | undefined => {
    const path = `blobs/${knownAlgorithm(digest)}/${digestEncoded(digest)}`;
    return archive.has(path) ? archive.find(path) : undefined;
  };
  const bare = archiveStore(archive, { roots: [], hold }, limits);
  const held = await findHeldRoots(bare, index.manifests, options);
  return { ...held, hold: (digest) => held.made.get(digest) ?? hold(digest) };
}

function sizeOf(held: Held): number {
  return held instanceof Uint8Array ? held.length : held.size;
}

function noContent(name: string, { digest }: Descriptor): OciError {
  return new OciError("not-found", `${name}: expected ${digest}, got no such content`, {
    details: { digest },
  });
}

/** Opens a reader, and closes the archive if that fails. */
export async function closingOnFailure(
  archive: OuterArchive,
  open: () => Promise<ArchiveReader>,
): Promise<ArchiveReader> {
  try {
    return await open();
  } catch (error) {
    await archive.close();
    throw isOciError(error, "not-found") ? missingPart(archive, error) : error;
  }
}

/** The archive exists, so a missing part makes it invalid: the error must not be `not-found`. */
function missingPart({ where }: OuterArchive, cause: OciError): OciError {
  return new OciError("invalid-archive", `${where}: it is not complete: ${cause.message}`, {
    cause,
  });
}
