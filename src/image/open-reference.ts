// SPDX-License-Identifier: MIT
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { AbortOptions } from "../bytes/bytes.ts";
import type { Digest } from "../oci/digest.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { isOciError, OciError } from "../oci/errors.ts";
import type { Limits } from "../oci/limits.ts";
import type { Reference } from "../oci/reference.ts";
import type { RegistryOptions } from "../registry/repository.ts";
import type { ArchiveReader } from "../store/archive/archive-store.ts";
import type { ArchiveWriter } from "../store/archive/archive-writer.ts";
import type { SpoolProgress } from "../files/seekable-file.ts";
import { openFreshLayout, type DiscardOptions } from "../store/layout/fresh-layout.ts";
import { REPOSITORIES } from "../store/layout/layout-blobs.ts";
import { openLayout, type LayoutStore } from "../store/layout/layout.ts";
import { checkRootName, isNameless } from "../store/layout/root-entries.ts";
import type { ContentStore, ReadableStore } from "../store/store.ts";
import { type Location, formatLocation, hubHint, parseLocation } from "./location.ts";
import { mainRoots, onlyRoot } from "./only-root.ts";

/** How to connect to registries, and limits on what is read. */
export interface OpenOptions extends AbortOptions {
  readonly registry?: RegistryOptions | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** Whether an archive that exists is replaced when it is opened for writing. Default: it is refused. */
  readonly replace?: boolean | undefined;
  /** Where an archive that is compressed or comes through a pipe is kept meanwhile. Default: in the cache directory. */
  readonly spoolDirectory?: string | undefined;
  /** Told how much room that takes. Never awaited. */
  readonly onSpool?: ((event: SpoolProgress) => void) | undefined;
}

/** An open store, with the image or index that a reference means. */
export interface OpenReference {
  readonly location: Location;
  readonly store: ReadableStore;
  /** The digest or tag of the reference; undefined when it has none. */
  readonly reference: string | undefined;
  /**
   * Finds the manifest or index: the one with the digest or tag; without either, a registry's `latest`, or
   * the only root of a layout or an archive.
   * @throws OciError `not-found`; `ambiguous` with the roots listed
   */
  root(options?: AbortOptions): Promise<Descriptor>;
  /** Closes the store. Idempotent. */
  close(): Promise<void>;
}

/** A store to write to, and the tag to set. */
export interface OpenTarget {
  readonly location: Location;
  readonly store: ContentStore;
  readonly tag: string | undefined;
  /** Completes an archive, which is not there before. Idempotent. */
  close(): Promise<void>;
  /**
   * Closes without a result: no archive appears, and a layout that was newly made is removed if it is still
   * empty, or with `whole` if nothing in it has a name. Idempotent; does nothing after {@link
   * OpenTarget.close}.
   */
  discard(options?: DiscardOptions): Promise<void>;
}

/**
 * Opens the store of a location for reading. A bare path is taken for a layout directory. The caller closes
 * it.
 * @throws OciError `invalid-reference`, `not-found`, `invalid-layout`, `invalid-archive`; `invalid-argument`
 *   for a plain root filesystem, which is not an image
 */
export async function openReference(
  from: Location | string,
  options: OpenOptions = {},
): Promise<OpenReference> {
  const location = typeof from === "string" ? parseLocation(from) : from;
  const { store, close } = await openStore(location, options);
  const reference = namedBy(location);
  const root = (abort?: AbortOptions): Promise<Descriptor> =>
    reference === undefined && location.kind !== "registry"
      ? onlyRoot(store, abort)
      : store.resolve(reference ?? "latest", abort);
  return { location, store, reference, root, close };
}

// Archives and registries are loaded where they are meant: reading a small layout took half as long again with them.

/**
 * A layout; for what is none, the hint says what the text can have meant.
 * @param isBare nothing said that it is a layout, so that it can be a name of Docker Hub
 */
async function openLayoutAt(
  directory: string,
  isBare: boolean,
  options: OpenOptions,
): Promise<ReadableStore> {
  try {
    const layout = await openLayout(directory, options);
    if (!existsSync(join(directory, REPOSITORIES))) return layout;
    // Only a registry's has tags beyond its index.json.
    const { withFiledTags } = await import("../store/repositories/filed-tags.ts");
    return withFiledTags(layout);
  } catch (error) {
    if (!isOciError(error, "not-found", "unreadable", "invalid-layout")) throw error;
    const isFile = existsSync(directory) && statSync(directory).isFile();
    const hint = isFile
      ? `A file is an archive: oci-archive:${directory} or docker-archive:${directory}`
      : isBare && error.code === "not-found"
        ? hubHint(directory)
        : undefined;
    if (hint === undefined) throw error;
    const message = isFile
      ? `${JSON.stringify(directory)}: expected an OCI layout, which is a directory, got a file`
      : error.message;
    const code = isFile ? "invalid-layout" : error.code;
    throw new OciError(code, message, { hint, details: error.details, cause: error });
  }
}

type OpenStore = Pick<OpenReference, "store" | "close">;
type CreatedStore = Pick<OpenTarget, "store" | "close" | "discard">;

async function openStore(location: Location, options: OpenOptions): Promise<OpenStore> {
  switch (location.kind) {
    case "registry":
      return stayOpen(await openRegistry(location.reference, "read", options));
    case "oci":
      return stayOpen(await openLayoutAt(location.directory, false, options));
    case "path":
      return stayOpen(await openLayoutAt(location.path, true, options));
    case "oci-archive": {
      const { openOciArchive } = await import("../store/archive/oci-archive.ts");
      return closing(await openOciArchive(location.file, options));
    }
    case "docker-archive": {
      const { openDockerArchive } = await import("../store/archive/docker-archive.ts");
      return closing(await openDockerArchive(location.file, options));
    }
    case "dir":
      throw noImage(location, "read");
  }
}

/**
 * Opens the store of a location for writing, and makes a layout or an archive if there is none. If a layout
 * holds only one image without a tag, an image that is written without a tag replaces it. The caller closes
 * the store.
 * @throws OciError `invalid-argument` for a location with a digest, since the digest depends on what is
 *   written, and for a plain root filesystem; `already-exists` for an archive that is there, without `replace`;
 *   what opening throws
 */
export async function openTarget(
  to: Location | string,
  options: OpenOptions = {},
): Promise<OpenTarget> {
  const location = typeof to === "string" ? parseLocation(to) : to;
  const digest = digestNamedBy(location);
  if (digest !== undefined) {
    throw new OciError(
      "invalid-argument",
      `${formatLocation(location)}: expected a target without a digest: it follows from what is written`,
      { details: { digest } },
    );
  }
  return { location, tag: namedBy(location), ...(await createStore(location, options)) };
}

async function createStore(location: Location, options: OpenOptions): Promise<CreatedStore> {
  switch (location.kind) {
    case "registry":
      return writtenAtOnce(await openRegistry(location.reference, "write", options));
    case "oci":
      if (location.tag !== undefined) checkRootName(location.tag);
      return createLayout(location.directory, location.tag, options);
    case "path":
      refuseTagOfPath(location.path);
      return createLayout(location.path, undefined, options);
    case "oci-archive": {
      if (location.tag !== undefined) checkRootName(location.tag);
      const { createOciArchive } = await import("../store/archive/oci-archive.ts");
      return writtenAtClose(await createOciArchive(location.file, options));
    }
    case "docker-archive": {
      const { checkDockerName, createDockerArchive } =
        await import("../store/archive/docker-archive.ts");
      if (location.tag !== undefined) checkDockerName(location.tag, formatLocation(location));
      return writtenAtClose(await createDockerArchive(location.file, options));
    }
    case "dir":
      throw noImage(location, "written");
  }
}

/** The registry client is loaded only when it is needed, since it takes 17 MB of memory. */
async function openRegistry(
  reference: Reference,
  access: "read" | "write",
  options: OpenOptions,
): Promise<ContentStore> {
  const { openByRules } = await import("../registry/mirrors/open-by-rules.ts");
  return openByRules(reference, access, options.registry);
}

function stayOpen(store: ReadableStore): OpenStore {
  return { store, close: () => Promise.resolve() };
}

function closing(store: ArchiveReader): OpenStore {
  return { store, close: () => store.close() };
}

function writtenAtOnce(store: ContentStore): CreatedStore {
  return { store, close: () => Promise.resolve(), discard: () => Promise.resolve() };
}

async function createLayout(
  directory: string,
  tag: string | undefined,
  options: OpenOptions,
): Promise<CreatedStore> {
  const { store, discard } = await openFreshLayout(directory, options);
  const refreshed = tag === undefined ? await refreshedRoot(store, options) : undefined;
  return { store: refreshed ?? store, close: () => Promise.resolve(), discard };
}

/**
 * A layout that holds nothing but one image without a tag (and what refers to it) is that image: the next one
 * without a tag takes its place. Undefined for any other layout.
 */
async function refreshedRoot(
  store: LayoutStore,
  options: OpenOptions,
): Promise<LayoutStore | undefined> {
  const [only, ...others] = await mainRoots(
    store,
    await store.capabilities.roots(options),
    options,
  );
  if (only === undefined || others.length > 0 || !isNameless(only)) return undefined;
  const { addRoot } = store.capabilities;
  let inPlaceOf: Digest | undefined = only.digest;
  return {
    ...store,
    capabilities: {
      ...store.capabilities,
      // only the first takes its place: what is added later refers to that
      addRoot: async (descriptor, abort) => {
        const replaced = inPlaceOf;
        inPlaceOf = undefined;
        await addRoot(descriptor, { ...abort, inPlaceOf: replaced });
      },
    },
  };
}

function writtenAtClose(store: ArchiveWriter): CreatedStore {
  return { store, close: () => store.close(), discard: () => store.discard() };
}

function noImage(location: Location, verb: string): OciError {
  return new OciError(
    "invalid-argument",
    `${formatLocation(location)}: expected an image: a plain root filesystem can't be ${verb} as one`,
    {
      hint:
        verb === "read"
          ? "oci-kit pack DIR REF makes an image of a directory; ls, find, cat, diff and verify look into one."
          : "oci-kit unpack REF DIR writes a root filesystem; an image layout is oci:DIR.",
    },
  );
}

/** Refuses to make `./image:1`, a directory that no reference could name afterwards. */
function refuseTagOfPath(path: string): void {
  if (!path.includes(":") || existsSync(path)) return;
  throw new OciError("invalid-reference", `${JSON.stringify(path)}: a path has no tag`, {
    details: { reference: path },
    hint: `With its scheme it has one: oci:${path}`,
  });
}

function digestNamedBy(location: Location): string | undefined {
  if (location.kind === "registry") return location.reference.digest;
  return location.kind === "oci" ? location.digest : undefined;
}

function namedBy(location: Location): string | undefined {
  switch (location.kind) {
    case "registry":
      return location.reference.digest ?? location.reference.tag;
    case "oci":
      return location.digest ?? location.tag;
    case "oci-archive":
    case "docker-archive":
      return location.tag;
    case "dir":
    case "path":
      return undefined;
  }
}
