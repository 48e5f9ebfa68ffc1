// SPDX-License-Identifier: MIT
import type { CopyStep, LinkStep, Recipe, Step } from "../../assemble/recipe/recipe.ts";
import { OciError } from "../../oci/errors.ts";
import { parsePlatform } from "../../oci/platform.ts";
import { inputOf } from "./inputs-to-recipe.ts";

/** The flags of the command line that replace or extend `oci-kit.yaml`. Each text is as it was typed. */
export interface RecipeFlags {
  /** A reference, or `scratch`. */
  readonly base?: string | undefined;
  /** `NAME=REF`, or only `REF`, which gets the name `artifact`. `REF` may be `dir:DIR`. */
  readonly artifacts?: readonly string[] | undefined;
  /** `SRC[:DST]`, with `NAME=` before it if there is more than one artifact. */
  readonly copies?: readonly string[] | undefined;
  /** `PATH=TARGET` */
  readonly links?: readonly string[] | undefined;
  /** `NAME=VALUE` */
  readonly env?: readonly string[] | undefined;
}

export interface RecipeFlagsOptions {
  /** The directory from which relative paths are taken. */
  readonly directory: string;
  /** The repository of which a bare word is a tag. */
  readonly repository?: string | undefined;
}

const ONLY_ARTIFACT = "artifact";

/**
 * Makes a recipe from flags alone. Each `--copy` becomes a layer, as in a Dockerfile. All links together
 * become one layer.
 * @throws OciError `invalid-argument`, `invalid-reference`
 */
export function recipeFromFlags(
  architecture: string,
  flags: RecipeFlags,
  options: RecipeFlagsOptions,
): Recipe {
  const empty: Recipe = {
    platform: parsePlatform(architecture),
    base: "scratch",
    artifacts: {},
    layers: [],
    variables: { ARCH: architecture },
  };
  if (flags.base === undefined) {
    throw new OciError("invalid-argument", "--base: expected a reference or scratch, got nothing", {
      hint: "Without an oci-kit.yaml the flags have to say everything.",
    });
  }
  return withFlags(empty, flags, options);
}

/**
 * Applies flags to a recipe: they replace the base and artifacts of the same names, set environment
 * variables, and add a layer for each copy and one for the links.
 * @throws OciError `invalid-argument`, `invalid-reference`
 */
export function withFlags(recipe: Recipe, flags: RecipeFlags, options: RecipeFlagsOptions): Recipe {
  const { directory, repository } = options;
  const artifacts = { ...recipe.artifacts };
  for (const text of flags.artifacts ?? []) {
    const [name, reference] = splitNamed(text) ?? [nameless(recipe), text];
    artifacts[name] = inputOf(reference, directory, repository);
  }
  const names = Object.keys(artifacts);
  const copies = (flags.copies ?? []).map((text) => copyStep(text, names));
  const links = (flags.links ?? []).map(linkStep);
  const layers = [
    ...copies.map((step) => ({ name: `copy ${step.path}`, steps: [step] as readonly Step[] })),
    ...(links.length > 0 ? [{ name: "links", steps: links }] : []),
  ];
  const env = Object.fromEntries(
    (flags.env ?? []).map((text) => splitAt(text, "--env NAME=VALUE")),
  );
  return {
    ...recipe,
    ...(flags.base !== undefined && { base: baseOf(flags.base, options) }),
    artifacts,
    layers: [...recipe.layers, ...layers],
    config: { ...recipe.config, env: { ...recipe.config?.env, ...env } },
  };
}

function baseOf(text: string, { directory, repository }: RecipeFlagsOptions): Recipe["base"] {
  if (text === "scratch") return text;
  const base = inputOf(text, directory, repository);
  if ("reference" in base) return base;
  throw new OciError("invalid-argument", `--base: expected an image or scratch, got ${text}`);
}

function splitNamed(text: string): [string, string] | undefined {
  const [, name, reference] = /^([A-Za-z][\w-]*)=(.+)$/s.exec(text) ?? [];
  return name === undefined || reference === undefined ? undefined : [name, reference];
}

/** The artifact that an artifact without a name replaces: the only one in the recipe. */
function nameless(recipe: Recipe): string {
  const names = Object.keys(recipe.artifacts);
  if (names.length > 1) {
    throw new OciError(
      "invalid-argument",
      `--artifact: expected NAME=REF, because the recipe has several: ${names.join(", ")}`,
    );
  }
  return names[0] ?? ONLY_ARTIFACT;
}

function copyStep(text: string, artifacts: readonly string[]): CopyStep {
  const named = splitNamed(text);
  const from = named?.[0] ?? (artifacts.length === 1 ? artifacts[0] : undefined);
  if (from === undefined || !artifacts.includes(from)) {
    throw new OciError(
      "invalid-argument",
      `--copy ${text}: expected [NAME=]SRC[:DST] with an artifact of --artifact (${artifacts.join(", ") || "there is none"})`,
    );
  }
  const [path = "", to, ...rest] = (named?.[1] ?? text).split(":");
  if (!path.startsWith("/") || rest.length > 0 || (to !== undefined && !to.startsWith("/"))) {
    throw new OciError("invalid-argument", `--copy ${text}: expected absolute paths as SRC[:DST]`);
  }
  return { kind: "copy", from, path, ...(to !== undefined && { to }) };
}

function linkStep(text: string): LinkStep {
  const [path, target] = splitAt(text, "--link PATH=TARGET");
  if (path.startsWith("/") && target !== "") return { kind: "link", path, target };
  throw new OciError("invalid-argument", `--link ${text}: expected PATH=TARGET, PATH absolute`);
}

function splitAt(text: string, usage: string): [string, string] {
  const equals = text.indexOf("=");
  if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)];
  throw new OciError("invalid-argument", `expected ${usage}, got ${JSON.stringify(text)}`);
}
