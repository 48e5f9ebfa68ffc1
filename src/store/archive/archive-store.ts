// SPDX-License-Identifier: MIT
import { once, type Bytes } from "../../bytes/bytes.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { digestEncoded, isDigest, knownAlgorithm, type Digest } from "../../oci/digest.ts";
import { isOciError, OciError } from "../../oci/errors.ts";
import { withLimits, type Limits } from "../../oci/limits.ts";
import { fetchVerified } from "../fetch-verified.ts";
import {
  checkLayoutDocument,
  INDEX_FILE,
  LAYOUT_FILE,
  parseLayoutIndex,
} from "../layout/layout-index.ts";
import { describeManifest } from "../manifest-type.ts";
import type { ArchiveFile, OuterArchive } from "./outer-archive.ts";
import { readDocumentBytes } from "../read-documents.ts";
import { findRoot, noSuchRoot, rootNames, type RootEntry } from "../layout/root-entries.ts";
import type { ReadableStore } from "../store.ts";

/** An archive opened for reading. */
export interface ArchiveReader extends ReadableStore {
  /** Frees the file; what is still being read fails. Idempotent. */
  readonly close: () => Promise<void>;
}

/** Where an archive has some content: made in memory, or in one of its files. */
export type Held = Uint8Array | ArchiveFile;

/** A store over an archive, whatever its form. */
export function archiveStore(
  archive: OuterArchive,
  roots: readonly RootEntry[],
  hold: (digest: Digest) => Held | undefined,
  limits: Partial<Limits> | undefined,
): ArchiveReader {
  const name = archive.where;
  const store: ArchiveReader = {
    name,
    capabilities: {
      tags: async () => Promise.resolve(rootNames(roots)),
      roots: async () => Promise.resolve(roots),
    },
    fetch: (descriptor, { offset, signal } = {}) =>
      fetchVerified(descriptor, offset, `${name}: ${descriptor.digest}`, (start): Bytes => {
        const held = hold(descriptor.digest);
        if (held === undefined) throw noContent(name, descriptor);
        if (held instanceof Uint8Array) return once(held.slice(start));
        if (start > held.size) return once(new Uint8Array());
        return archive.read(held, { offset: start, ...(signal && { signal }) });
      }),
    exists: async ({ digest, size }) => {
      const held = hold(digest);
      return Promise.resolve(held !== undefined && sizeOf(held) === size);
    },
    resolve: async (reference, abort) => {
      const root = findRoot(roots, reference, name);
      if (root !== undefined) return root;
      const held = isDigest(reference) ? hold(reference) : undefined;
      if (held === undefined || sizeOf(held) > withLimits(limits).documentBytes) {
        throw noSuchRoot(reference, name);
      }
      const descriptor = { mediaType: "", digest: reference as Digest, size: sizeOf(held) };
      const bytes = await readDocumentBytes(store, descriptor, { limits, ...abort });
      const found = describeManifest(descriptor.digest, bytes);
      if (found === undefined) throw noSuchRoot(reference, name);
      return found;
    },
    close: archive.close,
  };
  return store;
}

/**
 * The OCI layout in an archive.
 * @throws OciError `invalid-layout`, `invalid-index`; `invalid-archive` when there is none
 */
export async function archivedLayout(
  archive: OuterArchive,
  limits: Partial<Limits> | undefined,
): Promise<ArchiveReader> {
  const { where } = archive;
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
  return archiveStore(archive, index.manifests, hold, limits);
}

function sizeOf(held: Held): number {
  return held instanceof Uint8Array ? held.length : held.size;
}

function noContent(name: string, { digest }: Descriptor): OciError {
  return new OciError("not-found", `${name}: expected ${digest}, got no such content`, {
    details: { digest },
  });
}

/** Opens a reader, and closes the archive when that fails. */
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

/** The archive is there: what is missing in it makes it invalid, not absent. */
function missingPart({ where }: OuterArchive, cause: OciError): OciError {
  return new OciError("invalid-archive", `${where}: it is not complete: ${cause.message}`, {
    cause,
  });
}
