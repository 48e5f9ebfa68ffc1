// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../bytes/bytes.ts";
import { readAll } from "../bytes/streams/read-all.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import type { Document } from "../oci/documents/document.ts";
import type { ImageConfig } from "../oci/documents/image-config.ts";
import type { ImageIndex } from "../oci/documents/image-index.ts";
import type { Limits } from "../oci/limits.ts";
import { limitExceeded, withLimits } from "../oci/limits.ts";
import type { Manifest } from "../oci/documents/manifest.ts";
import { parseConfig, parseIndex, parseManifest } from "../oci/documents/parse-documents.ts";
import type { ReadableStore } from "./store.ts";

/** Options of every function that reads a document from a store. */
export interface ReadDocumentOptions extends AbortOptions {
  readonly limits?: Partial<Limits> | undefined;
}

/**
 * Reads all of a manifest, index or config, and verifies it.
 * @throws OciError `limit-exceeded`, before anything is fetched, when the descriptor gives a size above the
 * limit for documents; any error of `fetch`
 */
export async function readDocumentBytes(
  store: ReadableStore,
  descriptor: Descriptor,
  options: ReadDocumentOptions = {},
): Promise<Uint8Array> {
  const { documentBytes } = withLimits(options.limits);
  const what = `${store.name}: ${descriptor.digest}`;
  if (descriptor.size > documentBytes) {
    throw limitExceeded({
      what,
      limit: "documentBytes",
      allowed: documentBytes,
      got: descriptor.size,
      unit: "bytes of a document",
      details: { descriptor },
    });
  }
  return readAll(
    store.fetch(descriptor, { signal: options.signal }),
    documentBytes,
    what,
    "documentBytes",
  );
}

/**
 * Fetches and parses an image manifest.
 * @throws OciError `invalid-manifest`, `limit-exceeded`; any error of `fetch`
 */
export async function readManifest(
  store: ReadableStore,
  descriptor: Descriptor,
  options: ReadDocumentOptions = {},
): Promise<Document<Manifest>> {
  return parseManifest(await readDocumentBytes(store, descriptor, options), descriptor, options);
}

/** Fetches and parses an index. @throws OciError `invalid-index`, `limit-exceeded`; any error of `fetch` */
export async function readIndex(
  store: ReadableStore,
  descriptor: Descriptor,
  options: ReadDocumentOptions = {},
): Promise<Document<ImageIndex>> {
  return parseIndex(await readDocumentBytes(store, descriptor, options), descriptor, options);
}

/**
 * Fetches and parses an image configuration.
 * @throws OciError `invalid-config`, `limit-exceeded`; any error of `fetch`
 */
export async function readConfig(
  store: ReadableStore,
  descriptor: Descriptor,
  options: ReadDocumentOptions = {},
): Promise<Document<ImageConfig>> {
  return parseConfig(await readDocumentBytes(store, descriptor, options), descriptor, options);
}
