// SPDX-License-Identifier: MIT
import { closeSync, existsSync } from "node:fs";
import { join } from "node:path";
import type { AbortOptions, Bytes } from "../../bytes/bytes.ts";
import { verify } from "../../bytes/verify.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { isOciError, OciError } from "../../oci/errors.ts";
import { withLimits, type Limits } from "../../oci/limits.ts";
import { fetchVerified } from "../fetch-verified.ts";
import { writing } from "../../files/system-error.ts";
import { makeDirectories } from "../../files/make-directories.ts";
import { readFileBytes } from "../../files/regular-file.ts";
import { hasBlob, openBlob, OWN_PREFIX, settleBlob, writeBlob } from "./layout-blobs.ts";
import { checkLayout, initialiseLayout, LAYOUT_FILE } from "./layout-index.ts";
import { layoutRoots, lockLayout, type LayoutOptions } from "./layout-roots.ts";
import { describeManifest } from "../manifest-type.ts";
import { sweepAbandoned } from "../../files/owned-name.ts";
import { readDocumentBytes } from "../read-documents.ts";
import { findRoot, meansDigest, noSuchRoot } from "./root-entries.ts";
import type { RootedStore } from "../store.ts";

/** An OCI image layout directory (image-spec, image-layout.md) as a content store. */
export interface LayoutStore extends RootedStore {
  readonly directory: string;
}

/** Options of {@link openLayout}. */
export interface OpenLayoutOptions extends LayoutOptions, AbortOptions {
  /** Make the layout where there is nothing, or an empty directory. */
  readonly create?: boolean | undefined;
}

/** What a killed process left is swept at once; what an unknown one left, when it is a day old. */
const ABANDONED_AGE = 24 * 3600_000;

/**
 * Opens a layout directory. Any number of processes may read and write it at once: blobs appear whole
 * under their digests, and edits of `index.json` wait for each other and keep every field and annotation
 * that they do not know. Nothing is kept open: there is nothing to close.
 * @throws OciError `not-found` when there is none, `invalid-layout` when it is something else, or with
 * `create` when the directory holds something else
 */
export async function openLayout(
  directory: string,
  options: OpenLayoutOptions = {},
): Promise<LayoutStore> {
  if (options.create === true) await createLayout(directory, options);
  await checkLayout(directory).catch((error: unknown) => {
    throw isOciError(error, "not-found") ? noLayout(directory, error) : error;
  });
  return layoutStore(directory, options);
}

async function createLayout(directory: string, options: OpenLayoutOptions): Promise<void> {
  if (existsSync(join(directory, LAYOUT_FILE))) return;
  writing(directory, () => makeDirectories(directory));
  await lockLayout(directory, () => initialiseLayout(directory), options);
}

function noLayout(directory: string, cause: OciError): OciError {
  const there = existsSync(directory);
  return new OciError(
    there ? "invalid-layout" : "not-found",
    `${JSON.stringify(directory)}: expected an OCI layout, got ${there ? `a directory without ${LAYOUT_FILE}` : "nothing: no such directory"}`,
    {
      details: { directory },
      cause,
      hint: "A layout is made by `oci-kit copy … oci:DIR` or `oci-kit assemble`.",
    },
  );
}

function layoutStore(directory: string, options: LayoutOptions): LayoutStore {
  const { name = `oci:${directory}` } = options;
  const { entries, tag, capabilities } = layoutRoots(directory, name, options);
  let swept = false;

  const write = (
    bytes: Bytes,
    digest: Digest | undefined,
    abort: AbortOptions | undefined,
  ): Promise<{ digest: Digest; size: number }> => {
    if (!swept) sweepAbandoned(directory, OWN_PREFIX, ABANDONED_AGE);
    swept = true;
    return writeBlob(directory, bytes, digest, abort);
  };

  const store: LayoutStore = {
    name,
    directory,
    capabilities,
    fetch: (descriptor, { offset, signal } = {}) =>
      fetchVerified(descriptor, offset, `${name}: ${descriptor.digest}`, (start) =>
        readBlob(directory, descriptor.digest, start, signal),
      ),
    exists: async (descriptor) => Promise.resolve(hasBlob(directory, descriptor)),
    resolve: async (reference, abort) => {
      const root = findRoot(await entries(), reference, name);
      if (root !== undefined) return root;
      const found =
        meansDigest(reference) && (await describeBlob(store, reference, options.limits, abort));
      if (!found) throw noSuchRoot(reference, name);
      return found;
    },
    push: async (descriptor, source, abort) => {
      if (hasBlob(directory, descriptor)) return settleBlob(directory, descriptor.digest);
      const what = `${name}: ${descriptor.digest}`;
      await write(verify(source.open(abort), descriptor, { what }), descriptor.digest, abort);
    },
    ingest: async (mediaType, bytes, abort) => ({
      mediaType,
      ...(await write(bytes, undefined, abort)),
    }),
    tag,
  };
  return store;
}

async function* readBlob(
  directory: string,
  digest: Digest,
  offset: number,
  signal: AbortSignal | undefined,
): Bytes {
  const { fd } = openBlob(directory, digest);
  try {
    yield* readFileBytes(fd, { offset, signal });
  } finally {
    closeSync(fd);
  }
}

/** What a blob of which only the digest is known is; undefined when it is absent or no manifest. */
async function describeBlob(
  store: LayoutStore,
  digest: Digest,
  limits: Partial<Limits> | undefined,
  abort: AbortOptions | undefined,
): Promise<Descriptor | undefined> {
  try {
    const { fd, size } = openBlob(store.directory, digest);
    closeSync(fd);
    if (size > withLimits(limits).documentBytes) return undefined;
    const descriptor = { mediaType: "", digest, size };
    return describeManifest(
      digest,
      await readDocumentBytes(store, descriptor, { limits, ...abort }),
    );
  } catch (error) {
    if (isOciError(error, "not-found")) return undefined;
    throw error;
  }
}
