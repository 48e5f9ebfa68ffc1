// SPDX-License-Identifier: MIT
import type { Digest } from "../../../oci/digest.ts";
import { architectureTag } from "../../../publish/tag-names.ts";
import { type StageUnit, unitOf } from "../../graph/stage-graph.ts";
import type { ChainImage } from "../../images/chain-image.ts";
import type { ChainLock } from "../../pins/chain-lock.ts";
import { resolvePin } from "../../pins/resolve-pin.ts";
import type { ChainPlace } from "../place/chain-place.ts";
import type { ChainStatus } from "../status/chain-status.ts";
import { type FoundImage, rememberedOf } from "./find-made.ts";
import { judgeAssembly, type JudgeAssemblyOptions } from "./judge-assembly.ts";
import { type BuildFlags, judgeBuild } from "./judge-build.ts";

/** What units are judged with. */
export interface Judging {
  readonly place: ChainPlace;
  readonly options: JudgeAssemblyOptions & BuildFlags;
  readonly status: ChainStatus | undefined;
  readonly lock: ChainLock | undefined;
}

/** What a run would do with one unit. */
export interface JudgedUnit {
  readonly action: "build" | "assemble" | "join" | "push" | "retag" | "keep";
  readonly reasons: readonly string[];
}

/** Stands for the digest of an image that would be made. */
const PLACEHOLDER = "sha256:dry-run-placeholder" as Digest;

/** Notes that a unit would be made anew: so would be all that hangs on it. */
export function noteAnew({ id }: StageUnit, { made }: ChainPlace): void {
  made.set(id, PLACEHOLDER);
}

/**
 * Judges what a run would do with a unit, and notes the digest that its image would have, for those that are made from
 * it: they are judged after it. What hangs on something that would be made would be made too.
 * @throws what reading its inputs throws, `not-found` for a parent that is not there
 */
export function judgeUnit(unit: StageUnit, judging: Judging): Promise<JudgedUnit> {
  const { made } = judging.place;
  const anew = unit.inputs.filter((input) => made.get(input.unit) === PLACEHOLDER);
  const because = anew.map((input) => `${input.unit} is made anew`);
  if (unit.kind === "build") return judgeBuilt(unit, because, judging);
  return unit.kind === "recipe"
    ? judgeAssembled(unit, because, judging)
    : judgeJoined(unit, because, judging);
}

async function judgeBuilt(
  unit: StageUnit,
  because: readonly string[],
  { place, options, status, lock }: Judging,
): Promise<JudgedUnit> {
  if (because.length > 0) {
    const { noCache = false, pull = false } = options;
    noteAnew(unit, place);
    const flags = [...(noCache ? ["--no-cache"] : []), ...(pull ? ["--pull"] : [])];
    return { action: "build", reasons: [...flags, ...because] };
  }
  const remembered = rememberedOf(unit, options, status, lock);
  const inputs = await place.inputs(unit);
  const { found, reasons } = await judgeBuild(unit, inputs, place, remembered, options);
  if (found === undefined) {
    noteAnew(unit, place);
    return { action: "build", reasons };
  }
  place.made.set(unit.id, found.how === "pushed" ? found.built.digest : found.digest);
  return { action: actionOf(found), reasons };
}

/** What is done with an image that was found, or with a unit that has none. */
export function actionOf(found: FoundImage | undefined): "build" | "push" | "retag" | "keep" {
  if (found === undefined) return "build";
  return ({ kept: "keep", retagged: "retag", pushed: "push" } as const)[found.how];
}

async function judgeAssembled(
  unit: StageUnit,
  because: readonly string[],
  { place, options }: Judging,
): Promise<JudgedUnit> {
  const siblings = place.graph.units.filter(({ stage }) => stage === unit.stage);
  const isAnew = siblings.some(({ inputs }) =>
    inputs.some((input) => place.made.get(input.unit) === PLACEHOLDER),
  );
  if (isAnew) {
    noteAnew(unit, place);
    const other = ["another architecture of its generation is made anew"];
    return { action: "assemble", reasons: because.length > 0 ? because : other };
  }
  const judged = await judgeAssembly(unit, place, options);
  if (judged.how === "assembled") noteAnew(unit, place);
  else place.made.set(unit.id, judged.digest);
  const action = ({ kept: "keep", pushed: "push", assembled: "assemble" } as const)[judged.how];
  return { action, reasons: [judged.reason] };
}

async function judgeJoined(
  unit: StageUnit,
  because: readonly string[],
  { place }: Judging,
): Promise<JudgedUnit> {
  if (because.length > 0) return { action: "join", reasons: because };
  const members = await Promise.all(
    unit.inputs.map(async ({ unit: id }) => {
      const member = unitOf(place.graph, id);
      const digest = place.made.get(id) ?? (await resolvePin(member, place.images)).digest;
      return { member, digest };
    }),
  );
  const now = await place.images.image(unit);
  if (now.state === "absent") return { action: "join", reasons: [`${unit.tag} is not there`] };
  if (!holds(now, members)) {
    return { action: "join", reasons: ["it does not hold these images"] };
  }
  const other = await findOtherTag(unit, now.digest, members, place);
  if (other === undefined) return { action: "keep", reasons: ["it holds these images"] };
  return { action: "join", reasons: [`${other} is not there, or names another image`] };
}

interface Member {
  readonly member: StageUnit;
  readonly digest: Digest;
}

type Present = Extract<ChainImage, { readonly state: "present" }>;

function holds(now: ChainImage, members: readonly Member[]): now is Present {
  if (now.state !== "present" || now.images.length !== members.length) return false;
  const held = new Set(now.images.map(({ digest }) => digest));
  return members.every(({ digest }) => held.has(digest));
}

/** Finds a tag that an index sets besides its own, and that is not as it would set it. */
async function findOtherTag(
  unit: StageUnit,
  index: Digest,
  members: readonly Member[],
  { images }: ChainPlace,
): Promise<string | undefined> {
  if (images.kind === "layout") return undefined;
  const wanted = [
    ...unit.aliases.map((tag) => ({ tag, digest: index })),
    ...members
      .map(({ member, digest }) => ({
        ...{ digest, own: member.tag, tag: architectureTag(unit.tag, member.platform) },
      }))
      // its own tag was looked at with the image itself
      .filter(({ tag, own }) => tag !== own),
  ];
  const found = await Promise.all(
    wanted.map(async ({ tag, digest }) => {
      const image = await images.image({ ...unit, id: `${unit.id}:${tag}`, tag });
      return image.state === "present" && image.digest === digest ? undefined : tag;
    }),
  );
  return found.find((tag) => tag !== undefined);
}
