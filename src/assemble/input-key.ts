// SPDX-License-Identifier: MIT
import { fromBytes } from "../bytes/byte-string.ts";
import { digestBytes } from "../bytes/hash.ts";
import type { Digest } from "../oci/digest.ts";
import type { Manifest } from "../oci/documents/manifest.ts";
import type { StoredLayer } from "../store/layer-output.ts";
import { type ErrorCode, isOciError, OciError } from "../oci/errors.ts";
import { formatPlatform } from "../oci/platform.ts";
import { type Inputs, digestsOf, findInputs } from "./inputs/find-inputs.ts";
import { LAYER_FORMAT } from "./layers/layer-key.ts";
import type { Recipe } from "./recipe/recipe.ts";
import { AnnotationKey } from "../oci/annotations.ts";
import type { AssembleWarning, MakeOptions } from "./assemble-options.ts";

const RUN_ID_LENGTH = 32;

/** Changes whenever a manifest made of the same inputs would say something else. */
const MANIFEST_FORMAT = `${LAYER_FORMAT}, manifest 4`;

/** Errors that say an input does not exist for an architecture. Any other error leaves that unknown. */
const ABSENT: readonly ErrorCode[] = ["missing-input", "not-found", "wrong-architecture"];

/**
 * Identifies an image before it is made: a digest over the recipe, the digests of its inputs and every
 * option that affects its bytes. Where the inputs are located does not matter, except for the published
 * name of an input image, which may be recorded in the new image.
 */
export function inputKey(
  recipe: Recipe,
  inputs: Inputs,
  runId: string,
  options: MakeOptions,
): Digest {
  const { compression, level, sourceDateEpoch, trustTables, layerBytes } = options;
  const isSplit = recipe.layers.some(({ split }) => split !== undefined);
  const published = [inputs.base, ...inputs.artifacts].map(
    (input) => input?.kind === "image" && input.published,
  );
  return digestOfValue({
    format: MANIFEST_FORMAT,
    recipe: contentOf(recipe),
    inputs: digestsOf(inputs),
    published,
    runId,
    compression: compression ?? "any",
    level: wordOfLevel(level),
    sourceDateEpoch,
    // What was made by trust is not up to date for who does not trust.
    ...(trustTables === true && { trustTables }),
    ...(isSplit && layerBytes !== undefined && { layerBytes }),
  });
}

/** The level as keys have it: `auto` for one that is found, as it may be another the next time. */
export function wordOfLevel(level: MakeOptions["level"]): number | "auto" | undefined {
  return typeof level === "function" ? "auto" : level;
}

/**
 * The note put on a manifest that was made under a key: a digest over the key and everything else in the
 * manifest. Changing the image, with whatever tool, makes the note invalid.
 */
export function imageNote(key: Digest, manifest: Manifest): Digest {
  const others = Object.entries(manifest.annotations ?? {}).filter(
    ([name]) => name !== AnnotationKey.inputKey,
  );
  return digestOfValue({ key, manifest: { ...manifest, annotations: Object.fromEntries(others) } });
}

/** The same kind of note for one layer: a digest over its key and the layer that was made from it. */
export function layerNote(key: Digest, { descriptor, diffId }: StoredLayer): Digest {
  const { mediaType, digest, size } = descriptor;
  return digestOfValue({ key, mediaType, digest, size, diffId });
}

/**
 * The run id, which all images of one generation share. It is derived from the recipes of all architectures
 * and all their inputs, so separate runs for each architecture arrive at the same one. An input that does
 * not exist for an architecture counts as absent and is reported. Machines that have only their own inputs arrive at
 * the same one by texts that they share.
 */
export async function deriveRunId(
  recipe: Recipe,
  inputs: Inputs,
  options: MakeOptions,
  warn: (warning: AssembleWarning) => void,
): Promise<string> {
  const parts: unknown[] = [];
  if (options.shared !== undefined) {
    const recipes = sorted(options.generation ?? [recipe]).map(contentOf);
    return runIdOf({ recipes, shared: options.shared });
  }
  for (const member of sorted(options.generation ?? [recipe])) {
    const own = member === recipe || samePlatform(member, recipe);
    const digests = own ? digestsOf(inputs) : await digestsOfMember(member, options, warn);
    parts.push({ recipe: contentOf(member), inputs: digests ?? "absent" });
  }
  return runIdOf(parts);
}

function runIdOf(parts: unknown): string {
  return digestOfValue(parts).slice("sha256:".length, "sha256:".length + RUN_ID_LENGTH);
}

function samePlatform(a: Recipe, b: Recipe): boolean {
  return formatPlatform(a.platform) === formatPlatform(b.platform);
}

function sorted(recipes: readonly Recipe[]): readonly Recipe[] {
  const key = (recipe: Recipe): string => formatPlatform(recipe.platform);
  return [...recipes].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

async function digestsOfMember(
  recipe: Recipe,
  options: MakeOptions,
  warn: (warning: AssembleWarning) => void,
): Promise<Readonly<Record<string, Digest>> | undefined> {
  try {
    const inputs = await findInputs(recipe, { ...options, onProgress: undefined });
    await inputs.close();
    return digestsOf(inputs);
  } catch (error) {
    const where = recipe.platform.architecture;
    if (!isOciError(error, ...ABSENT)) throw inGeneration(error, where);
    const message = `${where} is not part of this generation: ${error.message}; with --run-id it is not asked for`;
    warn({ kind: "absent-input", where, message });
    return undefined;
  }
}

/** Extends an error about another architecture's input: why that input was needed at all, and how to do without it. */
function inGeneration(error: unknown, architecture: string): unknown {
  if (!isOciError(error) || error.code === "aborted") return error;
  return new OciError(error.code, `${architecture}, of the same generation: ${error.message}`, {
    details: { ...error.details, architecture },
    hint: "The run id is made of all architectures' inputs. Name one with --run-id, and only this architecture's are needed.",
    cause: error,
  });
}

/** The recipe without the locations of its inputs. The order of the environment variables still counts. */
function contentOf(recipe: Recipe): unknown {
  const { base, artifacts, config, ...rest } = recipe;
  const names = Object.keys(artifacts).sort();
  const env = Object.entries(config?.env ?? {});
  return { ...rest, base: base === "scratch", artifacts: names, config: { ...config, env } };
}

function digestOfValue(value: unknown): Digest {
  return digestBytes(new TextEncoder().encode(JSON.stringify(value, canonical)));
}

/**
 * For `JSON.stringify`: sorts keys, so that the order in which a recipe was written does not count, and
 * turns bytes into text.
 */
function canonical(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: fromBytes(value) };
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
