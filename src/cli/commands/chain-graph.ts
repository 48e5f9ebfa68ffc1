// SPDX-License-Identifier: MIT
import { buildHostOf } from "../../chain/graph/build-host.ts";
import { makeGraph } from "../../chain/graph/make-graph.ts";
import { indexesLeftOut, selectUnits, type UnitSelection } from "../../chain/graph/select-units.ts";
import type { StageGraph } from "../../chain/graph/stage-graph.ts";
import type { ChainImage } from "../../chain/images/chain-image.ts";
import { provenanceKeys } from "../../chain/images/provenance-keys.ts";
import { type ChainReading, readChain } from "../../chain/verify-chain.ts";
import type { Configuration } from "../../config/configuration.ts";
import { chainLayouts } from "../../config/output-directory.ts";
import { configurationToChain } from "../../config/stages/configuration-to-chain.ts";
import type { CommonFlags, Session } from "../command.ts";
import { findConfigured, noConfiguration, variablesOf } from "../input/configured.ts";

/** The flags that say which chain is meant, and which part of it. */
export interface ChainFlags extends CommonFlags {
  readonly arch?: string;
  readonly from?: string;
  readonly to?: string;
  readonly only?: readonly string[];
  readonly variant?: string;
  readonly buildPlatform?: string;
  readonly set?: readonly string[];
}

/** The chain that is meant. */
export interface ChosenChain {
  readonly configuration: Configuration;
  readonly graph: StageGraph;
  readonly selection: UnitSelection;
}

/** Loads the configuration and makes the graph that the flags choose. @throws OciError */
export async function chooseChain(
  flags: ChainFlags,
  { context }: Session,
  command: string,
): Promise<ChosenChain> {
  const configuration = await findConfigured(context, { variables: variablesOf(flags.set ?? []) });
  if (configuration === undefined) {
    throw noConfiguration(command, "The stages of a chain are declared there: see docs/chain.md.");
  }
  const declaration = configurationToChain(configuration);
  const buildPlatform = flags.buildPlatform ?? buildHostOf(declaration);
  const graph = makeGraph(declaration, { buildPlatform, variant: flags.variant });
  const { from, to, only } = flags;
  const selection = { from, to, only, architectures: flags.arch?.split(",") };
  return { configuration, graph, selection };
}

/** What is not looked at or made although nobody said so. */
export function leftOut({ graph, selection }: ChosenChain): readonly string[] {
  const all = graph.architectures.join(", ");
  return indexesLeftOut(graph, selection).map(
    ({ stage }) => `${stage} is left out: it is made of ${all}, and --arch names not all of them`,
  );
}

/** What a reading may be told. */
export interface ReadingFlags {
  /** Milliseconds. */
  readonly patience?: number | undefined;
  /** False by `--no-push`: images are in layouts. */
  readonly push?: boolean | undefined;
}

/** Asks the registry, and looks at the layouts. */
export function readChosen(
  { configuration, graph, selection }: ChosenChain,
  { context }: Session,
  { patience, push }: ReadingFlags = {},
): Promise<ChainReading> {
  const { signal, registry, limits } = context;
  const keys = provenanceKeys(configuration.document.provenance?.keys);
  const { directory } = configuration;
  const places = { directory, layouts: chainLayouts(configuration) };
  const options = { ...places, keys, selection, patience, push };
  return readChain(graph, { signal, registry, limits, ...options });
}

/** A reading of which nothing was asked. */
export function unasked({ graph, selection }: ChosenChain, reason: string): ChainReading {
  const units = selectUnits(graph, selection);
  const image: ChainImage = { state: "unreadable", reason, error: undefined };
  const images = new Map(units.map(({ id }) => [id, image]));
  return { source: graph.repository ?? "layouts", units, images, links: [], layouts: [] };
}
