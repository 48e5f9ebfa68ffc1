// SPDX-License-Identifier: MIT
import { statSync } from "node:fs";
import type { AbortOptions } from "../bytes/bytes.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { isOciError, OciError } from "../oci/errors.ts";
import type { Limits } from "../oci/limits.ts";
import type { Reference } from "../oci/reference.ts";
import type { RegistryOptions } from "../registry/repository.ts";
import type { ArchiveReader } from "../store/archive/archive-store.ts";
import type { ArchiveWriter } from "../store/archive/archive-writer.ts";
import { openFreshLayout } from "../store/layout/fresh-layout.ts";
import { openLayout } from "../store/layout/layout.ts";
import type { ContentStore, ReadableStore } from "../store/store.ts";
import { type Location, formatLocation, hubHint, parseLocation } from "./location.ts";
import { onlyRoot } from "./only-root.ts";

/** How registries are reached, and how much is read. */
export interface OpenOptions extends AbortOptions {
  readonly registry?: RegistryOptions | undefined;
  readonly limits?: Partial<Limits> | undefined;
}

/** A store, and what in it is meant. */
export interface OpenReference {
  readonly location: Location;
  readonly store: ReadableStore;
  /** The digest or tag named; undefined when the location names none. */
  readonly reference: string | undefined;
  /**
   * The manifest or index that is meant: what the digest or the tag names; else a registry's `latest`,
   * or the only root of a layout or an archive.
   * @throws OciError `not-found`; `ambiguous` with the roots listed
   */
  root(options?: AbortOptions): Promise<Descriptor>;
  /** Frees the archive's file. Idempotent. */
  close(): Promise<void>;
}

/** A store to write to, and the tag to set. */
export interface OpenTarget {
  readonly location: Location;
  readonly store: ContentStore;
  readonly tag: string | undefined;
  /** Completes an archive: before this it is not there. Idempotent. */
  close(): Promise<void>;
  /**
   * Gives up: an archive will not be there, nor a layout that was made by opening and that nothing was
   * put into. Idempotent, and nothing after {@link OpenTarget.close}.
   */
  discard(): Promise<void>;
}

/**
 * Opens the store that a location names, for reading. A bare path is taken for a layout directory.
 * The caller closes it.
 * @throws OciError `invalid-reference`, `not-found`, `invalid-layout`, `invalid-archive`;
 * `invalid-argument` for a plain root filesystem, which is no image
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

/** A layout; for what is none, the hint says what the text can have meant. */
async function openLayoutAt(directory: string, options: OpenOptions): Promise<ReadableStore> {
  try {
    return await openLayout(directory, options);
  } catch (error) {
    if (!isOciError(error, "not-found", "unreadable", "invalid-layout")) throw error;
    const isFile = statSync(directory, { throwIfNoEntry: false })?.isFile() === true;
    const hint = isFile
      ? `A file is an archive: oci-archive:${directory} or docker-archive:${directory}`
      : error.code === "not-found"
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
      return stayOpen(await openRegistry(location.reference, options));
    case "oci":
      return stayOpen(await openLayoutAt(location.directory, options));
    case "path":
      return stayOpen(await openLayoutAt(location.path, options));
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
 * Opens the store that a location names, for writing; a layout or an archive is made when it is not
 * there. The caller closes it.
 * @throws OciError `invalid-argument` for a digest, which follows from what is written, and for a plain
 * root filesystem; what opening throws
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
      return writtenAtOnce(await openRegistry(location.reference, options));
    case "oci":
      return createLayout(location.directory, options);
    case "path":
      return createLayout(location.path, options);
    case "oci-archive": {
      const { createOciArchive } = await import("../store/archive/oci-archive.ts");
      return writtenAtClose(await createOciArchive(location.file, options));
    }
    case "docker-archive": {
      const { createDockerArchive } = await import("../store/archive/docker-archive.ts");
      return writtenAtClose(await createDockerArchive(location.file, options));
    }
    case "dir":
      throw noImage(location, "written");
  }
}

/** Loads the registry client only where a registry is meant: it takes 17 MB of memory. */
async function openRegistry(reference: Reference, options: OpenOptions): Promise<ContentStore> {
  const { openRepository } = await import("../registry/repository.ts");
  return openRepository(reference, options.registry);
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

async function createLayout(directory: string, options: OpenOptions): Promise<CreatedStore> {
  const { store, discard } = await openFreshLayout(directory, options);
  return { store, close: () => Promise.resolve(), discard };
}

function writtenAtClose(store: ArchiveWriter): CreatedStore {
  return { store, close: () => store.close(), discard: () => store.discard() };
}

function noImage(location: Location, verb: string): OciError {
  return new OciError(
    "invalid-argument",
    `${formatLocation(location)}: expected an image: a plain root filesystem can't be ${verb} as one`,
    {
      hint: "A directory can be an artifact of oci-kit assemble, and oci-kit verify-links looks into it.",
    },
  );
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
