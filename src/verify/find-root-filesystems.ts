// SPDX-License-Identifier: MIT
import { throwIfAborted } from "../bytes/abort.ts";
import { existsSync, readFileSync, readdirSync, statSync, type Dirent } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fromText } from "../bytes/byte-string.ts";
import type { AbortOptions } from "../bytes/bytes.ts";
import { unreadable } from "../disk/directory-walk.ts";
import { findBrokenLink } from "../files/links/broken-link.ts";
import { reading } from "../files/system-error.ts";
import { isLayout } from "../disk/open-root-filesystem.ts";
import { listImages } from "../image/list-images.ts";
import type { Location } from "../image/location.ts";
import { openReference, type OpenOptions } from "../image/open-reference.ts";
import type { Descriptor } from "../oci/documents/descriptor.ts";
import { OciError } from "../oci/errors.ts";
import { isElfArchitecture } from "../elf/elf-header.ts";
import { parsePlatform } from "../oci/platform.ts";

/** A root filesystem found on disk. */
export interface FoundRoot {
  /** The argument for `openRootFilesystem`. */
  readonly location: Location;
  /**
   * The architectures that its surroundings claim: the name of a directory, or an `artifact.env`. The image's
   * configuration is not among them.
   */
  readonly claims: readonly ArchitectureClaim[];
}

/** What something outside a root filesystem says about its architecture. */
export interface ArchitectureClaim {
  readonly architecture: string;
  /** Where the claim comes from, for messages: `the directory's name arm64`. */
  readonly by: string;
}

/** Directories of which every root filesystem has at least one. */
const USUAL = ["usr", "bin", "etc", "opt", "lib"];

/**
 * Finds every root filesystem at or below a path: each image of each OCI image layout, each directory named
 * `rootfs`, and the path itself if it looks like one. They are sorted by path. Symbolic links are not
 * followed, and what was found is not searched further.
 * @throws OciError `not-found`, `unreadable`, `invalid-layout`
 */
export async function findRootFilesystems(
  path: string,
  options: AbortOptions = {},
): Promise<readonly FoundRoot[]> {
  const stats = reading(path, () => statSync(path, { throwIfNoEntry: false }));
  if (stats?.isDirectory() !== true) {
    const { words = stats === undefined ? "nothing" : "a file" } = findBrokenLink(path) ?? {};
    throw new OciError(
      "not-found",
      `${path}: expected a directory with root filesystems, got ${words}`,
      {
        hint: "Assemble the images first (oci-kit assemble), or name a layout, a rootfs directory or a reference.",
      },
    );
  }
  const found: FoundRoot[] = [];
  const pending = [path];
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    throwIfAborted(options.signal, directory);
    if (await isLayout(directory)) {
      found.push(...(await findInLayout(directory, options)));
    } else if (isRootfs(directory, directory === path)) {
      found.push({ location: { kind: "dir", directory }, claims: claimsAround(directory) });
    } else {
      pending.push(...listDirectories(directory).reverse());
    }
  }
  return found;
}

/** Every image of a layout. The name of the layout's directory is a claim about each. */
async function findInLayout(
  directory: string,
  options: OpenOptions,
): Promise<readonly FoundRoot[]> {
  const claims = claimOfName(directory);
  const images = await listLocations({ kind: "oci", directory }, options);
  return images.map((location) => ({ location, claims }));
}

/**
 * Lists the images at a location in a layout or a registry by their digests: all images of an index, and all
 * of a layout if neither tag nor digest is given.
 * @throws OciError what opening and reading throw
 */
export async function listLocations(
  location: Location,
  options: OpenOptions = {},
): Promise<readonly Location[]> {
  const opened = await openReference(location, options);
  const { store, reference } = opened;
  try {
    const roots =
      reference === undefined && store.capabilities.roots !== undefined
        ? await store.capabilities.roots(options)
        : [await opened.root(options)];
    const digests = new Set<Descriptor["digest"]>();
    for (const descriptor of roots) {
      const { images } = await listImages(store, descriptor, options);
      for (const { digest } of images) digests.add(digest);
    }
    return [...digests].map((digest) => withDigest(location, digest));
  } finally {
    await opened.close();
  }
}

function withDigest(location: Location, digest: Descriptor["digest"]): Location {
  switch (location.kind) {
    case "registry":
      return { kind: "registry", reference: { ...location.reference, digest } };
    case "oci":
      return { ...location, digest };
    default:
      throw new OciError(
        "invalid-argument",
        `expected a layout or a registry, got ${location.kind}`,
      );
  }
}

function isRootfs(directory: string, isStart: boolean): boolean {
  if (basename(resolve(directory)) === "rootfs") return true;
  return isStart && listEntries(directory).some(({ name }) => USUAL.includes(name));
}

function listDirectories(directory: string): string[] {
  const directories = listEntries(directory).filter((entry) => entry.isDirectory());
  return directories.map(({ name }) => join(directory, name)).sort();
}

function listEntries(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    throw unreadable(directory, fromText("/"), error);
  }
}

/**
 * The claims around a `rootfs` directory: an `artifact.env` beside it, and the name of the directory that
 * holds both.
 */
function claimsAround(rootfs: string): readonly ArchitectureClaim[] {
  const around = dirname(resolve(rootfs));
  return [...claimOfFile(join(around, "artifact.env")), ...claimOfName(around)];
}

function claimOfFile(file: string): readonly ArchitectureClaim[] {
  if (!existsSync(file)) return [];
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw unreadable(dirname(file), fromText(`/${basename(file)}`), error);
  }
  const [, value] = /^(?:export\s+)?TARGET_ARCH=["']?([\w./-]+)["']?\s*$/m.exec(text) ?? [];
  return value === undefined ? [] : [{ architecture: parsePlatform(value).architecture, by: file }];
}

/**
 * The architecture that a name claims: `arm64`, `package-arm64` and `aarch64` claim arm64; most names claim
 * nothing.
 */
function claimOfName(directory: string): readonly ArchitectureClaim[] {
  const name = basename(resolve(directory));
  const [word] = /\w{1,16}$/.exec(name) ?? [];
  if (word === undefined || (word !== name && !name.endsWith(`-${word}`))) return [];
  const { architecture } = parsePlatform(`linux/${word}`);
  if (!isElfArchitecture(architecture)) return [];
  return [{ architecture, by: `the directory's name ${JSON.stringify(name)}` }];
}
