// SPDX-License-Identifier: MIT
import { join } from "node:path";
import type { Digest } from "../../../oci/digest.ts";
import { AnnotationKey } from "../../../oci/annotations.ts";
import type { Descriptor } from "../../../oci/documents/descriptor.ts";
import { isOciError } from "../../../oci/errors.ts";
import { onlyRoot } from "../../../image/only-root.ts";
import { openLayout } from "../../../store/layout/layout.ts";
import type { Recorded } from "../../../publish/records/provenance.ts";
import type { StageUnit } from "../../graph/stage-graph.ts";
import { type ChainImage, readChainImage } from "../../images/chain-image.ts";
import { digestIn, readRecord } from "../../images/read-record.ts";
import { digestOfRecord } from "../../context/key/input-record.ts";
import type { ChainLock } from "../../pins/chain-lock.ts";
import type { ChainPlace } from "../place/chain-place.ts";
import type { ChainPlaceOptions } from "../place/run-options.ts";
import type { UnitInputs } from "../inputs/unit-inputs.ts";
import type { ChainStatus, UnitStatus } from "../status/chain-status.ts";

/** What is remembered of a unit, besides what its own image records. */
export interface Remembered {
  readonly state: string;
  readonly runIdKey: string;
  readonly status: UnitStatus | undefined;
  readonly lock: ChainLock | undefined;
  /** The run that goes on here, if this one does: what it has built counts, also where a key can't stand for it. */
  readonly resumed: string | undefined;
}

/** What is remembered of a unit by the last run here, and by the lock. */
export function rememberedOf(
  { id }: StageUnit,
  { state, keys }: Pick<ChainPlaceOptions, "state" | "keys">,
  status: ChainStatus | undefined,
  lock: ChainLock | undefined,
): Remembered {
  const resumed = status !== undefined && status.result !== "done" ? status.runId : undefined;
  return { state, runIdKey: keys.runId, status: status?.units[id], lock, resumed };
}

/** An image of the very inputs that a unit has now. */
export type FoundImage =
  | { readonly how: "kept" | "retagged"; readonly digest: Digest; readonly why: string }
  | { readonly how: "pushed"; readonly built: Descriptor; readonly why: string };

/** The directory of what was built and is not where it belongs yet. */
export function builtLayout(state: string, { id }: StageUnit): string {
  return join(state, "built", id);
}

/**
 * Finds an image that was made of the inputs that a unit has now: under its tag, among what was built and not pushed, or
 * by the digests that the lock and the status remember. What it is made of is read from the image itself.
 */
export async function findMade(
  unit: StageUnit,
  inputs: UnitInputs,
  place: ChainPlace,
  remembered: Remembered,
): Promise<FoundImage | undefined> {
  const wanted = await wantedOf(unit, inputs, place, remembered);
  const now = await place.images.image(unit);
  const read = (image: PresentOf) => (key: string) => place.images.record(unit, image, key);
  if (now.state === "present" && (await wanted.test(now.digest, read(now)))) {
    return { how: "kept", digest: now.digest, why: wanted.why };
  }
  const built = await findBuilt(unit, wanted, remembered);
  if (built !== undefined) return { how: "pushed", built, why: wanted.why };
  for (const digest of digestsOf(unit, inputs, remembered)) {
    const image = await place.images.byDigest(unit, digest);
    if (image.state === "present" && (await wanted.test(digest, read(image)))) {
      return { how: "retagged", digest, why: wanted.why };
    }
  }
  return undefined;
}

type PresentOf = Extract<ChainImage, { state: "present" }>;

interface Wanted {
  /** Whether an image is of the inputs that are wanted. */
  test(digest: Digest, record: (key: string) => Promise<Recorded>): Promise<boolean>;
  readonly why: string;
}

async function wantedOf(
  unit: StageUnit,
  { key, record }: UnitInputs,
  place: ChainPlace,
  { status, resumed, runIdKey }: Remembered,
): Promise<Wanted> {
  const generation = await place.generation(unit);
  if (key.kind === "uncovered") {
    const isOfRun = status !== undefined && status.runId === resumed;
    const isSame = isOfRun && status.inputs === digestOfRecord(record);
    return {
      why: "this run built it before it was interrupted",
      test: (digest) => Promise.resolve(isSame && digest === status.digest),
    };
  }
  return {
    why: "nothing that it is made of has changed",
    async test(_, read) {
      const found = digestIn(await read(AnnotationKey.stageInputs));
      if (found.state !== "recorded" || found.digest !== key.digest) return false;
      if (generation === undefined) return true;
      const runId = await read(runIdKey);
      return runId.state === "recorded" && runId.value === generation;
    },
  };
}

/** An earlier run may have built it, and failed to push it or was killed. */
async function findBuilt(
  unit: StageUnit,
  wanted: Wanted,
  { state }: Remembered,
): Promise<Descriptor | undefined> {
  try {
    const store = await openLayout(builtLayout(state, unit));
    const root = await onlyRoot(store);
    const image = await readChainImage(store, root, unit.platform);
    const isWanted = await wanted.test(root.digest, (key) => readRecord(store, image, key));
    return isWanted ? root : undefined;
  } catch (error) {
    // There is none, or none that can be used: then it is built.
    if (isOciError(error)) return undefined;
    throw error;
  }
}

function digestsOf(
  { id }: StageUnit,
  { record }: UnitInputs,
  { status, lock }: Remembered,
): readonly Digest[] {
  const key = digestOfRecord(record);
  const locked = lock?.units[id];
  const found = [
    ...(locked?.inputKey === key ? [locked.digest] : []),
    ...(status?.made !== undefined && Object.hasOwn(status.made, key) ? [status.made[key]!] : []),
  ];
  return [...new Set(found)];
}
