// SPDX-License-Identifier: MIT
import { closeSync, existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { AbortOptions, Bytes } from "../../bytes/bytes.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { knownAlgorithm, type Digest } from "../../oci/digest.ts";
import { isOciError, OciError } from "../../oci/errors.ts";
import { withLimits, type Limits } from "../../oci/limits.ts";
import { writing } from "../../files/system-error.ts";
import { findBrokenLink } from "../../files/links/broken-link.ts";
import { makeDirectories } from "../../files/make-directories.ts";
import { readFileBytes } from "../../files/regular-file.ts";
import { hasBlob, openBlob, OWN_PREFIX, settleBlob } from "./layout-blobs.ts";
import {
  checkFree,
  checkLayout,
  initialiseLayout,
  LAYOUT_FILE,
  readLayoutIndex,
} from "./layout-index.ts";
import { layoutRoots, lockLayout, type LayoutOptions } from "./layout-roots.ts";
import { layoutUploads, uploadOf, type LayoutUploads } from "./layout-uploads.ts";
import { describeManifest } from "../describe-manifest.ts";
import { ownedName } from "../../files/owned-name.ts";
import { storeResumably } from "./partial-blobs.ts";
import { sweepTemporary } from "./sweep-temporary.ts";
import { checkSize, readContent, type Part } from "../read-content.ts";
import { readDocumentBytes } from "../read-documents.ts";
import { findRoot, meansDigest, noSuchRoot } from "./root-entries.ts";
import type { ContentStore, RootedStore, StoreCapabilities } from "../store.ts";
import { completeOrCancel } from "../upload.ts";
import { createBlob, type UnfinishedBlob } from "./unfinished-blob.ts";

/** An OCI image layout directory (image-spec, image-layout.md) as a content store. */
export interface LayoutStore extends RootedStore {
  readonly directory: string;
  readonly capabilities: Omit<RootedStore["capabilities"], "uploads"> &
    Required<Pick<StoreCapabilities, "replace">> & { readonly uploads: LayoutUploads };
}

/** Options of {@link openLayout}. */
export interface OpenLayoutOptions extends LayoutOptions, AbortOptions {
  /** Make the layout if the path does not exist or is an empty directory. */
  readonly create?: boolean | undefined;
}

const INGEST = `${OWN_PREFIX}ingest`;
/**
 * In milliseconds. Leftovers of a process known to be dead are swept at once; those of an unknown process, and what
 * somebody may go on with, at this age.
 */
const ABANDONED_AGE = 24 * 3600_000;

/**
 * Opens a layout directory. Any number of processes may read and write it at the same time: a blob appears
 * complete under its digest, and edits of `index.json` wait for each other and keep every field and
 * annotation that they do not know. Nothing is kept open, so there is nothing to close.
 * @throws OciError `not-found` when the directory is missing, `invalid-layout` when it is not a layout (with
 * `create`: when it is neither a layout nor empty)
 */
export async function openLayout(
  directory: string,
  options: OpenLayoutOptions = {},
): Promise<LayoutStore> {
  if (options.create === true) await createLayout(directory, options);
  await checkLayout(directory).catch((error: unknown) => {
    throw isOciError(error, "not-found") ? noLayout(directory, error) : error;
  });
  // who writes has to change the list in the end: if it can't be read, they learn so before anything is sent
  if (options.create === true) await readLayoutIndex(directory, options.limits);
  return layoutStore(directory, options);
}

async function createLayout(directory: string, options: OpenLayoutOptions): Promise<void> {
  if (existsSync(join(directory, LAYOUT_FILE))) return;
  const there = statSync(directory, { throwIfNoEntry: false });
  if (there?.isDirectory() === false) {
    const got = there.isFile() ? "a file" : "a device or a pipe";
    throw new OciError(
      "unwritable",
      `${JSON.stringify(directory)}: expected an OCI layout, which is a directory, got ${got}`,
      { details: { directory }, hint: "Name a directory; an archive is oci-archive:FILE" },
    );
  }
  writing(directory, () => makeDirectories(directory));
  checkFree(directory); // before the lock, which changes the time of a directory that is not ours
  await lockLayout(directory, () => initialiseLayout(directory), options);
}

function noLayout(directory: string, cause: OciError): OciError {
  const there = existsSync(directory);
  const link = there ? undefined : findBrokenLink(directory);
  const got = there
    ? `a directory without ${LAYOUT_FILE}`
    : (link?.words ?? "nothing: no such directory");
  return new OciError(
    there ? "invalid-layout" : "not-found",
    `${JSON.stringify(directory)}: expected an OCI layout, got ${got}`,
    { details: { directory }, cause, hint: link?.hint ?? layoutHint(directory, there) },
  );
}

/** What to try where there is no layout. */
function layoutHint(directory: string, there: boolean): string {
  const [before = "", ...tag] = directory.split(":");
  if (!there && tag.length > 0 && existsSync(join(before, LAYOUT_FILE))) {
    return `A path has no tag. With its scheme it has one: oci:${directory}`;
  }
  if (there && readdirSync(directory).length > 0) {
    return `Of a root filesystem, oci-kit pack ${directory} REF makes an image; what looks into one takes dir:${directory}.`;
  }
  return "A layout is made by `oci-kit copy … oci:DIR` or `oci-kit assemble`.";
}

function layoutStore(directory: string, options: LayoutOptions): LayoutStore {
  const { name = `oci:${directory}` } = options;
  const { entries, tag, capabilities } = layoutRoots(directory, name, options);
  let swept = false;

  const sweep = (): void => {
    if (!swept) sweepTemporary(directory, ABANDONED_AGE);
    swept = true;
  };
  const newBlob = (): UnfinishedBlob => {
    sweep();
    return createBlob(directory, ownedName(INGEST));
  };
  const whatIs = ({ digest }: Descriptor): string => `${name}: ${digest}`;

  const replace: ContentStore["push"] = async (descriptor, source, abort) => {
    const algorithm = knownAlgorithm(descriptor.digest);
    const upload = uploadOf(newBlob(), "");
    upload.hashWith(algorithm);
    await completeOrCancel(upload, descriptor, source, abort);
  };

  const store: LayoutStore = {
    name,
    directory,
    capabilities: { ...capabilities, replace, uploads: layoutUploads(directory, name, sweep) },
    ...readContent(whatIs, (descriptor, part, abort) =>
      readBlob(directory, descriptor, part, { what: whatIs(descriptor), ...abort }),
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
      sweep();
      await storeResumably(directory, descriptor, source, abort ?? {});
    },
    ingest: async (mediaType, bytes, abort) => {
      const blob = newBlob();
      try {
        await blob.append(bytes, undefined, abort);
        return { mediaType, ...(await blob.finish()) };
      } catch (error) {
        blob.discard();
        throw error;
      }
    },
    tag,
  };
  return store;
}

function readBlob(
  directory: string,
  descriptor: Descriptor,
  part: Part | undefined,
  { what, signal }: AbortOptions & { readonly what: string },
): Bytes {
  const { fd, size } = openBlob(directory, descriptor.digest);
  try {
    checkSize(what, descriptor, size);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return readFileBytes(fd, { ...part, signal, isOwned: true });
}

/** Describes a blob of which only the digest is known. Undefined when it is absent or not a manifest. */
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
      limits,
    );
  } catch (error) {
    if (isOciError(error, "not-found")) return undefined;
    throw error;
  }
}
