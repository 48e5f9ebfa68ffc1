// SPDX-License-Identifier: MIT
import type { Recipe } from "../../assemble/recipe/recipe.ts";
import type { Configuration } from "../../config/configuration.ts";
import { OciError } from "../../oci/errors.ts";
import { isBareWord, noConfiguration } from "../input/configured.ts";

/** The flags of `oci-kit assemble`, as they were typed. */
export interface AssembleFlags {
  readonly json?: true;
  readonly arch?: string;
  readonly base?: string;
  readonly artifact?: readonly string[];
  readonly copy?: readonly string[];
  readonly link?: readonly string[];
  readonly env?: readonly string[];
  readonly set?: readonly string[];
  readonly output?: string;
  readonly push?: string | true;
  readonly pushByDigest?: true;
  readonly forcePush?: readonly string[];
  readonly lock?: readonly string[];
  readonly compression?: string;
  readonly rate?: string;
  readonly previous?: string | false;
  readonly trustTables?: true;
  readonly runId?: string;
  readonly dryRun?: true;
  readonly force?: true;
  readonly replace?: true;
}

/** Stands for the architecture of each image in the value of a flag. */
const ARCH = "${ARCH}";

/**
 * Whether the flags alone describe the image, so that no configuration is needed: its base, its artifacts,
 * what is copied from them, and where the image goes.
 */
export function saysEverything({ base, artifact, copy, output }: AssembleFlags): boolean {
  return [base, artifact, copy, output].every((flag) => flag !== undefined);
}

/** Whether a flag names an image by a tag alone, which then is a tag of the configured repository. */
export function hasBareTag({ base, artifact = [] }: AssembleFlags): boolean {
  const references = [base ?? "scratch", ...artifact.map((text) => text.replace(/^[\w-]+=/, ""))];
  return references.some((text) => text !== "scratch" && isBareWord(text));
}

/**
 * The architectures to assemble: those of `--arch`, or else all that are configured.
 * @throws OciError `missing-input` when there is no configuration and the flags alone are not enough;
 * `invalid-argument`
 */
export function architecturesOf(
  flags: AssembleFlags,
  configuration: Configuration | undefined,
): readonly string[] {
  if (configuration === undefined && flags.arch === undefined && saysEverything(flags)) {
    throw new OciError("invalid-argument", "--arch: expected an architecture, got nothing", {
      hint: "Where the flags say everything, they say for which architecture, too: --arch riscv64",
    });
  }
  if (configuration === undefined && (flags.arch === undefined || flags.base === undefined)) {
    throw noConfiguration(
      "assemble",
      "Write one (docs/recipe.md), or say all by flags: --arch, --base, --artifact, --copy, --link, --output",
    );
  }
  if (flags.arch === undefined) return configuration!.architectures;
  const names = flags.arch.split(",");
  if (names.every((name) => name !== "")) return [...new Set(names)];
  throw new OciError(
    "invalid-argument",
    `--arch: expected architectures as riscv64 or amd64,arm64, got ${JSON.stringify(flags.arch)}`,
  );
}

/**
 * The recipe of one architecture: from the configuration as changed by flags, or from flags alone.
 * @param repository the repository that a tag without one belongs to
 */
export async function recipeOf(
  architecture: string,
  flags: AssembleFlags,
  configuration: Configuration | undefined,
  repository: string | undefined,
): Promise<Recipe> {
  const { recipeFromFlags, withFlags } = await import("../../config/recipe/recipe-from-flags.ts");
  const each = (text: string): string => text.replaceAll(ARCH, architecture);
  const said = {
    base: flags.base === undefined ? undefined : each(flags.base),
    artifacts: flags.artifact?.map(each),
    copies: flags.copy?.map(each),
    links: flags.link?.map(each),
    env: flags.env,
  };
  const options = { directory: process.cwd(), repository };
  if (configuration === undefined) return recipeFromFlags(architecture, said, options);
  const { configurationToRecipe } = await import("../../config/recipe/configuration-to-recipe.ts");
  return withFlags(configurationToRecipe(configuration, architecture), said, options);
}

/**
 * Where the image of one architecture goes.
 * @throws OciError `invalid-argument` when several images would go to the same place
 */
export async function outputOf(
  architecture: string,
  flags: AssembleFlags,
  configuration: Configuration | undefined,
): Promise<string> {
  const { output } = flags;
  if (output !== undefined) {
    if (output.includes(ARCH) || architecturesOf(flags, configuration).length === 1) {
      return output.replaceAll(ARCH, architecture);
    }
    throw new OciError("invalid-argument", `--output: expected ${ARCH} in it for several images`, {
      hint: `Quote it: --output 'oci:out/${ARCH}'`,
    });
  }
  const { DEFAULT_OUTPUT, outputDirectory } = await import("../../config/output-directory.ts");
  if (configuration === undefined) return `oci:${DEFAULT_OUTPUT}/${architecture}`;
  return `oci:${outputDirectory(configuration, architecture)}`;
}
