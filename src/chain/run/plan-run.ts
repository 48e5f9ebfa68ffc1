// SPDX-License-Identifier: MIT
import type { Digest } from "../../oci/digest.ts";
import { planBuild } from "../buildkit/run/build.ts";
import type { ShellCommand } from "../buildkit/process/shell-command.ts";
import type { ContextSize } from "../context/walk/context-size.ts";
import { selectUnits } from "../graph/select-units.ts";
import { type StageGraph, type StageUnit, unitOf } from "../graph/stage-graph.ts";
import type { ChainLock } from "../pins/chain-lock.ts";
import { lockPath, readLock } from "../pins/lock-file.ts";
import { resolvePin } from "../pins/resolve-pin.ts";
import { type ChainPlace, openChainPlace } from "./place/chain-place.ts";
import type { RunOptions } from "./place/run-options.ts";
import type { ChainStatus } from "./status/chain-status.ts";
import { readStatus } from "./status/status-file.ts";
import { recordsOf } from "./units/build-unit.ts";
import { assemblyReasons } from "./units/explain-assembly.ts";
import { buildReasons, compareInputs } from "./units/explain-unit.ts";
import { builtLayout, findMade, rememberedOf } from "./units/find-made.ts";
import { unitRequest } from "./units/unit-request.ts";

/** What a run would do with one unit. */
export interface PlannedWork {
  readonly unit: StageUnit;
  readonly action: "build" | "assemble" | "join" | "push" | "retag" | "keep";
  readonly reasons: readonly string[];
  /** Of a build: what would be typed, but for temporary names. */
  readonly command?: ShellCommand | undefined;
  /** Of a build: what BuildKit would be sent. */
  readonly context?: ContextSize | undefined;
}

/** Stands for the digest of an image that would be made. */
const PLACEHOLDER = "sha256:dry-run-placeholder" as Digest;

/**
 * Says what `runChain` would do, and writes nothing but caches. What hangs on something that would be made would be made
 * too.
 * @throws as `runChain`, and what looking at a unit throws
 */
export async function planRun(
  graph: StageGraph,
  options: RunOptions,
): Promise<readonly PlannedWork[]> {
  const units = selectUnits(graph, options.selection);
  const place = await openChainPlace(graph, options);
  try {
    const status = readStatus(options.state);
    const lock = await readLock(lockPath(options.directory, graph.variant));
    const planned: PlannedWork[] = [];
    for (const unit of units) {
      planned.push(await planUnit(unit, { place, options, status, lock }));
    }
    return planned;
  } finally {
    await place.close();
  }
}

interface Planning {
  readonly place: ChainPlace;
  readonly options: RunOptions;
  readonly status: ChainStatus | undefined;
  readonly lock: ChainLock | undefined;
}

function planUnit(unit: StageUnit, planning: Planning): Promise<PlannedWork> {
  const { made } = planning.place;
  const anew = unit.inputs.filter((input) => made.get(input.unit) === PLACEHOLDER);
  const because = anew.map((input) => `${input.unit} is made anew`);
  if (unit.kind === "build") return planBuilt(unit, because, planning);
  return unit.kind === "recipe"
    ? planAssembled(unit, because, planning)
    : planJoined(unit, because, planning);
}

async function planBuilt(
  unit: StageUnit,
  because: readonly string[],
  { place, options, status, lock }: Planning,
): Promise<PlannedWork> {
  const inputs = await place.inputs(unit);
  const remembered = rememberedOf(unit, options, status, lock);
  const isBypassed = options.noCache || options.pull || because.length > 0;
  const found = isBypassed ? undefined : await findMade(unit, inputs, place, remembered);
  if (found !== undefined) {
    const digest = found.how === "pushed" ? found.built.digest : found.digest;
    place.made.set(unit.id, digest);
    const action = { kept: "keep", retagged: "retag", pushed: "push" } as const;
    return { unit, action: action[found.how], reasons: [found.why] };
  }
  place.made.set(unit.id, PLACEHOLDER);
  const image = await place.images.image(unit);
  const change = await compareInputs(unit, inputs, image, remembered.status?.inputs, place);
  const flags = [...(options.noCache ? ["--no-cache"] : []), ...(options.pull ? ["--pull"] : [])];
  const reasons =
    because.length > 0 ? [...flags, ...because] : buildReasons(unit, image, change, flags);
  return {
    unit,
    action: "build",
    reasons,
    command: await commandOf(unit, place, options),
    context: inputs.context.size,
  };
}

async function commandOf(
  unit: StageUnit,
  place: ChainPlace,
  options: RunOptions,
): Promise<ShellCommand> {
  const inputs = await place.inputs(unit);
  const records = await recordsOf(unit, inputs, "dry-run", place, options.keys);
  const output = builtLayout(options.state, unit);
  const request = unitRequest(unit, inputs, { ...options, output, records });
  const { contexts } = place;
  return planBuild(await place.builders.find(unit), request, { stage: unit.id, contexts });
}

async function planAssembled(
  unit: StageUnit,
  because: readonly string[],
  { place, options }: Planning,
): Promise<PlannedWork> {
  const reasons = because.length > 0 ? because : await reasonsOf(unit, place, options);
  const now = await place.images.image(unit);
  const isKept = reasons.length === 0 && now.state === "present";
  place.made.set(unit.id, isKept ? now.digest : PLACEHOLDER);
  if (isKept) return { unit, action: "keep", reasons: ["its recipe and inputs are the same"] };
  return { unit, action: "assemble", reasons };
}

function reasonsOf(
  unit: StageUnit,
  place: ChainPlace,
  options: RunOptions,
): Promise<readonly string[]> {
  const siblings = place.graph.units.filter(({ stage }) => stage === unit.stage);
  const isKnown = siblings.every(({ inputs }) =>
    inputs.every((input) => place.made.get(input.unit) !== PLACEHOLDER),
  );
  return isKnown
    ? assemblyReasons(unit, place, options)
    : Promise.resolve(["another architecture of its generation is made anew"]);
}

async function planJoined(
  unit: StageUnit,
  because: readonly string[],
  { place }: Planning,
): Promise<PlannedWork> {
  const now = await place.images.image(unit);
  const held = now.state === "present" ? now.images.map(({ digest }) => digest) : [];
  const members = await Promise.all(
    unit.inputs.map(
      async ({ unit: id }) =>
        place.made.get(id) ?? (await resolvePin(unitOf(place.graph, id), place.images)).digest,
    ),
  );
  const isSame = members.every((digest) => held.includes(digest));
  const isKept = because.length === 0 && isSame && held.length === members.length;
  if (isKept) return { unit, action: "keep", reasons: ["it holds these images"] };
  return {
    unit,
    action: "join",
    reasons: because.length > 0 ? because : ["it does not hold these images"],
  };
}
