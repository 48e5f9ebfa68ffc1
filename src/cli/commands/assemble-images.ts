// SPDX-License-Identifier: MIT
import type { Recipe } from "../../assemble/recipe/recipe.ts";
import type { AssembleOptions, AssembleResult } from "../../assemble/result.ts";
import type { Configuration } from "../../config/configuration.ts";
import type { Outcome, Session } from "../command.ts";
import { findConfigured, parseConfigured, variablesOf } from "../input/configured.ts";
import { compressionOf } from "../input/compression.ts";
import { sourceDateEpochOf } from "../input/created.ts";
import { DONE } from "../exit-status.ts";
import { showAssembly } from "../output/show-assembly.ts";
import { architecturesOf, outputOf, recipeOf, type AssembleFlags } from "./assemble-flags.ts";
import { planLines, resultLines } from "./assemble-text.ts";

/** What is the same for every image of one run of the command. */
interface Run {
  readonly flags: AssembleFlags;
  readonly configuration: Configuration | undefined;
  readonly options: Omit<AssembleOptions, "target" | "tag">;
  readonly session: Session;
}

/** One image that was, or would be, made. */
type Made = Pick<Outcome, "document" | "lines">;

/** `oci-kit assemble`: a recipe for each architecture, then the images one after the other. */
export async function assembleImages(flags: AssembleFlags, session: Session): Promise<Outcome> {
  const { env, signal, registry } = session.context;
  const configuration = await findConfigured(variablesOf(flags.set ?? []));
  const names = architecturesOf(flags, configuration);
  const recipes = new Map<string, Recipe>();
  for (const name of new Set([...(configuration?.architectures ?? []), ...names])) {
    recipes.set(name, await recipeOf(name, flags, configuration));
  }
  const { defaultCacheDirectory } = await import("../../store/digest-cache.ts");
  const options = {
    cache: defaultCacheDirectory(env),
    sourceDateEpoch: sourceDateEpochOf(env),
    compression: compressionOf(flags.compression) ?? configuration?.document.compression,
    runId: flags.runId,
    generation: [...recipes.values()],
    registry,
    signal,
  };
  const made: Made[] = [];
  for (const name of names) {
    const onProgress = showAssembly(session.progress, name);
    const run = { flags, configuration, session, options: { ...options, onProgress } };
    const recipe = recipes.get(name)!;
    made.push(await (flags.dryRun === true ? plan(name, recipe, run) : make(name, recipe, run)));
  }
  return {
    status: DONE,
    document: { images: made.map((one) => one.document), dryRun: flags.dryRun === true },
    lines: made.flatMap((one) => one.lines),
  };
}

async function plan(name: string, recipe: Recipe, { options }: Run): Promise<Made> {
  const { planAssembly } = await import("../../assemble/assemble.ts");
  const planned = await planAssembly(recipe, options);
  return { document: { architecture: name, ...planned }, lines: planLines(name, planned) };
}

async function make(name: string, recipe: Recipe, run: Run): Promise<Made> {
  const { flags, configuration, session } = run;
  const output = await outputOf(name, flags, configuration);
  const result = await writeImage(recipe, output, run);
  for (const { message } of result.warnings) session.warn(`${name}: ${message}`);
  const pushed = flags.push && (await push(recipe, output, flags.push, run));
  const place = output.replace(/^oci:/, "");
  const { descriptor, ...rest } = result;
  return {
    document: { architecture: name, output, digest: descriptor.digest, ...rest, pushed },
    lines: [
      ...resultLines(name, place, result),
      ...(pushed === undefined ? [] : [`  pushed ${pushed}`]),
    ],
  };
}

async function writeImage(
  recipe: Recipe,
  output: string,
  { options }: Run,
): Promise<AssembleResult> {
  const [{ assemble }, { openTarget }] = await Promise.all([
    import("../../assemble/assemble.ts"),
    import("../../image/open-reference.ts"),
  ]);
  const target = await openTarget(await parseConfigured(output), options);
  try {
    const result = await assemble(recipe, { ...options, target: target.store, tag: target.tag });
    await target.close();
    return result;
  } catch (error) {
    await target.discard();
    throw error;
  }
}

async function push(
  { platform }: Recipe,
  output: string,
  tag: string | true,
  { configuration, session }: Run,
): Promise<string> {
  const { pushAssembled } = await import("./push-assembled.ts");
  return pushAssembled(output, platform, {
    repository: configuration?.image,
    tag: tag === true ? undefined : tag,
    session,
  });
}
