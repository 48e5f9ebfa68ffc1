// SPDX-License-Identifier: MIT
import { AnnotationKey } from "../../../oci/annotations.ts";
import { removeTree } from "../../../files/remove-tree.ts";
import { openLayout } from "../../../store/layout/layout.ts";
import { onlyRoot } from "../../../image/only-root.ts";
import type { Descriptor } from "../../../oci/documents/descriptor.ts";
import type { Builder } from "../../buildkit/builders/builder.ts";
import { checkFreeDisk } from "../../buildkit/places/free-disk.ts";
import { recallSize, rememberSize } from "../../buildkit/places/stage-sizes.ts";
import type { BuildRequest } from "../../buildkit/request/build-request.ts";
import { BuildError } from "../../buildkit/run/build-error.ts";
import { build, type BuildOutcome } from "../../buildkit/run/build.ts";
import { digestOfRecord } from "../../context/key/input-record.ts";
import { type StageUnit, unitOf } from "../../graph/stage-graph.ts";
import { pinOf, provenanceOf } from "../../pins/resolve-pin.ts";
import type { ChainPlace } from "../place/chain-place.ts";
import { keepLayout } from "../images/keep-layout.ts";
import type { UnitInputs } from "../inputs/unit-inputs.ts";
import type { MadeUnit } from "../place/unit-end.ts";
import { builtLayout, rememberedOf } from "./find-made.ts";
import { judgeBuild } from "./judge-build.ts";
import { unitRequest } from "./unit-request.ts";
import type { UnitWork } from "./unit-work.ts";

/**
 * Makes a unit that BuildKit builds, unless an image of its very inputs is there. What it is built FROM are digests.
 * What was built stays in the state directory until it is where it belongs, so that a push that failed is only pushed
 * again.
 * @throws BuildError, CopyError, OciError
 */
export async function buildUnit(unit: StageUnit, work: UnitWork): Promise<MadeUnit> {
  const { place, options } = work;
  const inputs = await place.inputs(unit);
  const pins = await place.pins(unit);
  const record = digestOfRecord(inputs.record);
  const facts = { pins, record, isCovered: inputs.key.kind === "covered" };
  const remembered = rememberedOf(unit, options, work.before, work.lock);
  const { found, reasons } = await judgeBuild(unit, inputs, place, remembered, options);
  if (found?.how === "pushed") {
    await publish(unit, found.built, work);
    return { ...facts, word: "pushed", digest: found.built.digest, reasons };
  }
  if (found !== undefined) {
    if (found.how === "retagged") await place.images.retag(unit, found.digest);
    return { ...facts, word: found.how, digest: found.digest, reasons };
  }
  const { descriptor, log } = await buildAnew(unit, inputs, work);
  const { digest } = descriptor;
  const started = work.status.unit(unit.id)?.started;
  work.status.set(unit.id, { status: "running", digest, inputs: record, log, started });
  await publish(unit, descriptor, work);
  return { ...facts, word: "built", digest, reasons, log };
}

async function publish(unit: StageUnit, descriptor: Descriptor, work: UnitWork): Promise<void> {
  const { signal, state } = work.options;
  const directory = builtLayout(state, unit);
  await work.place.images.publish(
    unit,
    { directory, descriptor },
    {
      signal,
      onProgress: (event) => work.tell({ kind: "pushing", unit: unit.id, event }),
    },
  );
}

/** What an image records of where it came from. Every input is named, as `chain verify` asks for it. */
export async function recordsOf(
  unit: StageUnit,
  inputs: UnitInputs,
  runId: string,
  place: ChainPlace,
  keys: UnitWork["options"]["keys"],
): Promise<Readonly<Record<string, string>>> {
  const pins = await place.pins(unit);
  const parent = unit.inputs.find(({ name }) => name === "parent");
  const parentUnit = parent && unitOf(place.graph, parent.unit);
  const pinned = parentUnit && {
    pin: pinOf(parentUnit, pins["parent"]!, place.images),
    stage: parentUnit.stage,
  };
  const others = unit.inputs.filter(({ name }) => name !== "parent");
  return {
    ...provenanceOf(pinned, runId, keys),
    ...Object.fromEntries(others.map(({ name }) => [AnnotationKey.input + name, pins[name]!])),
    // said in any case: a label is inherited from the parent where it is not set
    [AnnotationKey.stageInputs]: inputs.key.kind === "covered" ? inputs.key.digest : "uncovered",
  };
}

type Built = Pick<BuildOutcome, "descriptor" | "log">;

async function buildAnew(unit: StageUnit, inputs: UnitInputs, work: UnitWork): Promise<Built> {
  const { options, place, tell } = work;
  const { id } = unit;
  const { context, record } = inputs;
  tell({ kind: "context", unit: id, size: context.size });
  for (const { message } of context.warnings) tell({ kind: "warning", unit: id, message });
  const uncapped = uncappedBy(await place.builders.find(unit), unit);
  if (uncapped !== undefined) tell({ kind: "warning", unit: id, message: uncapped });
  await place.builders.prove(unit);
  const size = `${options.directory}:${id}`;
  const tookBefore = recallSize(options.cache, size);
  checkFreeDisk([options.state], { stage: id, tookBefore });
  const output = builtLayout(options.state, unit);
  const fresh = `${output}.unchecked`;
  await removeTree(output);
  await removeTree(fresh);
  const runId = (await place.generation(unit)) ?? work.status.runId;
  const records = await recordsOf(unit, inputs, runId, place, options.keys);
  const request = unitRequest(unit, inputs, { ...options, output: fresh, records });
  try {
    const outcome = await buildOrAgain(unit, request, work);
    // A file that changes while the builder is sent it would be in an image that says it has the old one.
    await place.reader.checkUnchanged(unit, inputs);
    await place.records.keep(record);
    await rememberSize(options.cache, size, outcome.bytes);
    await keepLayout(fresh, output);
    for (const message of outcome.remarks) tell({ kind: "warning", unit: id, message });
    return { descriptor: await onlyRoot(await openLayout(output)), log: outcome.log };
  } finally {
    await removeTree(fresh);
  }
}

/** What to say where the configuration caps what the builder can't cap. Where it names a cgroup, that caps. */
function uncappedBy({ caps, identity }: Builder, { build: asked }: StageUnit): string | undefined {
  const isAsked = asked?.memory !== undefined || asked?.cpus !== undefined;
  if (!isAsked || caps || asked.cgroupParent !== undefined) return undefined;
  return (
    `memory and cpus do not count with ${identity}: they need BuildKit 0.31, driven by buildctl or by a buildx with ` +
    "--resource. Else name a capped cgroup as cgroupParent, or cap the builder itself"
  );
}

/** Builds, and once more by itself if what failed may pass: what was built so far is in the builder's cache. */
async function buildOrAgain(
  unit: StageUnit,
  request: BuildRequest,
  { options, place, logs, tell }: UnitWork,
): Promise<BuildOutcome> {
  const builder = await place.builders.find(unit);
  const { id } = unit;
  const { signal } = options;
  const how = {
    stage: id,
    contexts: place.contexts,
    logs,
    signal,
    onProgress: (event) => tell({ kind: "building", unit: id, event }),
  } satisfies Parameters<typeof build>[2];
  try {
    return await build(builder, request, how);
  } catch (error) {
    if (!(error instanceof BuildError) || !error.transient) throw error;
    tell({ kind: "warning", unit: id, message: `it is tried once more: ${error.message}` });
    return build(builder, request, how);
  }
}
