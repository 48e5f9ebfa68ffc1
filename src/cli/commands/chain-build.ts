// SPDX-License-Identifier: MIT
import { availableParallelism } from "node:os";
import { parseBuilderChoice } from "../../chain/buildkit/builders/builder-choice.ts";
import type { UnitSelection } from "../../chain/graph/select-units.ts";
import { changedStages, checkVariantRun } from "../../chain/graph/variant-run.ts";
import { planRun } from "../../chain/run/plan-run.ts";
import { runChain } from "../../chain/run/run-chain.ts";
import type {
  ChainPlaceOptions,
  RecipeOptions,
  RunOptions,
} from "../../chain/run/place/run-options.ts";
import { provenanceKeys } from "../../chain/images/provenance-keys.ts";
import { chainDirectory, chainLayouts, outputRoot } from "../../config/output-directory.ts";
import { configurationToRecipe } from "../../config/recipe/configuration-to-recipe.ts";
import { configurationToChain } from "../../config/stages/configuration-to-chain.ts";
import { parseLocation, type Location } from "../../image/location.ts";
import { OciError } from "../../oci/errors.ts";
import { parseGateName } from "../../publish/gates.ts";
import { defaultCacheDirectory } from "../../store/cache-directory.ts";
import type { Outcome, Session } from "../command.ts";
import { DONE, exitStatusOf, FAILED } from "../exit-status.ts";
import { configuredCompression, planCompression } from "../input/compression.ts";
import { verifyBeforeOptions } from "../input/verify-before.ts";
import { showRun } from "../progress/show-run.ts";
import { plannedOutcome, runDocument, runLines } from "./chain-build-text.ts";
import { type ChainFlags, type ChosenChain, chooseChain, leftOut } from "./chain-graph.ts";

/** The flags that say where a chain's images are, and what builds them. */
export interface PlaceFlags extends ChainFlags {
  readonly builder?: readonly string[];
  /** False by `--no-push`. */
  readonly push?: boolean;
}

/** The flags of `oci-kit chain build`. */
export interface BuildFlags extends PlaceFlags {
  readonly parallel?: string;
  /** False by `--no-cache`. */
  readonly cache?: boolean;
  readonly pull?: true;
  readonly mirrors?: true;
  readonly dryRun?: true;
  readonly force?: readonly string[];
}

const MOST_AT_ONCE = 64;

/** Runs `oci-kit chain build`. */
export async function buildChain(flags: BuildFlags, session: Session): Promise<Outcome> {
  const chosen = await chooseChain(flags, session, "chain build");
  const options = runOptions(flags, chosen, session);
  const { file } = chosen.configuration;
  if (flags.dryRun === true) {
    const planned = await planRun(chosen.graph, options);
    return { status: DONE, ...plannedOutcome(planned, file), notices: leftOut(chosen) };
  }
  const verify = await verifyBeforeOptions(chosen.configuration, session);
  const run = await runChain(chosen.graph, { ...options, verify });
  const { signal } = session.context;
  const status =
    run.result === "stopped"
      ? exitStatusOf(
          signal.reason instanceof OciError
            ? signal.reason
            : new OciError("aborted", "chain build: stopped, as was asked"),
        )
      : run.result === "done"
        ? DONE
        : FAILED;
  const notices =
    run.result === "stopped"
      ? ["stopped, as was asked: all builds were ended; the same command goes on from here"]
      : leftOut(chosen);
  return {
    status,
    document: { ...runDocument(run), state: options.state, configuration: file },
    lines: runLines(run),
    notices,
  };
}

function runOptions(flags: BuildFlags, chosen: ChosenChain, session: Session): RunOptions {
  const { configuration, graph } = chosen;
  const place = planOptions(flags, chosen, session);
  const declaration = configurationToChain(configuration);
  const { from, to, only, architectures } = chosen.selection;
  checkVariantRun(declaration, graph, {
    from,
    to: only ? undefined : to,
    architectures,
    push: place.push,
  });
  return {
    ...place,
    selection: selectionOf(chosen, changedStages(graph, declaration)),
    parallel: parallelOf(flags.parallel),
    mirrors: flags.mirrors === true,
    noCache: flags.cache === false,
    pull: flags.pull === true,
    force: flags.force?.map(parseGateName),
    onProgress: showRun(session),
  };
}

/** Where images are and what builds them, for what builds and for what only looks. */
export function placeOptions(
  flags: PlaceFlags,
  { configuration, graph }: ChosenChain,
  { context }: Session,
): ChainPlaceOptions {
  const { env, signal, registry, limits } = context;
  return {
    directory: configuration.directory,
    layouts: chainLayouts(configuration),
    state: chainDirectory(configuration, graph.variant),
    cache: defaultCacheDirectory(env),
    keys: provenanceKeys(configuration.document.provenance?.keys),
    push: flags.push ?? graph.repository !== undefined,
    builders: parseBuilderChoice(flags.builder ?? []),
    ...{ env, signal, registry, limits },
  };
}

/** The same for what also looks at units that are assembled. */
export function planOptions(
  flags: PlaceFlags,
  chosen: ChosenChain,
  session: Session,
): ChainPlaceOptions & RecipeOptions {
  const { configuration, graph } = chosen;
  const target: Location =
    graph.repository === undefined
      ? { kind: "oci", directory: outputRoot(configuration) }
      : parseLocation(graph.repository);
  return {
    ...placeOptions(flags, chosen, session),
    recipe: (architecture) => configurationToRecipe(configuration, architecture),
    compression: planCompression(configuredCompression(configuration), session, target).wish,
  };
}

/** Of a variant, only what it changes: the rest is what all variants share. */
function selectionOf({ graph, selection }: ChosenChain, changed: readonly string[]): UnitSelection {
  if (graph.variant === undefined || selection.only !== undefined) return selection;
  const optional = new Set(graph.stages.flatMap(({ name, optional: is }) => (is ? name : [])));
  return { ...selection, only: changed.filter((name) => !optional.has(name)) };
}

function parallelOf(text: string | undefined): number {
  if (text === undefined) return availableParallelism();
  const number = Number(text);
  if (Number.isInteger(number) && number >= 1 && number <= MOST_AT_ONCE) return number;
  throw new OciError(
    "invalid-argument",
    `--parallel: expected a number from 1 to ${MOST_AT_ONCE}, got ${JSON.stringify(text)}`,
  );
}
