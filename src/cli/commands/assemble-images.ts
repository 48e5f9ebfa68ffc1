// SPDX-License-Identifier: MIT
import { relative } from "node:path";
import type { Recipe } from "../../assemble/recipe.ts";
import type { AssembleProgress, InputOptions } from "../../assemble/result.ts";
import type { Configuration } from "../../config/configuration.ts";
import type { RecipeFlags } from "../../config/recipe-from-flags.ts";
import { OciError } from "../../oci/errors.ts";
import type { Compression } from "../../oci/media-types.ts";
import type { Outcome, Session } from "../command.ts";
import { configurationOf, noConfiguration, parseConfigured } from "../configured.ts";
import { DONE } from "../exit-status.ts";
import { formatBytes } from "../format.ts";
import type { ProgressLine } from "../progress.ts";
import { renderPlan, renderResult } from "./assemble-text.ts";

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
  readonly compression?: string;
  readonly runId?: string;
  readonly dryRun?: true;
}

const DEFAULT_TAG = "latest-cross";
const COMPRESSIONS: readonly string[] = ["gzip", "zstd", "none"] satisfies Compression[];

/** `oci-kit assemble`: a recipe for each architecture, then the images one after the other. */
export async function assembleImages(flags: AssembleFlags, session: Session): Promise<Outcome> {
  const { context, progress } = session;
  const configuration = await configurationOf(context, variablesOf(flags.set ?? []));
  const names = architecturesOf(flags, configuration);
  const members = configuration?.architectures ?? names;
  const generation = new Map<string, Recipe>();
  for (const name of new Set([...members, ...names])) {
    generation.set(name, await recipeOf(name, flags, configuration, context.workingDirectory));
  }
  const { defaultCacheDirectory } = await import("../../store/digest-cache.ts");
  const options: InputOptions = {
    cache: defaultCacheDirectory(context.env),
    sourceDateEpoch: sourceDateEpochOf(context.env),
    signal: context.signal,
  };
  const done: Outcome[] = [];
  for (const name of names) {
    const shown = { ...options, onProgress: showAssembly(progress, name) };
    const recipe = generation.get(name)!;
    done.push(
      flags.dryRun === true
        ? await planOne(name, recipe, shown)
        : await assembleOne(name, recipe, { flags, configuration, generation, ...shown }, session),
    );
  }
  return {
    status: DONE,
    document: { images: done.map((one) => one.document), dryRun: flags.dryRun === true },
    text: done.map((one) => one.text).join(""),
  };
}

async function planOne(name: string, recipe: Recipe, options: InputOptions): Promise<Outcome> {
  const { planAssembly } = await import("../../assemble/assemble.ts");
  const plan = await planAssembly(recipe, options);
  return { status: DONE, document: { architecture: name, ...plan }, text: renderPlan(name, plan) };
}

interface OneOptions extends InputOptions {
  readonly flags: AssembleFlags;
  readonly configuration: Configuration | undefined;
  readonly generation: ReadonlyMap<string, Recipe>;
}

async function assembleOne(
  name: string,
  recipe: Recipe,
  { flags, configuration, generation, ...options }: OneOptions,
  { context, progress }: Session,
): Promise<Outcome> {
  const [{ assemble }, { openTarget }, { formatLocation }] = await Promise.all([
    import("../../assemble/assemble.ts"),
    import("../../image/open-reference.ts"),
    import("../../image/location.ts"),
  ]);
  const output = await outputOf(name, flags, configuration, context.workingDirectory);
  const target = await openTarget(await parseConfigured(output, context), options);
  const result = await assemble(recipe, {
    ...options,
    target: target.store,
    tag: target.tag,
    compression: compressionOf(flags.compression) ?? configuration?.document.compression,
    runId: flags.runId,
    generation: [...generation.values()],
  });
  await target.close();
  progress.clear();
  for (const { message } of result.warnings) context.stderr.write(`oci-kit: ${name}: ${message}\n`);
  const place = formatLocation(target.location).replace(/^oci:/, "");
  const pushed =
    flags.push === undefined
      ? undefined
      : await pushOne(recipe, { flags, configuration, place: output }, { context, progress });
  const { descriptor, ...rest } = result;
  return {
    status: DONE,
    document: { architecture: name, output: place, digest: descriptor.digest, ...rest, pushed },
    text:
      renderResult(name, place, result, context.workingDirectory) +
      (pushed === undefined ? "" : `  pushed ${pushed}\n`),
  };
}

interface PushTarget {
  readonly flags: AssembleFlags;
  readonly configuration: Configuration | undefined;
  readonly place: string;
}

async function pushOne(
  recipe: Recipe,
  { flags, configuration, place }: PushTarget,
  { context, progress }: Session,
): Promise<string> {
  const image = configuration?.image;
  if (image === undefined) {
    throw noConfiguration("--push", "Name the registry as the output: --output host/repo:tag");
  }
  const [{ copy }, { openReference, openTarget }, { architectureTag }, { showCopy }] =
    await Promise.all([
      import("../../store/copy.ts"),
      import("../../image/open-reference.ts"),
      import("../../chain/tag-names.ts"),
      import("./copy.ts"),
    ]);
  const { signal } = context;
  const tag = architectureTag(flags.push === true ? DEFAULT_TAG : flags.push!, recipe.platform);
  const from = await openReference(await parseConfigured(place, context), { signal });
  const to = await openTarget(`${image}:${tag}`, { signal });
  const onProgress = showCopy(progress);
  await copy(from.store, await from.root({ signal }), to.store, { tag, signal, onProgress });
  await from.close();
  progress.clear();
  return `${image}:${tag}`;
}

function architecturesOf(
  flags: AssembleFlags,
  configuration: Configuration | undefined,
): readonly string[] {
  const names =
    flags.arch?.split(",").filter((name) => name !== "") ?? configuration?.architectures;
  if (names !== undefined && names.length > 0) return [...new Set(names)];
  throw noConfiguration(
    "assemble",
    "Write one (README.md shows how), or say all by flags: --arch, --base, --artifact, --copy, --output",
  );
}

async function recipeOf(
  name: string,
  flags: AssembleFlags,
  configuration: Configuration | undefined,
  directory: string,
): Promise<Recipe> {
  const { recipeFromFlags, withFlags } = await import("../../config/recipe-from-flags.ts");
  const said: RecipeFlags = {
    base: flags.base?.replaceAll("${ARCH}", name),
    artifacts: flags.artifact?.map((text) => text.replaceAll("${ARCH}", name)),
    copies: flags.copy?.map((text) => text.replaceAll("${ARCH}", name)),
    links: flags.link?.map((text) => text.replaceAll("${ARCH}", name)),
    env: flags.env,
  };
  const options = { directory, repository: configuration?.image };
  if (configuration === undefined) {
    if (flags.base !== undefined) return recipeFromFlags(name, said, options);
    throw noConfiguration(
      "assemble",
      "Write one (docs/recipe.md), or say all by flags: --base, --artifact, --copy, --link, --output",
    );
  }
  const { configurationToRecipe } = await import("../../config/configuration-to-recipe.ts");
  return withFlags(configurationToRecipe(configuration, name), said, options);
}

async function outputOf(
  name: string,
  flags: AssembleFlags,
  configuration: Configuration | undefined,
  directory: string,
): Promise<string> {
  if (flags.output !== undefined) {
    const several = (flags.arch?.split(",").length ?? configuration?.architectures.length ?? 1) > 1;
    if (!several || flags.output.includes("${ARCH}"))
      return flags.output.replaceAll("${ARCH}", name);
    throw new OciError("invalid-argument", "--output: expected ${ARCH} in it for several images", {
      hint: "Quote it: --output 'oci:out/${ARCH}'",
    });
  }
  if (configuration === undefined) return `oci:out/linux-runtime/${name}`;
  const { outputDirectory } = await import("../../config/output-directory.ts");
  return `oci:${relative(directory, outputDirectory(configuration, name)) || "."}`;
}

function variablesOf(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    texts.map((text) => {
      const equals = text.indexOf("=");
      if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)];
      throw new OciError(
        "invalid-argument",
        `--set: expected NAME=VALUE, got ${JSON.stringify(text)}`,
      );
    }),
  );
}

function compressionOf(text: string | undefined): Compression | undefined {
  if (text === undefined || COMPRESSIONS.includes(text)) return text as Compression | undefined;
  throw new OciError(
    "invalid-argument",
    `--compression: expected gzip, zstd or none, got ${JSON.stringify(text)}`,
  );
}

/** https://reproducible-builds.org/specs/source-date-epoch: whole seconds since 1970. */
function sourceDateEpochOf(env: Readonly<Record<string, string | undefined>>): number | undefined {
  const text = env["SOURCE_DATE_EPOCH"];
  if (text === undefined || text === "") return undefined;
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw new OciError(
    "invalid-argument",
    `SOURCE_DATE_EPOCH: expected seconds since 1970, got ${JSON.stringify(text)}`,
  );
}

function showAssembly(progress: ProgressLine, name: string): (event: AssembleProgress) => void {
  return (event) => {
    if (event.kind !== "read") return;
    const { artifact, bytes, total } = event;
    progress.show(`${name}: from ${artifact}: ${formatBytes(bytes)} of ${formatBytes(total)}`);
  };
}
