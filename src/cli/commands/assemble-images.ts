// SPDX-License-Identifier: MIT
import type { AssembleResult } from "../../assemble/assemble-options.ts";
import type { Recipe } from "../../assemble/recipe/recipe.ts";
import type { AssembleToOptions } from "../../assemble/assemble-to-reference.ts";
import type { Configuration } from "../../config/configuration.ts";
import { isOciError, OciError } from "../../oci/errors.ts";
import type { RegistryHabits } from "../../registry/habits/registry-habits.ts";
import type { PublishedOne } from "../../publish/publish-image.ts";
import { habitsAt } from "../../layering/habits-at.ts";
import { parseLocation, type Location } from "../../image/location.ts";
import type { Outcome, Session } from "../command.ts";
import {
  checkSet,
  findConfigured,
  nameOf,
  parseConfigured,
  variablesOf,
} from "../input/configured.ts";
import {
  compressionPart,
  configuredCompression,
  planCompression,
  type PlannedCompression,
} from "../input/compression.ts";
import { parseRate } from "../input/values/rate.ts";
import { sourceDateEpochOf } from "../input/values/created.ts";
import { showSpooling } from "../progress/show-spooling.ts";
import { DONE } from "../exit-status.ts";
import { showAssembly } from "../progress/show-assembly.ts";
import {
  architecturesOf,
  hasBareTag,
  outputOf,
  recipeOf,
  saysEverything,
  type AssembleFlags,
} from "./assemble-flags.ts";
import { limitsOf } from "./assemble-limits.ts";
import { planLines, resultLines, totalsOf } from "./assemble-text.ts";

/** Reads a text that machines share, as a lock file. */
async function readShared(file: string): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new OciError(
      isAbsent ? "missing-input" : "unreadable",
      `--lock ${file}: expected a text that all machines share, got ${isAbsent ? "no such file" : "one that can't be read"}`,
      { cause: error },
    );
  }
}

/** What it takes to make one image. */
interface Run {
  readonly flags: AssembleFlags;
  readonly configuration: Configuration | undefined;
  /** The reference that the image is written to; `location` is the same, parsed. */
  readonly output: string;
  readonly location: Location;
  /** Of the registry that the image is for. */
  readonly habits: RegistryHabits | undefined;
  /** Of a dry run: bytes a second of the way to the target, where that is known. */
  readonly rate: number | undefined;
  readonly options: AssembleToOptions;
  readonly session: Session;
}

/** The outcome of one image that was made, or would be in a dry run. */
type Made = Pick<Outcome, "document" | "lines">;

/** Runs `oci-kit assemble`: makes the recipes of all architectures, then one image after the other. */
export async function assembleImages(flags: AssembleFlags, session: Session): Promise<Outcome> {
  const { env, signal, registry, limits } = session.context;
  const configuration = await configurationOf(flags, session);
  const names = architecturesOf(flags, configuration);
  const recipes = await recipesOf(names, flags, configuration, session);
  const { defaultCacheDirectory } = await import("../../store/cache-directory.ts");
  const { wish, chosen, rate } = await compressionAndRate(names[0]!, flags, configuration, session);
  const options = {
    cache: defaultCacheDirectory(env),
    sourceDateEpoch: sourceDateEpochOf(env),
    ...wish,
    previous: await previousOf(flags, session),
    runId: flags.runId,
    shared: flags.lock && (await Promise.all(flags.lock.map(readShared))),
    generation: [...recipes.values()],
    force: flags.force,
    trustTables: flags.trustTables,
    replace: flags.replace,
    registry,
    signal,
    limits,
  };
  const made: Made[] = [];
  for (const name of names) {
    const output = await outputOf(name, flags, configuration);
    const location = await parseConfigured(output, session.context);
    const { spoolPlaceBeside } = await import("../../image/spool-place.ts");
    const spooling = {
      spoolDirectory: spoolPlaceBeside(location),
      onSpool: showSpooling(session),
    };
    const onProgress = showAssembly(session.progress, name);
    const habits = habitsAt(registryOf(location, configuration), options);
    const own = { ...options, ...spooling, onProgress, layerBytes: habits?.blobBytes };
    const run = { flags, configuration, session, output, location, habits, rate, options: own };
    const recipe = recipes.get(name)!;
    made.push(await (flags.dryRun === true ? plan(name, recipe, run) : make(name, recipe, run)));
  }
  const { sweepCacheDaily } = await import("../../store/sweep-cache.ts");
  await sweepCacheDaily(options.cache, { signal });
  return {
    status: DONE,
    document: {
      images: made.map((one) => one.document),
      dryRun: flags.dryRun === true,
      configuration: configuration?.file,
      ...compressionPart(chosen()),
    },
    lines: [...made.flatMap((one) => one.lines), `configuration: ${await nameOf(configuration)}`],
  };
}

/** Where the image ends up: in the registry that it is written to, or else in the configured repository. */
function registryOf(location: Location, configuration: Configuration | undefined): Location {
  if (location.kind === "registry" || configuration?.image === undefined) return location;
  return parseLocation(configuration.image);
}

async function previousOf(
  { previous }: AssembleFlags,
  { context }: Session,
): Promise<AssembleToOptions["previous"]> {
  if (previous === undefined || previous === false) return previous === false ? null : undefined;
  return parseConfigured(previous, context);
}

/**
 * How layers are compressed, and the rate that a plan reckons with. `auto` goes by the line to the registry where the
 * images end up. All are for the same one; the first says which.
 */
async function compressionAndRate(
  name: string,
  flags: AssembleFlags,
  configuration: Configuration | undefined,
  session: Session,
): Promise<PlannedCompression> {
  const output = await outputOf(name, flags, configuration);
  const target = registryOf(await parseConfigured(output, session.context), configuration);
  const said = configuredCompression(configuration, flags);
  const isPlanned = flags.dryRun === true && said.compression !== "auto";
  const planned = planCompression(isPlanned ? { ...said, rate: undefined } : said, session, target);
  if (flags.dryRun !== true || flags.rate === undefined) return planned;
  return { ...planned, rate: parseRate("--rate", flags.rate) };
}

/** The configuration to use: none where the flags alone describe the image. Warns if `--config` is ignored for that. */
async function configurationOf(
  flags: AssembleFlags,
  { context, warn }: Session,
): Promise<Configuration | undefined> {
  const variables = variablesOf(flags.set ?? []);
  const isReplaced = saysEverything(flags);
  if (isReplaced && typeof context.configuration === "string") {
    warn(
      `--config ${context.configuration} does not count: --base, --artifact, --copy and --output say everything`,
    );
  }
  const configuration = isReplaced ? undefined : await findConfigured(context, { variables });
  checkSet(variables, configuration);
  const isPushed = flags.push !== undefined || flags.pushByDigest === true;
  if (isPushed && configuration?.image === undefined) {
    const { noRepository } = await import("./push-assembled.ts");
    throw noRepository();
  }
  return configuration;
}

/** The recipes of all configured architectures, because the run id depends on them; with `--run-id` only of `names`. */
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

/** Explains why the recipe of an architecture is needed that was not asked for, and how to avoid that. */
function blameRunId(error: unknown): never {
  if (!isOciError(error)) throw error;
  const { code, message, details, cause } = error;
  const hint =
    "The run id is made of the recipes of all architectures. Name one with --run-id, and only those of --arch are needed.";
  throw new OciError(code, message, { details, hint, cause });
}

async function plan(name: string, recipe: Recipe, run: Run): Promise<Made> {
  const { output, location, options, habits, rate } = run;
  const { planAssemblyTo } = await import("../../assemble/assemble-to-reference.ts");
  const planned = await planAssemblyTo(recipe, location, options);
  const limits = limitsOf(planned, recipe, { habits, rate });
  return {
    document: { architecture: name, output, ...planned, ...totalsOf(planned, rate), limits },
    lines: [
      ...planLines(name, output.replace(/^oci:/, ""), planned, rate),
      ...limits.map((limit) => `  limit: ${limit}`),
    ],
  };
}

async function make(name: string, recipe: Recipe, run: Run): Promise<Made> {
  const { flags, output, session } = run;
  const { assembleTo } = await import("../../assemble/assemble-to-reference.ts");
  const result = await assembleTo(recipe, run.location, run.options);
  for (const { message } of result.warnings) session.warn(`${name}: ${message}`);
  if (isMadeAnew(result, run)) {
    session.warn(
      `${name}: no layer was there before, and compression auto may make other bytes than were published; --output REPO:TAG keeps layers of that tag`,
    );
  }
  const isPushed = flags.push !== undefined || flags.pushByDigest === true;
  const pushed = isPushed ? await push(output, run) : undefined;
  const place = output.replace(/^oci:/, "");
  const { descriptor, ...rest } = result;
  return {
    document: {
      architecture: name,
      output,
      digest: descriptor.digest,
      ...rest,
      ...pushedDocument(pushed),
    },
    lines: [
      ...resultLines(name, place, result),
      ...(pushed === undefined ? [] : [`  pushed ${pushed.reference}`]),
      ...(pushed?.overridden ?? []).map(
        ({ gate, message }) => `  overridden by --force-push ${gate}: ${message}`,
      ),
    ],
  };
}

/** Whether all layers were made, for a registry, in a place that does not show what that registry has. */
function isMadeAnew(
  { layers }: AssembleResult,
  { options, location, flags, configuration }: Run,
): boolean {
  const isElsewhere = location.kind !== "registry" && configuration?.image !== undefined;
  const isAuto = typeof options.level === "function" && flags.force !== true;
  const isAllNew = layers.length > 0 && layers.every(({ action }) => action === "new");
  return isElsewhere && isAuto && isAllNew;
}

function pushedDocument(pushed: PublishedOne | undefined): object {
  return pushed === undefined ? {} : { pushed: pushed.reference, overridden: pushed.overridden };
}

async function push(output: string, { flags, configuration, session }: Run): Promise<PublishedOne> {
  const { pushAssembled } = await import("./push-assembled.ts");
  return pushAssembled(output, flags, configuration!, session);
}
