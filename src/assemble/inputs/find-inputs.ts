// SPDX-License-Identifier: MIT
import type { DirectoryFilesystem } from "../../disk/directory.ts";
import { openDirectory } from "../../disk/directory.ts";
import { findImage, imagesFor } from "../../image/find-image.ts";
import { listImages } from "../../image/list-images.ts";
import { type OpenReference, openReference } from "../../image/open-reference.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { OciError, isOciError } from "../../oci/errors.ts";
import { isManifestType } from "../../oci/media-types.ts";
import { type Platform, parsePlatform } from "../../oci/platform.ts";
import type { ReadableStore } from "../../store/store.ts";
import { type PlainDirectory, readPlainDirectory } from "./plain-directory.ts";
import { treeCache } from "./tree-cache.ts";
import type { Artifact, DirectoryInput, ImageInput, Recipe } from "../recipe/recipe.ts";
import type { AssembleWarning, InputOptions, InputRecord } from "../assemble-options.ts";

/** An input that was found and whose digest is known. If it is an image, none of its layers has been read yet. */
export type Input = ImageInputFound | DirectoryInputFound;

export interface ImageInputFound {
  readonly kind: "image";
  readonly record: InputRecord;
  readonly opened: OpenReference;
  readonly descriptor: Descriptor;
  /**
   * For an image in a registry: `registry/repository`, without a tag. This may be published; other
   * locations may not.
   */
  readonly published: { readonly reference: string; readonly repository: string } | undefined;
}

export interface DirectoryInputFound {
  readonly kind: "directory";
  readonly record: InputRecord;
  readonly directory: DirectoryFilesystem;
  readonly plain: PlainDirectory;
}

/** All inputs of a recipe. */
export interface Inputs {
  readonly base: ImageInputFound | undefined;
  /** Sorted by name. */
  readonly artifacts: readonly Input[];
  close(): Promise<void>;
}

/**
 * Finds all inputs of a recipe and their digests. The caller closes them.
 * @throws OciError `missing-input`, `wrong-architecture` for the base, `ambiguous`; what the stores throw
 */
export async function findInputs(recipe: Recipe, options: InputOptions): Promise<Inputs> {
  const found: Input[] = [];
  const close = async (): Promise<void> => {
    for (const input of found) await closeInput(input);
  };
  try {
    const base =
      recipe.base === "scratch" ? undefined : await findBase(recipe.base, recipe.platform, options);
    if (base !== undefined) found.push(base);
    const artifacts: Input[] = [];
    for (const name of Object.keys(recipe.artifacts).sort()) {
      const input = await findArtifact(name, recipe.artifacts[name]!, recipe.platform, options);
      found.push(input);
      artifacts.push(input);
    }
    return { base, artifacts, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function closeInput(input: Input): Promise<void> {
  if (input.kind === "directory") input.directory.close();
  else await input.opened.close();
}

function findBase(
  input: ImageInput,
  platform: Platform,
  options: InputOptions,
): Promise<ImageInputFound> {
  return openImage("base", input, options, async (store, root) =>
    findFitting(store, root, input.platform ? parsePlatform(input.platform) : platform, options),
  );
}

function findArtifact(
  name: string,
  artifact: Artifact,
  platform: Platform,
  options: InputOptions,
): Promise<Input> {
  if ("directory" in artifact) return findDirectory(name, artifact, options);
  return openImage(name, artifact, options, async (store, root) => {
    if (artifact.platform !== undefined) {
      return findFitting(store, root, parsePlatform(artifact.platform), options);
    }
    // An artifact contains files for the target, whatever platform it was built on or claims to be for.
    if (isManifestType(root.mediaType)) return root;
    const { images } = await listImages(store, root, options);
    const fits = imagesFor(images, platform).length > 0;
    return findImage(store, root, fits ? platform : undefined, options);
  });
}

/** As `findImage`, but a recipe that names a single image of another platform was checked, and does not hold. */
async function findFitting(
  store: ReadableStore,
  root: Descriptor,
  platform: Platform,
  options: InputOptions,
): Promise<Descriptor> {
  try {
    return await findImage(store, root, platform, options);
  } catch (error) {
    if (!isOciError(error, "not-found") || !isManifestType(root.mediaType)) throw error;
    const { message, details } = error;
    const images: unknown = details["images"];
    if (!Array.isArray(images) || images.length === 0) throw error;
    throw new OciError("wrong-architecture", message, { details, cause: error });
  }
}

async function openImage(
  name: string,
  input: ImageInput,
  options: InputOptions,
  choose: (store: ReadableStore, root: Descriptor) => Promise<Descriptor>,
): Promise<ImageInputFound> {
  const opened = await orMissing(name, input.reference, () =>
    openReference(input.reference, options),
  );
  try {
    const root = await orMissing(name, input.reference, () => opened.root(options));
    const descriptor = await choose(opened.store, root);
    const record: InputRecord = { name, reference: input.reference, digest: descriptor.digest };
    options.onProgress?.({ kind: "input", name, digest: descriptor.digest });
    return { kind: "image", record, opened, descriptor, published: publishedAs(opened) };
  } catch (error) {
    await opened.close();
    throw inContext(error, name, input.reference);
  }
}

function publishedAs(opened: OpenReference): ImageInputFound["published"] {
  if (opened.location.kind !== "registry") return undefined;
  const { registry, repository, tag } = opened.location.reference;
  const name = `${registry}/${repository}`;
  return { repository: name, reference: tag === undefined ? name : `${name}:${tag}` };
}

async function findDirectory(
  name: string,
  input: DirectoryInput,
  options: InputOptions,
): Promise<DirectoryInputFound> {
  const directory = await orMissing(name, input.directory, () =>
    Promise.resolve(openDirectory(input.directory)),
  );
  try {
    const cache = treeCache(options, "directories");
    const plain = await readPlainDirectory(directory, input, { cache, signal: options.signal });
    options.onProgress?.({ kind: "input", name, digest: plain.digest });
    const record = { name, reference: input.directory, digest: plain.digest };
    return { kind: "directory", record, directory, plain };
  } catch (error) {
    directory.close();
    throw error;
  }
}

async function orMissing<T>(name: string, where: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (!isOciError(error, "not-found")) throw inContext(error, name, where);
    throw new OciError("missing-input", `${label(name)} ${where}: ${error.message}`, {
      details: { input: name, reference: where },
      hint: howToGet(where),
      cause: error,
    });
  }
}

function howToGet(where: string): string {
  if (!where.startsWith("oci:")) return "Make or publish it first, or name another in the recipe.";
  return `Save it there first: nerdctl save IMAGE | oci-kit copy docker-archive:- ${where}, or oci-kit copy HOST/REPO:TAG ${where}`;
}

function inContext(error: unknown, name: string, where: string): unknown {
  if (!isOciError(error) || error.code === "missing-input") return error;
  const { code, message, details, hint } = error;
  return new OciError(code, `${label(name)} ${where}: ${message}`, {
    details: { ...details, input: name },
    ...(hint !== undefined && { hint }),
    cause: error,
  });
}

function label(name: string): string {
  return name === "base" ? "base" : `artifact ${name}`;
}

/** The digest of each input, by name; used to make keys. */
export function digestsOf(inputs: Inputs): Readonly<Record<string, Digest>> {
  const all = [...(inputs.base ? [inputs.base] : []), ...inputs.artifacts];
  return Object.fromEntries(all.map(({ record }) => [record.name, record.digest]));
}

/** The warnings about inputs, at most one for each artifact. */
export function warningsOf(inputs: Inputs): AssembleWarning[] {
  return inputs.artifacts.flatMap((input): AssembleWarning[] => {
    const unread = input.kind === "directory" ? input.plain.unread : undefined;
    if (unread === undefined) return [];
    const { name } = input.record;
    const { count, reason } = unread;
    const message = `${label(name)}: extended attributes (file capabilities, ACLs) left out, paths: ${count}, the first: ${reason.message}. ${reason.hint ?? ""} If none are wanted, say xattrs: drop.`;
    return [{ kind: "unread-xattrs", where: name, message }];
  });
}
