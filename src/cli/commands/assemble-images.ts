// SPDX-License-Identifier: MIT
import type { Recipe } from "../../assemble/recipe/recipe.ts";
import type { AssembleOptions, AssembleProgress, AssembleResult } from "../../assemble/result.ts";
import type { Configuration } from "../../config/configuration.ts";
import { escapeText } from "../../bytes/byte-string.ts";
import { isOciError, OciError } from "../../oci/errors.ts";
import type { Outcome, Session } from "../command.ts";
import {
  checkSet,
  findConfigured,
  nameOf,
  parseConfigured,
  variablesOf,
} from "../input/configured.ts";
import { sourceDateEpochOf } from "../input/created.ts";
import { DONE } from "../exit-status.ts";
import { formatBytes } from "../output/format.ts";
import type { ProgressLine } from "../output/progress.ts";
import {
  architecturesOf,
  compressionOf,
  hasBareTag,
  outputOf,
  recipeOf,
  saysEverything,
  type AssembleFlags,
} from "./assemble-flags.ts";
import { renderPlan, renderResult } from "./assemble-text.ts";

/** What is the same for every image of one run of the command. */
interface Run {
  readonly flags: AssembleFlags;
  readonly configuration: Configuration | undefined;
  readonly options: Omit<AssembleOptions, "target" | "tag">;
  readonly session: Session;
}

/** One image that was, or would be, made. */
type Made = Pick<Outcome, "document" | "text">;

/** `oci-kit assemble`: a recipe for each architecture, then the images one after the other. */
export async function assembleImages(flags: AssembleFlags, session: Session): Promise<Outcome> {
  const { env, signal, registry } = session.context;
  const configuration = await configurationOf(flags, session);
  const names = architecturesOf(flags, configuration);
  const recipes = await recipesOf(names, flags, configuration, session);
  const { defaultCacheDirectory } = await import("../../store/digest-cache.ts");
  const options = {
    cache: defaultCacheDirectory(env),
    sourceDateEpoch: sourceDateEpochOf(env),
    compression: compressionOf(flags.compression) ?? configuration?.document.compression,
    runId: flags.runId,
    generation: [...recipes.values()],
    force: flags.force,
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
    document: {
      images: made.map((one) => one.document),
      dryRun: flags.dryRun === true,
      configuration: configuration?.file,
    },
    text: `${made.map((one) => one.text).join("")}configuration: ${await nameOf(configuration)}\n`,
  };
}

/** The configuration that counts: none where the flags say everything, which is said when one was named. */
async function configurationOf(
  flags: AssembleFlags,
  { context }: Session,
): Promise<Configuration | undefined> {
  const variables = variablesOf(flags.set ?? []);
  const isReplaced = saysEverything(flags);
  if (isReplaced && typeof context.configuration === "string") {
    context.stderr.write(
      `oci-kit: --config ${escapeText(context.configuration)} does not count: --base, --artifact, --copy and --output say everything\n`,
    );
  }
  const configuration = isReplaced ? undefined : await findConfigured(context, { variables });
  checkSet(variables, configuration);
  if (flags.push !== undefined && configuration?.image === undefined) {
    const { noRepository } = await import("./push-assembled.ts");
    throw noRepository();
  }
  return configuration;
}

/** The recipes of all architectures of the generation, which the run id is made of, or of those asked for. */
async function recipesOf(
  names: readonly string[],
  flags: AssembleFlags,
  configuration: Configuration | undefined,
  { context }: Session,
): Promise<ReadonlyMap<string, Recipe>> {
  const isNamed = configuration === undefined && hasBareTag(flags);
  const repository = (isNamed ? await findConfigured(context) : configuration)?.image;
  const recipes = new Map<string, Recipe>();
  for (const name of names) {
    recipes.set(name, await recipeOf(name, flags, configuration, repository));
  }
  if (flags.runId !== undefined) return recipes;
  for (const name of configuration?.architectures ?? []) {
    if (!recipes.has(name)) {
      recipes.set(name, await recipeOf(name, flags, configuration, repository).catch(blameRunId));
    }
  }
  return recipes;
}

/** Why an architecture that nobody asked for matters, and how to do without it. */
function blameRunId(error: unknown): never {
  if (!isOciError(error)) throw error;
  const { code, message, details, cause } = error;
  const hint =
    "The run id is made of the recipes of all architectures. Name one with --run-id, and only those of --arch are needed.";
  throw new OciError(code, message, { details, hint, cause });
}

async function plan(name: string, recipe: Recipe, run: Run): Promise<Made> {
  const { flags, configuration, session, options } = run;
  const output = await outputOf(name, flags, configuration);
  const [{ planAssembly }, { openPrevious }] = await Promise.all([
    import("../../assemble/assemble.ts"),
    import("../../image/open-previous.ts"),
  ]);
  const previous = await openPrevious(await parseConfigured(output, session.context), options);
  const planned = await planAssembly(recipe, {
    ...options,
    target: previous?.store,
    tag: previous?.reference,
  });
  return {
    document: { architecture: name, output, ...planned },
    text: renderPlan(name, output.replace(/^oci:/, ""), planned),
  };
}

async function make(name: string, recipe: Recipe, run: Run): Promise<Made> {
  const { flags, configuration, session } = run;
  const output = await outputOf(name, flags, configuration);
  const result = await writeImage(recipe, output, run);
  session.progress.clear();
  for (const { message } of result.warnings) {
    session.context.stderr.write(`oci-kit: ${name}: ${escapeText(message)}\n`);
  }
  const pushed = flags.push && (await push(recipe, output, flags.push, run));
  const place = output.replace(/^oci:/, "");
  const { descriptor, ...rest } = result;
  return {
    document: { architecture: name, output, digest: descriptor.digest, ...rest, pushed },
    text: renderResult(name, place, result) + (pushed === undefined ? "" : `  pushed ${pushed}\n`),
  };
}

async function writeImage(
  recipe: Recipe,
  output: string,
  { options, session }: Run,
): Promise<AssembleResult> {
  const [{ assemble }, { openTarget }] = await Promise.all([
    import("../../assemble/assemble.ts"),
    import("../../image/open-reference.ts"),
  ]);
  const target = await openTarget(await parseConfigured(output, session.context), options);
  try {
    const result = await assemble(recipe, { ...options, target: target.store, tag: target.tag });
    await target.close();
    return result;
  } catch (error) {
    await target.discard({ whole: true });
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
    repository: configuration!.image!,
    tag: tag === true ? undefined : tag,
    session,
  });
}

function showAssembly(progress: ProgressLine, name: string): (event: AssembleProgress) => void {
  return (event) => {
    if (event.kind !== "read") return;
    const { artifact, bytes, total } = event;
    progress.show(`${name}: from ${artifact}: ${formatBytes(bytes)} of ${formatBytes(total)}`);
  };
}
