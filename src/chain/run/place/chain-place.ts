// SPDX-License-Identifier: MIT
import { join } from "node:path";
import { digestBytes } from "../../../bytes/hash.ts";
import type { Digest } from "../../../oci/digest.ts";
import { isOciError, OciError } from "../../../oci/errors.ts";
import { digestOfRecord } from "../../context/key/input-record.ts";
import { openKeptLists, type KeptLists } from "../../context/content/kept-lists.ts";
import { type StageGraph, type StageUnit, unitOf } from "../../graph/stage-graph.ts";
import type { ChainImage } from "../../images/chain-image.ts";
import { resolvePin } from "../../pins/resolve-pin.ts";
import { type Builders, openBuilders } from "./builders.ts";
import { openRunLayouts } from "../images/layout-images.ts";
import { openRegistryImages } from "../images/registry-images.ts";
import type { RunImages } from "../images/run-images.ts";
import { type KeptRecords, openKeptRecords } from "../inputs/kept-records.ts";
import { openOutsideImages } from "../inputs/outside-images.ts";
import { type InputReader, openInputReader, type UnitInputs } from "../inputs/unit-inputs.ts";
import type { ChainPlaceOptions } from "./run-options.ts";

/** Everything that units of one chain are looked at and made with. */
export interface ChainPlace {
  readonly graph: StageGraph;
  readonly images: RunImages;
  readonly builders: Builders;
  readonly reader: InputReader;
  readonly records: KeptRecords;
  readonly lists: KeptLists;
  /** Where contexts that live for one stage are. */
  readonly contexts: string;
  /** The digest of a unit that this run has made, or would make. Set before what is made from it is looked at. */
  readonly made: Map<string, Digest>;
  /** What a unit is made from, by the name of the input. @throws OciError as `resolvePin` */
  pins(unit: StageUnit): Promise<Readonly<Record<string, Digest>>>;
  /** What a build of the unit is made of, with those pins. Read once. */
  inputs(unit: StageUnit): Promise<UnitInputs>;
  /**
   * The run id that all images of one index have to share, if BuildKit makes them: a digest of what all of them are
   * made of, so that a run that has only some to build arrives at the same. Undefined for other units.
   */
  generation(unit: StageUnit): Promise<string | undefined>;
  close(): Promise<void>;
}

const RUN_ID_LENGTH = 32;

/**
 * Opens the place of a chain. The caller closes it.
 * @param known images that were read already, by the id of their unit: they are not asked for again
 * @throws OciError `missing-input` for a push without a repository
 */
export async function openChainPlace(
  graph: StageGraph,
  options: ChainPlaceOptions,
  known: ReadonlyMap<string, ChainImage> = new Map(),
): Promise<ChainPlace> {
  const opened = await openImages(graph, options);
  const images: RunImages = {
    ...opened,
    image: async (unit) => known.get(unit.id) ?? opened.image(unit),
  };
  const contexts = join(options.cache, "contexts");
  const builders = openBuilders(graph, { ...options, contexts });
  const reader = openInputReader({
    ...options,
    outside: openOutsideImages(options.directory, options),
  });
  const there = [...known].flatMap(([id, image]) =>
    image.state === "present" ? [[id, image.digest] as const] : [],
  );
  const made = new Map<string, Digest>(there);
  const read = new Map<string, Promise<UnitInputs>>();
  const pins = async (unit: StageUnit): Promise<Readonly<Record<string, Digest>>> => {
    const found = await Promise.all(
      unit.inputs.map(async ({ name, unit: id }) => {
        const digest = made.get(id) ?? (await resolvePin(unitOf(graph, id), images)).digest;
        return [name, digest] as const;
      }),
    );
    return Object.fromEntries(found);
  };
  const readInputs = async (unit: StageUnit): Promise<UnitInputs> => {
    const digests = await pins(unit);
    const pinned = unit.inputs.map(({ name, unit: id }) => {
      const digest = digests[name]!;
      return [name, { digest, context: images.context(unitOf(graph, id), digest) }] as const;
    });
    return reader.read(unit, await builders.find(unit), Object.fromEntries(pinned));
  };
  const inputs = (unit: StageUnit): Promise<UnitInputs> => {
    const reading = read.get(unit.id) ?? readInputs(unit);
    read.set(unit.id, reading);
    return reading;
  };
  return {
    graph,
    images,
    builders,
    reader,
    records: openKeptRecords(options.cache),
    lists: openKeptLists(join(options.cache, "context-lists")),
    contexts,
    made,
    pins,
    inputs,
    generation: async (unit) =>
      isMember(graph, unit) ? generationOf(graph, unit.stage, inputs) : undefined,
    close: () => images.close(),
  };
}

function openImages(graph: StageGraph, options: ChainPlaceOptions): Promise<RunImages> {
  const { directory, push } = options;
  if (!push) return Promise.resolve(openRunLayouts(options, options));
  if (graph.repository !== undefined) {
    return openRegistryImages(graph.repository, directory, options);
  }
  throw new OciError("missing-input", "--push: expected a repository (image:), got none", {
    hint: "Without a repository, images are kept in layouts.",
  });
}

/** Whether BuildKit makes the unit, and an index holds it. */
export function isMember({ units }: StageGraph, { id, kind }: StageUnit): boolean {
  const isIn = ({ unit }: { readonly unit: string }): boolean => unit === id;
  return kind === "build" && units.some((one) => one.kind === "index" && one.inputs.some(isIn));
}

async function generationOf(
  { units }: StageGraph,
  stage: string,
  inputs: (unit: StageUnit) => Promise<UnitInputs>,
): Promise<string> {
  const parts = await Promise.all(
    units
      .filter((unit) => unit.stage === stage)
      .map(async (unit) => [unit.id, await recordOf(unit, inputs)]),
  );
  const bytes = new TextEncoder().encode(JSON.stringify(parts));
  return digestBytes(bytes).slice("sha256:".length, "sha256:".length + RUN_ID_LENGTH);
}

/** A unit whose parents are not there is no part of the generation yet. */
async function recordOf(
  unit: StageUnit,
  inputs: (unit: StageUnit) => Promise<UnitInputs>,
): Promise<string> {
  try {
    return digestOfRecord((await inputs(unit)).record);
  } catch (error) {
    if (isOciError(error, "not-found")) return "absent";
    throw error;
  }
}
